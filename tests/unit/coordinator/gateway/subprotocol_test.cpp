#include "coordinator/gateway/subprotocol.h"

#include <doctest/doctest.h>

using namespace gleaner;
using gateway::check_protocol;
using gateway::choose_subprotocol;

TEST_CASE("our version is found among several") {
    CHECK(choose_subprotocol("gleaner.v1").value() == "gleaner.v1");
    CHECK(choose_subprotocol("gleaner.v3 ,\tgleaner.v1,chat").value() == "gleaner.v1");
}

TEST_CASE("without a common version the refusal says which side to upgrade") {
    const auto newer = choose_subprotocol("gleaner.v2, gleaner.v3");
    CHECK(newer.error().code() == ErrorCode::unsupported);
    CHECK(newer.error().message().find("upgrade the coordinator") != std::string::npos);
    const auto older = choose_subprotocol("gleaner.v0");
    CHECK(older.error().code() == ErrorCode::unsupported);
    CHECK(older.error().message().find("upgrade gleaner-node") != std::string::npos);
    CHECK(check_protocol(1).has_value());
    CHECK(check_protocol(0).error().code() == ErrorCode::unsupported);
}

TEST_CASE("other protocols, nonsense and nothing are invalid") {
    for (const char* offered : {"", ",", " , ,", "chat", "gleaner.v", "gleaner.vx", "gleaner.v1x",
                                "gleaner.v99999999999999999999", "xgleaner.v1", "gleaner.v01"}) {
        CAPTURE(offered);
        CHECK(choose_subprotocol(offered).error().code() == ErrorCode::invalid_argument);
    }
}
