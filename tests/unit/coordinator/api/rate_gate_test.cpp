#include "coordinator/api/openai/rate_gate.h"

#include <map>

#include <boost/json.hpp>
#include <doctest/doctest.h>

using namespace gleaner;
using namespace gleaner::api;

namespace {

class HeadersOnly final : public Reply {
public:
    boost::asio::awaitable<Status> send(int, std::string, std::string) override { co_return ok(); }
    boost::asio::awaitable<Status> begin(int, std::string, std::optional<std::uint64_t>) override {
        co_return ok();
    }
    boost::asio::awaitable<Status> write(std::string) override { co_return ok(); }
    boost::asio::awaitable<Status> finish() override { co_return ok(); }
    void set_on_gone(std::function<void()>) override {}
    bool begun() const override { return false; }
    int status() const override { return 0; }
    std::map<std::string, std::string> headers() const {
        return {headers_.begin(), headers_.end()};
    }
};

Caller caller_of(const char* customer, const char* key = "key_1") {
    Caller caller;
    caller.customer = CustomerId{customer};
    caller.principal.credential_id = key;
    return caller;
}

const Caller one = caller_of("cus_1");

}  // namespace

TEST_CASE("requests over the minute's number get 429 as OpenAI words it, and pass after the wait") {
    ManualClock clock;
    RateGate gate({.requests_per_minute = 6, .tokens_per_minute = 0}, clock);
    for (int i = 0; i < 6; ++i) {
        HeadersOnly reply;
        CHECK(gate.take_request(one, &reply).has_value());
        CHECK(reply.headers().at("x-ratelimit-limit-requests") == "6");
        CHECK(reply.headers().at("x-ratelimit-remaining-requests") == std::to_string(5 - i));
    }
    HeadersOnly reply;
    const auto refused = gate.take_request(one, &reply);
    REQUIRE(refused.has_error());
    CHECK(refused.error().status() == 429);
    CHECK(refused.error().code() == "rate_limit_exceeded");
    CHECK(refused.error().type() == "requests");
    REQUIRE(refused.error().retry_after());
    CHECK(*refused.error().retry_after() == 10s);
    CHECK(refused.error().message() ==
          "Rate limit reached on requests per min: Limit 6, Remaining 0, Requested 1. Please try "
          "again in 10s.");
    CHECK(reply.headers().at("x-ratelimit-reset-requests") == "1m0s");
    CHECK(gate.take_request(one, nullptr).has_error());
    HeadersOnly other;
    CHECK(gate.take_request(caller_of("cus_2"), &other).has_value());
    clock.advance(10s);
    HeadersOnly again;
    CHECK(gate.take_request(one, &again).has_value());
}

TEST_CASE("tokens are taken as expected and corrected by what was used") {
    ManualClock clock;
    RateGate gate({.requests_per_minute = 0, .tokens_per_minute = 1'000}, clock);
    HeadersOnly first;
    CHECK(gate.take_request(one, &first).has_value());
    CHECK(gate.take_tokens(one, 900, &first).has_value());
    CHECK(first.headers().at("x-ratelimit-remaining-tokens") == "100");
    CHECK_FALSE(first.headers().contains("x-ratelimit-limit-requests"));
    HeadersOnly second;
    const auto refused = gate.take_tokens(one, 200, &second);
    REQUIRE(refused.has_error());
    CHECK(refused.error().type() == "tokens");
    gate.correct_tokens(one, 900, 100);
    HeadersOnly third;
    CHECK(gate.take_tokens(one, 200, &third).has_value());
    CHECK(third.headers().at("x-ratelimit-remaining-tokens") == "700");
    // More than was asked for leaves a debt.
    gate.correct_tokens(one, 200, 1'500);
    HeadersOnly fourth;
    CHECK(gate.take_tokens(one, 1, &fourth).has_error());
    CHECK(fourth.headers().at("x-ratelimit-remaining-tokens") == "0");
}

TEST_CASE("a key's own limit counts beside the customer's, and its headers are told") {
    ManualClock clock;
    RateGate gate({.requests_per_minute = 10, .tokens_per_minute = 0}, clock);
    auto own = one;
    own.principal.requests_per_minute = 2;
    own.principal.tokens_per_minute = 100;
    HeadersOnly reply;
    CHECK(gate.take_request(own, &reply).has_value());
    CHECK(gate.take_request(own, nullptr).has_value());
    CHECK(reply.headers().at("x-ratelimit-limit-requests") == "2");
    const auto refused = gate.take_request(own, nullptr);
    REQUIRE(refused.has_error());
    CHECK(refused.error().message().find("Limit 2") != std::string::npos);
    // What was refused the customer has not used: eight are left for its other keys.
    const auto other = caller_of("cus_1", "key_2");
    for (int i = 0; i < 8; ++i) CHECK(gate.take_request(other, nullptr).has_value());
    CHECK(gate.take_request(other, nullptr).has_error());
    CHECK(gate.take_tokens(own, 90, nullptr).has_value());
    CHECK(gate.take_tokens(own, 20, nullptr).has_error());
    gate.correct_tokens(own, 90, 10);
    CHECK(gate.take_tokens(own, 20, nullptr).has_value());
    CHECK(gate.take_tokens(other, 1'000'000, nullptr).has_value());
}

TEST_CASE("a key's limit that is changed keeps what was used") {
    ManualClock clock;
    RateGate gate({.requests_per_minute = 0, .tokens_per_minute = 0}, clock);
    auto key = one;
    key.principal.requests_per_minute = 10;
    for (int i = 0; i < 8; ++i) CHECK(gate.take_request(key, nullptr).has_value());
    key.principal.requests_per_minute = 9;
    CHECK(gate.take_request(key, nullptr).has_value());
    CHECK(gate.take_request(key, nullptr).has_error());
    key.principal.requests_per_minute = 20;
    for (int i = 0; i < 11; ++i) CHECK(gate.take_request(key, nullptr).has_value());
    CHECK(gate.take_request(key, nullptr).has_error());
}

TEST_CASE("without limits nothing is counted and nothing is said") {
    ManualClock clock;
    RateGate gate({.requests_per_minute = 0, .tokens_per_minute = 0}, clock);
    HeadersOnly reply;
    for (int i = 0; i < 1'000; ++i) CHECK(gate.take_request(one, &reply).has_value());
    CHECK(gate.take_tokens(one, 1'000'000'000, &reply).has_value());
    CHECK(reply.headers().empty());
}

TEST_CASE("times are written as OpenAI writes them") {
    CHECK(reset_text(0s) == "0ms");
    CHECK(reset_text(1us) == "1ms");
    CHECK(reset_text(120ms) == "120ms");
    CHECK(reset_text(1s) == "1s");
    CHECK(reset_text(1'500ms) == "1.5s");
    CHECK(reset_text(59'050ms) == "59.05s");
    CHECK(reset_text(6min) == "6m0s");
    CHECK(reset_text(61s) == "1m1s");
}
