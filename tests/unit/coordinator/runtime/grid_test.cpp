/// Jobs, streams and the store's trouble, as the grid lives through them.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/post.hpp>

#include "tests/unit/coordinator/runtime/grid_rig.h"

using namespace gleaner;
using namespace gleaner::runtime;
using namespace gleaner::runtime::test;

TEST_CASE("a job's lines reach the node and its answers the store and the output file") {
    Rig rig;
    const auto job = rig.admit(Rig::lines(3));
    rig.join();
    rig.grid->open_job(job);
    REQUIRE(rig.until([&] { return !rig.link.leases().empty(); }));
    std::size_t answered = 0;
    const auto ended = [&] {
        for (; answered < rig.link.leases().size(); ++answered)
            rig.answer(rig.link.leases()[answered]);
        return !rig.grid->live_counts(job.id).has_value();
    };
    CHECK(rig.link.leases().front().items(0).body().find("question 0") != std::string::npos);
    REQUIRE(rig.until(ended));
    std::ifstream output(rig.blobs.file_path(
        FileId{"file-" + job.id.get().substr(job.id.get().find('_') + 1) + "o"}));
    int lines = 0;
    for (std::string text; std::getline(output, text); ++lines)
        CHECK(text.find("\"custom_id\":\"" + std::to_string(lines) + "\"") != std::string::npos);
    CHECK(lines == 3);
    CHECK(rig.grid->unsaved() == 0);
}

TEST_CASE("why a node is paused or a model failed is told until it is over") {
    Rig rig;
    rig.join();
    CHECK(rig.grid->trouble(rig.node.id).paused_reason.empty());
    const auto say_capacity = [&](bool paused, const std::string& reason) {
        wire::ToCoordinator said;
        said.mutable_capacity()->set_paused(paused);
        said.mutable_capacity()->set_paused_reason(reason);
        rig.grid->node_said(rig.node.id, std::move(said));
    };
    const auto say_model = [&](const Sha256& model, wire::ModelState::State state) {
        wire::ToCoordinator said;
        said.mutable_model_state()->set_sha256(model.get());
        said.mutable_model_state()->set_state(state);
        said.mutable_model_state()->set_slots(1);
        if (state == wire::ModelState::FAILED)
            said.mutable_model_state()->mutable_failure()->set_message("it needs 6 GiB");
        rig.grid->node_said(rig.node.id, std::move(said));
    };
    say_capacity(true, "a game runs");
    say_model(rig.model.sha256, wire::ModelState::FAILED);
    say_model(Sha256{testing::fake_sha256(99)}, wire::ModelState::FAILED);  // never offered
    auto trouble = rig.grid->trouble(rig.node.id);
    CHECK(trouble.paused_reason == "a game runs");
    REQUIRE(trouble.failed_models.size() == 1);
    CHECK(trouble.failed_models.at(rig.model.sha256) == "it needs 6 GiB");
    CHECK(rig.grid->trouble(NodeId{"node_unknown"}).failed_models.empty());
    say_capacity(false, "");
    say_model(rig.model.sha256, wire::ModelState::READY);
    trouble = rig.grid->trouble(rig.node.id);
    CHECK(trouble.paused_reason.empty());
    CHECK(trouble.failed_models.empty());
}

TEST_CASE("an answer that could not be shown to the customer is refused and asked for again") {
    Rig rig;
    const auto job = rig.admit(Rig::lines(1));
    rig.join();
    rig.grid->open_job(job);
    REQUIRE(rig.until([&] { return !rig.link.leases().empty(); }));
    const auto lease = rig.link.leases().front();
    wire::ToCoordinator message;
    auto& result = *message.mutable_results()->add_results();
    result.set_lease_id(lease.lease_id());
    result.set_body(
        R"({"choices":[{"index":0,"message":{"content":"4"},"finish_reason":"stop"}]})");
    result.set_prompt_tokens(5);
    result.set_generated_tokens(1);
    rig.grid->node_said(rig.node.id, std::move(message));
    CHECK(rig.grid->counters().results_refused == 1);
    REQUIRE(rig.until([&] { return rig.link.leases().size() == 2; }));
    rig.answer(rig.link.leases().back());
    CHECK(rig.until([&] { return !rig.grid->live_counts(job.id).has_value(); }));
}

TEST_CASE("a kept answer that cannot be read is an error line and holds up no other") {
    Rig rig;
    const auto job = rig.admit(Rig::lines(2));
    const auto settled = rig.write([&](store::Store& s) -> Status {
        // The body is no engine's reply.
        const std::vector<store::Acceptance> one{rig.world.item(job, 0, Money{1})};
        GLEANER_TRY(s.accept(one));
        return ok();
    });
    REQUIRE_MESSAGE(settled.has_value(), settled.error().message());
    rig.join();
    rig.grid->open_job(job);
    REQUIRE(rig.until([&] { return !rig.link.leases().empty(); }));
    CHECK(rig.link.leases().front().items_size() == 1);
    rig.answer(rig.link.leases().front());
    REQUIRE(rig.until([&] { return !rig.grid->live_counts(job.id).has_value(); }));
    const auto file = [&](const std::string& kind) {
        const auto& id = job.id.get();
        std::ifstream stream(
            rig.blobs.file_path(FileId{"file-" + id.substr(id.find('_') + 1) + kind}));
        return std::string(std::istreambuf_iterator<char>(stream), {});
    };
    CHECK(file("o").find(R"("custom_id":"1")") != std::string::npos);
    CHECK(file("o").find(R"("custom_id":"0")") == std::string::npos);
    CHECK(file("e").find(R"("custom_id":"0")") != std::string::npos);
    CHECK(file("e").find(R"("status_code":500)") != std::string::npos);
}

TEST_CASE("a slow disk under a job's input does not stop the network thread") {
    Rig rig;
    // A pipe: opening it for reading blocks until somebody opens it for writing.
    const auto path = rig.blobs.file_path(FileId{"file-input"});
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    const auto job = rig.admit_lines(1);
    rig.grid->open_job(job);
    rig.join();
    int turns = 0;
    const auto turn = [&] {
        asio::post(rig.io, [&] { ++turns; });
        return turns > 100;
    };
    CHECK(rig.until(turn));
    CHECK_FALSE(rig.grid->live_counts(job.id).has_value());
    // It is being read, and not by this thread.
    int writer = -1;
    CHECK(rig.until([&] {
        writer = ::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
        return writer >= 0;
    }));
    ::close(writer);
}

TEST_CASE("a job that is cancelled while its input is being read is cancelled") {
    Rig rig;
    const auto job = rig.admit(Rig::lines(50));
    rig.join();
    rig.grid->open_job(job);
    CHECK_FALSE(rig.grid->live_counts(job.id).has_value());  // not opened yet
    rig.grid->cancel_job(job.id);
    std::optional<store::JobState> state;
    const auto ended = [&] {
        (void)rig.write([&](store::Store& s) -> Status {
            GLEANER_TRY(const auto now, s.job_by_id(job.id));
            if (now.ended) state = now.state;
            return ok();
        });
        return state.has_value();
    };
    REQUIRE(rig.until(ended));
    CHECK(*state == store::JobState::cancelled);
}

TEST_CASE("while the store cannot write nothing new is lent, and nothing is lost") {
    Rig rig;
    const auto job = rig.admit(Rig::lines(40));
    rig.join(4);
    rig.grid->open_job(job);
    REQUIRE(rig.until([&] { return !rig.link.leases().empty(); }));
    const auto limit = [&](std::int64_t bytes) {
        return rig.write([=](store::Store& s) { return s.limit_size(bytes); });
    };
    REQUIRE(limit(1).has_value());
    CHECK_FALSE(rig.grid->stalled());
    std::size_t answered = 0;
    const auto answer_all = [&] {
        for (; answered < rig.link.leases().size(); ++answered)
            rig.answer(rig.link.leases()[answered]);
    };
    // Pages with room take a few settlements before the disk is full.
    REQUIRE(rig.until([&] {
        if (!rig.grid->stalled()) answer_all();
        return rig.grid->stalled().has_value();
    }));
    CHECK(rig.grid->stalled()->find("the store cannot write") != std::string::npos);
    CHECK(rig.grid->totals().store_stalled);
    CHECK(rig.grid->counters().store_stalls == 1);
    answer_all();
    const auto sent = rig.grid->counters().leases_sent;
    CHECK(rig.grid->unsaved() > 0);
    KeptSink sink;
    (void)rig.open_stream(sink);
    REQUIRE(rig.until([&] { return !sink.refused.empty(); }));
    CHECK(sink.refused == "results cannot be saved at the moment");
    CHECK(rig.grid->counters().leases_sent == sent);
    REQUIRE(limit(100'000'000).has_value());
    REQUIRE(rig.until([&] { return !rig.grid->stalled(); }));
    const auto ended = [&] {
        answer_all();
        return !rig.grid->live_counts(job.id).has_value();
    };
    REQUIRE(rig.until(ended));
    CHECK(rig.grid->counters().items_accepted == 40);
    CHECK(rig.grid->unsaved() == 0);
}

TEST_CASE("a settlement that the store refuses fails its item and holds up no other") {
    Rig rig;
    const auto job = rig.admit(Rig::lines(5));
    rig.join();
    rig.grid->open_job(job);
    REQUIRE(rig.until([&] { return !rig.link.leases().empty(); }));
    REQUIRE(rig.link.leases().front().items_size() > 1);
    // Below zero in the store's eyes; from a real node the gateway's check lets none through.
    rig.answer(rig.link.leases().front(), 1ULL << 63U);
    std::size_t answered = 1;
    REQUIRE(rig.until([&] {
        for (; answered < rig.link.leases().size(); ++answered)
            rig.answer(rig.link.leases()[answered]);
        return !rig.grid->live_counts(job.id).has_value();
    }));
    store::JobCounts counts;
    std::size_t violations = 1;
    REQUIRE(rig.write([&](store::Store& s) -> Status {
                   GLEANER_TRY(const auto kept, s.job_by_id(job.id));
                   counts = kept.counts;
                   GLEANER_TRY(const auto report, s.check_ledger());
                   violations = report.violations.size();
                   return ok();
               })
                .has_value());
    CHECK(counts.completed == 4);
    CHECK(counts.failed == 1);
    CHECK(violations == 0);
    CHECK(rig.grid->counters().store_stalls == 0);
    CHECK(rig.grid->unsaved() == 0);
}

TEST_CASE("an online answer that cannot be saved stalls the grid until it is") {
    Rig rig;
    rig.grid->settlement_queued();
    CHECK_FALSE(rig.grid->stalled());
    rig.grid->settlement_failed(true);
    CHECK(rig.grid->stalled());
    rig.grid->settlement_saved();
    CHECK_FALSE(rig.grid->stalled());
    rig.grid->settlement_queued();
    rig.grid->settlement_failed(false);
    CHECK_FALSE(rig.grid->stalled());
    CHECK(rig.grid->unsaved() == 0);
}

TEST_CASE(
    "a node that is lost in the middle of an answer has used its device until its last token") {
    Rig rig;
    rig.join();
    KeptSink sink;
    const auto stream = rig.open_stream(sink);
    REQUIRE(rig.until([&] { return sink.started; }));
    const Time started = rig.clock.now();
    REQUIRE(rig.until([&] { return rig.clock.now() - started > 20ms; }));
    wire::ToCoordinator delta;
    delta.mutable_stream_delta()->set_stream_id(stream.get());
    delta.mutable_stream_delta()->set_data("{}");
    delta.mutable_stream_delta()->set_generated_tokens(1);
    rig.grid->node_said(rig.node.id, std::move(delta));
    const auto worked = static_cast<std::uint64_t>((rig.clock.now() - started).count());
    REQUIRE(rig.until([&] { return rig.clock.now() - started > 120ms; }));
    rig.grid->node_left(rig.node.id, rig.link, core::LeaveCause::lost);
    REQUIRE(sink.device_micros.has_value());
    CHECK(*sink.device_micros >= 20'000);
    CHECK(*sink.device_micros < worked + 20'000);
}
