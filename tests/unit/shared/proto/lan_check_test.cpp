/// Aim: nothing that does not make sense gets past the decoding of what nodes and the gateway say
/// about neighbours, nor of what neighbours ask each other for.

#include "shared/proto/lan_check.h"

#include <doctest/doctest.h>

#include "client-core/runtime/peer_server.h"
#include "shared/proto/lan.pb.h"

namespace gleaner {
namespace {

template <class Message>
bool passes(const Message& message) {
    Message decoded;
    const Status status = wire::decode(message.SerializeAsString(), decoded);
    return status && decoded.SerializeAsString() == message.SerializeAsString();
}

wire::WhereQuestion question() {
    wire::WhereQuestion message;
    message.set_chunks(3);
    message.set_chunks_all(10);
    message.set_host("192.0.2.7");
    message.set_port(40'000);
    message.add_failed("n_1");
    return message;
}

wire::WhereAnswer answer() {
    wire::WhereAnswer message;
    message.set_from(wire::WhereAnswer::NEIGHBOUR);
    message.set_neighbour("n_1");
    message.set_host("192.0.2.7");
    message.set_port(40'000);
    message.set_ask_again_ms(1'000);
    return message;
}

TEST_CASE("a question about neighbours passes only with every field in its bounds") {
    CHECK(passes(question()));
    auto more_than_all = question();
    more_than_all.set_chunks(11);
    CHECK_FALSE(passes(more_than_all));
    auto no_port = question();
    no_port.set_port(65'536);
    CHECK_FALSE(passes(no_port));
    auto bad_name = question();
    bad_name.add_failed("a b");
    CHECK_FALSE(passes(bad_name));
    auto too_many = question();
    for (int i = 0; i < 64; ++i) too_many.add_failed("n_2");
    CHECK_FALSE(passes(too_many));
    wire::WhereQuestion decoded;
    CHECK_FALSE(wire::decode("\xff\xff", decoded));
    CHECK_FALSE(wire::decode(std::string(wire::where_bytes_max + 1, ' '), decoded));
}

TEST_CASE("an answer names a neighbour whole, or none") {
    CHECK(passes(answer()));
    auto nowhere = answer();
    nowhere.clear_host();
    CHECK_FALSE(passes(nowhere));
    auto no_port = answer();
    no_port.set_port(0);
    CHECK_FALSE(passes(no_port));
    auto nobody = answer();
    nobody.clear_neighbour();
    CHECK_FALSE(passes(nobody));
    auto at_once = answer();
    at_once.set_ask_again_ms(0);
    CHECK_FALSE(passes(at_once));
    CHECK_FALSE(passes(wire::WhereAnswer()));
    wire::WhereAnswer wait;
    wait.set_from(wire::WhereAnswer::WAIT);
    wait.set_ask_again_ms(20);
    CHECK(passes(wait));
}

TEST_CASE("a neighbour asks for one chunk of one model, and for nothing else") {
    const Sha256 model(std::string(64, 'a'));
    const auto chunk = parse_chunk_target(chunk_target(model, 17));
    REQUIRE(chunk);
    CHECK(chunk.value().sha256 == model);
    CHECK(chunk.value().index == 17);
    for (const std::string& target :
         {std::string("/"), std::string("/peer/v1/models/"), chunk_target(model, 1) + "x",
          chunk_target(model, 1) + "/..", "/peer/v1/models/" + model.get(),
          "/peer/v1/models/" + model.get() + "/", "/peer/v1/models/" + model.get() + "/-1",
          "/peer/v1/models/" + model.get() + "/18446744073709551616",
          std::string("/peer/v1/models/../../identity/1")}) {
        CAPTURE(target);
        CHECK_FALSE(parse_chunk_target(target));
    }
}

}  // namespace
}  // namespace gleaner
