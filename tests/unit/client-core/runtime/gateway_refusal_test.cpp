#include "client-core/runtime/gateway_refusal.h"

#include <doctest/doctest.h>

#include "shared/proto/wire.pb.h"

namespace gleaner {
namespace {

TEST_CASE("the gateway's own words and code are passed on") {
    wire::ErrorReply reply;
    reply.set_code("failed_precondition");
    reply.set_message("the owner has withdrawn consent");
    const Error error = gateway_refusal(409, reply.SerializeAsString());
    CHECK(error.code() == ErrorCode::failed_precondition);
    CHECK(error.message() == "the owner has withdrawn consent");
}

TEST_CASE("somebody else's page is judged by its status alone and not repeated") {
    CHECK(gateway_refusal(403, "<html>no</html>").code() == ErrorCode::permission_denied);
    CHECK(gateway_refusal(401, "").code() == ErrorCode::unauthenticated);
    CHECK(gateway_refusal(503, "").code() == ErrorCode::unavailable);
    CHECK(gateway_refusal(302, "").code() == ErrorCode::unsupported);
    CHECK(gateway_refusal(403, "<html>no</html>").message() == "HTTP status 403");
}

}  // namespace
}  // namespace gleaner
