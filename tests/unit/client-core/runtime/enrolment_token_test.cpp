#include "client-core/runtime/enrolment_token.h"

#include <string>

#include <doctest/doctest.h>

namespace gleaner {
namespace {

const std::string secret = "glt_0123456789abcdefghjk";
const std::string pin(64, 'a');

TEST_CASE("a token carries the secret for the coordinator and the authority to trust") {
    const auto token = EnrolmentToken::parse("  " + secret + "." + pin + "\n");
    REQUIRE(token);
    CHECK(token.value().secret() == secret);
    CHECK(token.value().authority_pin() == pin);
}

TEST_CASE("a damaged token is refused without repeating it") {
    for (const std::string& text :
         {std::string(), std::string("glt_"), secret, secret + "." + pin.substr(1),
          "gk_0123456789abcdefghjk." + pin, "glt_short." + pin, "glt_0123456789abc/efghjk." + pin,
          secret + "." + std::string(64, 'x'), "glt_" + std::string(200, 'a') + "." + pin}) {
        CAPTURE(text);
        const auto token = EnrolmentToken::parse(text);
        REQUIRE_FALSE(token);
        CHECK(token.error().code() == ErrorCode::invalid_argument);
        if (text.size() > 20) {
            CHECK(token.error().message().find("0123456789") == std::string::npos);
        }
    }
}

}  // namespace
}  // namespace gleaner
