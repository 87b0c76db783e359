/// Every form is read twice: whole and byte by byte; both must say the same.

#include "coordinator/api/multipart.h"

#include <doctest/doctest.h>

using namespace gleaner::api;
using gleaner::openai::api_ok;
using gleaner::openai::ApiStatus;

namespace {

struct Seen {
    std::string log;
    bool failed = false;
    friend bool operator==(const Seen&, const Seen&) = default;
};

Seen read(std::string_view form, std::size_t step) {
    Seen seen;
    MultipartReader::Sink sink;
    sink.begin = [&](const MultipartReader::Part& part) -> ApiStatus {
        seen.log +=
            "[" + part.name + "," + part.filename.value_or("-") + "," + part.content_type + "]";
        return api_ok();
    };
    sink.data = [&](std::string_view bytes) -> ApiStatus {
        seen.log += bytes;
        return api_ok();
    };
    sink.end = [&]() -> ApiStatus {
        seen.log += ";";
        return api_ok();
    };
    MultipartReader reader("XX", sink);
    for (std::size_t at = 0; at < form.size(); at += step) {
        if (reader.feed(form.substr(at, step)).has_error()) {
            seen.failed = true;
            return seen;
        }
    }
    seen.failed = reader.finish().has_error();
    return seen;
}

Seen read_both(std::string_view form) {
    const auto whole = read(form, form.size() + 1);
    for (const std::size_t step : {1U, 2U, 7U}) CHECK(read(form, step) == whole);
    return whole;
}

constexpr std::string_view purpose =
    "--XX\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n";

}  // namespace

TEST_CASE("fields and files come out as they were put in") {
    const auto seen = read_both(std::string(purpose) +
                                "--XX\r\ncontent-disposition: form-data; name=\"file\"; "
                                "filename=\"a \\\"b\\\".jsonl\"\r\n"
                                "Content-Type: application/jsonl\r\n\r\n"
                                "line\r\n--X\r\n--XY\r\n\r\n--XX--\r\n");
    CHECK_FALSE(seen.failed);
    CHECK(seen.log ==
          "[purpose,-,]batch;[file,a \"b\".jsonl,application/jsonl]line\r\n--X\r\n--XY\r\n;");
}

TEST_CASE("an empty part, a preamble and an epilogue are no trouble") {
    const auto seen = read_both(
        "preamble\r\n--XX \r\nContent-Disposition: form-data; "
        "name=a\r\n\r\n\r\n--XX--\r\nepilogue");
    CHECK_FALSE(seen.failed);
    CHECK(seen.log == "[a,-,];");
}

TEST_CASE("what is not a form is refused") {
    CHECK(read_both("no boundary").failed);
    CHECK(read_both(purpose).failed);  // cut off
    CHECK(read_both("--XXjunk\r\n").failed);
    CHECK(read_both("--XX\r\nContent-Type: text/plain\r\n\r\nx\r\n--XX--").failed);
    CHECK(read_both("--XX\r\nnot a header\r\n\r\nx\r\n--XX--").failed);
    CHECK(read_both("--XX\r\nContent-Disposition: form-data; name=\"a\r\n\r\nx\r\n--XX--").failed);
}

TEST_CASE("headers and the number of parts are bounded") {
    CHECK(read("--XX\r\nA: " + std::string(20'000, 'a'), 1000).failed);
    std::string many;
    for (int i = 0; i < 40; ++i) many += purpose;
    CHECK(read(many + "--XX--", 1000).failed);
    CHECK(read(std::string(20'000, 'a'), 1000).failed);
}

TEST_CASE("the sink's refusal ends the reading") {
    MultipartReader::Sink sink;
    sink.begin = [](const auto&) -> ApiStatus {
        return gleaner::openai::invalid_request("no", "file");
    };
    MultipartReader reader("XX", sink);
    const auto fed = reader.feed(purpose);
    REQUIRE(fed.has_error());
    CHECK(fed.error().param() == "file");
}

TEST_CASE("the boundary stands in the content type, quoted or not") {
    CHECK(MultipartReader::boundary_of("multipart/form-data; boundary=XX") == "XX");
    CHECK(MultipartReader::boundary_of("Multipart/Form-Data; charset=x; Boundary=\"a b\"") ==
          "a b");
    CHECK_FALSE(MultipartReader::boundary_of("application/json").has_value());
    CHECK_FALSE(MultipartReader::boundary_of("multipart/form-data").has_value());
    CHECK_FALSE(
        MultipartReader::boundary_of("multipart/form-data; boundary=" + std::string(71, 'x'))
            .has_value());
}
