#include <sstream>

#include <boost/json.hpp>
#include <doctest/doctest.h>

#include "client-core/cli/job_progress.h"
#include "client-core/cli/progress_bar.h"
#include "client-core/cli/server_sent_events.h"

using namespace gleaner;
using namespace gleaner::cli;

namespace {

JobSnapshot at(std::int64_t completed, std::int64_t failed = 0,
               const std::string& status = "in_progress") {
    return {"batch_1", status, 1000, completed, failed};
}

constexpr Time second(std::int64_t s) {
    return {s * 1'000'000};
}

}  // namespace

TEST_CASE("a bar shows the share done, and a full one has no arrow") {
    CHECK(bar_text("x", 1, 2, "") == "x [===============>              ]  50 %");
    CHECK(bar_text("x", 2, 2, "done") == "x [==============================] 100 %  done");
    CHECK(bar_text("x", 9, 2, "").find("100 %") != std::string::npos);
    CHECK(bar_text("x", 0, 0, "").find("100 %") != std::string::npos);
}

TEST_CASE("an upload's bar is silent without a terminal and redraws at most ten times a second") {
    ManualClock clock;
    std::ostringstream err;
    { ProgressBar(err, false, clock, "sending").update(1, 2); }
    CHECK(err.str().empty());
    {
        ProgressBar bar(err, true, clock, "sending");
        for (int i = 0; i < 100; ++i) {
            clock.advance(10ms);
            bar.update(static_cast<std::uint64_t>(i), 1000);
        }
    }
    const std::string text = err.str();
    const auto draws = std::count(text.begin(), text.end(), '\r');
    CHECK(draws >= 9);
    CHECK(draws <= 11);
    CHECK(text.back() == '\n');
}

TEST_CASE("durations are short and readable") {
    CHECK(duration_for_people(59s) == "59 s");
    CHECK(duration_for_people(125s) == "2 min 05 s");
    CHECK(duration_for_people(std::chrono::seconds(4800)) == "1 h 20 min");
    CHECK(duration_for_people(-5s) == "0 s");
}

TEST_CASE("a job's speed counts from when it began to move") {
    JobProgress progress;
    progress.see(at(0), second(0));
    progress.see(at(0), second(100));
    CHECK(progress.items_per_s() == doctest::Approx(0));
    progress.see(at(50), second(101));
    progress.see(at(100), second(102));
    CHECK(progress.items_per_s() == doctest::Approx(50));
    CHECK(progress.line() == "in_progress 100/1000 items, 50.0/s, 18 s left");
}

TEST_CASE("failed items count as settled and are named") {
    JobProgress progress;
    progress.see(at(500), second(0));
    progress.see(at(600, 10), second(1));
    CHECK(progress.line() == "in_progress 610/1000 items, 10 failed, 110.0/s, 4 s left");
}

TEST_CASE("an ended job says no time left, and the four last states are ends") {
    JobProgress progress;
    progress.see(at(0), second(0));
    progress.see(at(1000, 0, "completed"), second(10));
    CHECK(progress.line() == "completed 1000/1000 items");
    for (const char* status : {"completed", "failed", "expired", "cancelled"}) {
        CHECK(at(0, 0, status).ended());
    }
    for (const char* status : {"validating", "in_progress", "finalizing", "cancelling"}) {
        CHECK(!at(0, 0, status).ended());
    }
}

TEST_CASE("a job that is still read is not shown as done") {
    JobProgress progress;
    progress.see({"batch_1", "validating", 0, 0, 0}, second(0));
    CHECK(progress.bar().find("  0 %") != std::string::npos);
}

TEST_CASE("a snapshot is taken from a batch object, and from a poor one") {
    const auto batch = boost::json::parse(
        R"({"id":"b","status":"in_progress",
            "request_counts":{"total":3,"completed":2,"failed":1}})");
    CHECK(snapshot_of(batch) == JobSnapshot{"b", "in_progress", 3, 2, 1});
    CHECK(snapshot_of(boost::json::parse("{}")) == JobSnapshot{});
    CHECK(snapshot_of(boost::json::parse("[]")) == JobSnapshot{});
}

TEST_CASE("events are found however the bytes are cut") {
    const std::string stream =
        ": comment\r\n\r\ndata: {\"a\":1}\n\nevent: x\ndata:one\ndata: two\n\ndata: "
        "[DONE]\n\ndata: cut";
    for (std::size_t piece = 1; piece < stream.size(); ++piece) {
        ServerSentEvents events;
        std::vector<std::string> seen;
        for (std::size_t i = 0; i < stream.size(); i += piece) {
            events.feed(std::string_view(stream).substr(i, piece),
                        [&](std::string_view data) { seen.emplace_back(data); });
        }
        CHECK(seen == std::vector<std::string>{"{\"a\":1}", "one\ntwo", "[DONE]"});
    }
}
