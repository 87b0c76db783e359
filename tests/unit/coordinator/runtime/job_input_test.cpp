#include "coordinator/runtime/job_input.h"

#include <fstream>

#include <boost/json.hpp>
#include <doctest/doctest.h>

#include "tests/support/temporary_folder.h"

using namespace gleaner;
using namespace gleaner::runtime;

namespace {

std::filesystem::path write(const testing::TemporaryFolder& folder, const std::string& text) {
    auto path = folder.path() / "input.jsonl";
    std::ofstream(path, std::ios::binary) << text;
    return path;
}

std::string line(const std::string& id, const std::string& more = "") {
    return R"({"custom_id":")" + id +
           R"(","method":"POST","url":"/v1/chat/completions","body":{"model":"m",)"
           R"("messages":[{"role":"user","content":"hi"}])" +
           more + "}}";
}

store::Job job_of(std::int64_t lines) {
    store::Job job;
    job.id = JobId{"batch_7"};
    job.endpoint = "/v1/chat/completions";
    job.model = "m";
    job.counts.total = lines;
    return job;
}

}  // namespace

TEST_CASE("lines are found by number; blank ones and a missing last newline do not matter") {
    const testing::TemporaryFolder folder;
    const auto file = LineFile::open(write(folder, "\n one\r\n\n\ntwo\n   \nthree"), 10);
    REQUIRE(file.has_value());
    REQUIRE(file.value().lines() == 3);
    CHECK(file.value().read(0).value() == " one\r");
    CHECK(file.value().read(1).value() == "two");
    CHECK(file.value().read(2).value() == "three");
    CHECK(file.value().read(3).has_error());
    CHECK(file.value().number_in_file(1).value() == 5);
}

TEST_CASE("a line longer than a block of reading is one line") {
    const testing::TemporaryFolder folder;
    const std::string big(3'000'000, 'x');
    const auto file = LineFile::open(write(folder, "a\n" + big + "\nb\n"), 10);
    REQUIRE(file.has_value());
    REQUIRE(file.value().lines() == 3);
    CHECK(file.value().read(1).value() == big);
    CHECK(file.value().read(2).value() == "b");
    std::size_t seen = 0;
    REQUIRE(file.value().for_each([&](std::size_t number, std::string_view text) -> Status {
        CHECK(number == seen++);
        CHECK(text.size() == (number == 1 ? big.size() : 1));
        return ok();
    }));
    CHECK(seen == 3);
}

TEST_CASE("too many lines, or one that is too long, are refused with what to do") {
    const testing::TemporaryFolder folder;
    const auto many = LineFile::open(write(folder, "a\nb\nc\n"), 2);
    REQUIRE(many.has_error());
    CHECK(many.error().code() == ErrorCode::too_large);
    const auto long_line = LineFile::open(write(folder, std::string(17U << 20U, 'x')), 2);
    REQUIRE(long_line.has_error());
    CHECK(long_line.error().code() == ErrorCode::too_large);
}

TEST_CASE("a line becomes the engine's request, the same each time") {
    const testing::TemporaryFolder folder;
    const auto input =
        JobInput::open(write(folder, line("a") + "\n" + line("b") + "\n"), job_of(2));
    REQUIRE(input.has_value());
    const auto first = input.value().line(0);
    REQUIRE(first.has_value());
    CHECK(first.value().custom_id == "a");
    const auto body = boost::json::parse(first.value().body).as_object();
    CHECK_FALSE(body.contains("model"));
    CHECK(body.at("stream") == false);
    CHECK(input.value().line(0).value().body == first.value().body);
    const auto other = boost::json::parse(input.value().line(1).value().body);
    CHECK(other.at("seed") != body.at("seed"));
    CHECK(body.at("seed") == first.value().seed.value());
}

TEST_CASE("a line's own seed is told, and embeddings have none") {
    const testing::TemporaryFolder folder;
    const auto own = JobInput::open(write(folder, line("a", R"(,"seed":7)")), job_of(1));
    CHECK(own.value().line(0).value().seed == 7);
    auto job = job_of(1);
    job.endpoint = "/v1/embeddings";
    const auto embeddings =
        JobInput::open(write(folder, R"({"custom_id":"e","method":"POST","url":"/v1/embeddings",)"
                                     R"("body":{"model":"m","input":"hi"}})"),
                       job);
    const auto ready = embeddings.value().line(0);
    REQUIRE(ready.has_value());
    CHECK_FALSE(ready.value().seed);
}

TEST_CASE("the id of a line is known also when its request is not valid") {
    const testing::TemporaryFolder folder;
    const auto input = JobInput::open(write(folder, line("a", R"(,"temperature":9)")), job_of(1));
    REQUIRE(input.has_value());
    CHECK(input.value().line(0).has_error());
    CHECK(input.value().custom_id(0).value() == "a");
}

TEST_CASE("a file that has grown since admission is not the one that was admitted") {
    const testing::TemporaryFolder folder;
    CHECK(JobInput::open(write(folder, line("a") + "\n" + line("b")), job_of(1)).has_error());
}
