#include "coordinator/openai/api_error.h"

#include <boost/json.hpp>
#include <doctest/doctest.h>

using namespace gleaner;
using namespace gleaner::openai;

TEST_CASE("an error becomes OpenAI's object with the status of its code") {
    const ApiError error(Error(ErrorCode::not_found, "no such file"));
    CHECK(error.status() == 404);
    const auto body = boost::json::parse(error.body());
    CHECK(body.at("error").at("message") == "no such file");
    CHECK(body.at("error").at("type") == "invalid_request_error");
    CHECK(body.at("error").at("param").is_null());
    CHECK(body.at("error").at("code") == "not_found");
}

TEST_CASE("what the server's own calls say stays in the log") {
    const ApiError error(Error(ErrorCode::io_failed, "cannot open /data/secret"));
    CHECK(error.status() == 500);
    CHECK(error.body().find("/data") == std::string::npos);
    CHECK(error.detail() == "cannot open /data/secret");
}

TEST_CASE("missing credit is a 429 that does not ask to come back") {
    const ApiError error(Error(ErrorCode::resource_exhausted, "the credit is too small"));
    CHECK(error.status() == 429);
    CHECK(error.code() == "insufficient_quota");
    CHECK_FALSE(error.retry_after().has_value());
    CHECK(rate_limited("full", 2s).retry_after() == Duration(2s));
}

TEST_CASE("Retry-After is rounded up and never zero") {
    CHECK(retry_after_seconds(0s) == 1);
    CHECK(retry_after_seconds(1500ms) == 2);
}
