#include "client-core/runtime/enrolment_token.h"

#include <string>

#include <doctest/doctest.h>

namespace gleaner {
namespace {

const std::string secret = "glt_0123456789abcdefghjk";
const std::string pin(64, 'a');
const std::string release(64, 'b');
const std::string pins = pin + "." + release;

TEST_CASE("a token carries the secret for the coordinator, the authority and the release key") {
    const auto token = EnrolmentToken::parse("  " + secret + "." + pins + "\n");
    REQUIRE(token);
    CHECK(token.value().secret() == secret);
    CHECK(token.value().authority_pin() == pin);
    CHECK(token.value().release_pin() == release);
}

TEST_CASE("a damaged token is refused without repeating it") {
    for (const std::string& text :
         {std::string(), std::string("glt_"), secret, secret + "." + pin, secret + "." + pin + ".",
          secret + "." + pin.substr(1) + "." + release, secret + "." + pins.substr(0, 128),
          secret + "." + pins + ".", secret + "." + pins + "." + release,
          "gk_0123456789abcdefghjk." + pins, "glt_short." + pins,
          "glt_0123456789abc/efghjk." + pins, secret + "." + std::string(64, 'x') + "." + release,
          secret + "." + pin + "." + std::string(64, 'x'),
          "glt_" + std::string(200, 'a') + "." + pins}) {
        CAPTURE(text);
        const auto token = EnrolmentToken::parse(text);
        REQUIRE_FALSE(token);
        CHECK(token.error().code() == ErrorCode::invalid_argument);
        if (text.size() > 20) {
            CHECK(token.error().message().find("0123456789") == std::string::npos);
        }
    }
    const auto old = EnrolmentToken::parse(secret + "." + pin);
    REQUIRE_FALSE(old);
    CHECK(old.error().message().find("release key") != std::string::npos);
}

}  // namespace
}  // namespace gleaner
