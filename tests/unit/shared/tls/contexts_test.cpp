// Every combination of end points that must, and that must not, come together. In memory, at a
// time the test sets, so that expiry needs no waiting.
#include "shared/tls/contexts.h"

#include <vector>

#include <doctest/doctest.h>

#include "shared/tls/authority.h"
#include "shared/tls/peer_identity.h"
#include "tests/unit/shared/tls/handshake_pair.h"

using namespace gleaner;
using tls::Authority;
using tls::HandshakePair;
using tls::KeyPair;

namespace {

/// A coordinator and one node it has enrolled.
struct World {
    ManualClock clock;
    Authority authority = Authority::create("test", clock).value();
    KeyPair server_key = KeyPair::generate().value();
    KeyPair node_key = KeyPair::generate().value();
    std::string server_pem = issue_server();
    tls::IssuedCertificate node = issue_node(authority, 24h);
    boost::asio::ssl::context server =
        tls::gateway_server_context(server_pem, server_key, authority.certificate_pem()).value();
    boost::asio::ssl::context client =
        tls::node_client_context(authority.certificate_pem(), node.pem, node_key).value();

    std::string issue_server() {
        const std::vector<std::string> names{"grid.example", "127.0.0.1"};
        return authority.issue_server(server_key, names, std::chrono::hours(24 * 365)).value().pem;
    }
    tls::IssuedCertificate issue_node(const Authority& by, Duration validity) {
        const auto request = node_key.signing_request("node").value();
        return by.issue_node(request, NodeId("node_1"), SiteId("site_1"), validity).value();
    }
};

bool says(const Status& status, const char* words) {
    return status.has_error() && status.error().message().find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("an enrolled node connects by TLS 1.3 and is known by its certificate") {
    World world;
    HandshakePair pair(world.client.native_handle(), world.server.native_handle(),
                       world.clock.wall());
    pair.run();
    REQUIRE(pair.client_status.has_value());
    REQUIRE(pair.server_status.has_value());
    CHECK(SSL_version(pair.server()) == TLS1_3_VERSION);
    CHECK(tls::negotiated_protocol(pair.server()) == "gleaner/1");
    const auto who = tls::peer_identity(pair.server());
    REQUIRE(who.has_value());
    CHECK(who.value().node == NodeId("node_1"));
    CHECK(who.value().site == SiteId("site_1"));
    CHECK(who.value().serial == world.node.serial);
    CHECK(who.value().expires == world.node.expires);
}

TEST_CASE("a joining node needs only the pin, and the server sees that it has no certificate") {
    World world;
    auto joining = tls::joining_node_context(world.authority.pin()).value();
    HandshakePair pair(joining.native_handle(), world.server.native_handle(), world.clock.wall());
    pair.run();
    CHECK(pair.client_status.has_value());
    REQUIRE(pair.server_status.has_value());
    const auto who = tls::peer_identity(pair.server());
    REQUIRE(who.has_error());
    CHECK(who.error().code() == ErrorCode::unauthenticated);
}

TEST_CASE("a joining node with another coordinator's pin refuses, and a damaged pin is named") {
    World world;
    const auto other = Authority::create("other", world.clock).value();
    auto joining = tls::joining_node_context(other.pin()).value();
    HandshakePair pair(joining.native_handle(), world.server.native_handle(), world.clock.wall());
    pair.run();
    CHECK(says(pair.client_status, "another authority"));
    CHECK(tls::joining_node_context("abc").error().code() == ErrorCode::invalid_argument);
}

TEST_CASE("an expired node certificate is refused, and both sides are told why") {
    World world;
    HandshakePair pair(world.client.native_handle(), world.server.native_handle(),
                       world.clock.wall() + 25h);
    pair.run();
    CHECK(says(pair.server_status, "certificate has expired"));
    CHECK(says(pair.client_status, "our certificate has expired"));
}

TEST_CASE("a certificate from the future points at the clock") {
    World world;
    HandshakePair pair(world.client.native_handle(), world.server.native_handle(),
                       world.clock.wall() - 48h);
    pair.run();
    CHECK(says(pair.client_status, "clock"));
}

TEST_CASE("a certificate of a foreign authority is refused in both directions") {
    World world;
    const auto foreign = Authority::create("foreign", world.clock).value();
    const auto issued = world.issue_node(foreign, 24h);
    auto client =
        tls::node_client_context(world.authority.certificate_pem(), issued.pem, world.node_key)
            .value();
    HandshakePair intruder(client.native_handle(), world.server.native_handle(),
                           world.clock.wall());
    intruder.run();
    CHECK(says(intruder.server_status, "another authority"));
    CHECK(says(intruder.client_status, "another coordinator"));

    auto wary = tls::node_client_context(foreign.certificate_pem(), issued.pem, world.node_key);
    HandshakePair imposter(wary.value().native_handle(), world.server.native_handle(),
                           world.clock.wall());
    imposter.run();
    CHECK(says(imposter.client_status, "another authority"));
}

TEST_CASE("a node cannot pass for a coordinator, though the same authority vouches for both") {
    World world;
    auto imposter = tls::gateway_server_context(world.node.pem, world.node_key,
                                                world.authority.certificate_pem())
                        .value();
    HandshakePair pair(world.client.native_handle(), imposter.native_handle(), world.clock.wall());
    pair.run();
    CHECK(says(pair.client_status, "not made for this role"));
}

TEST_CASE("TLS 1.1 and 1.2 are refused by the gateway, TLS 1.1 by the API") {
    World world;
    auto api = tls::api_server_context(world.server_pem, world.server_key).value();
    const auto connect = [&](SSL_CTX* server, int version) {
        boost::asio::ssl::context old(boost::asio::ssl::context::tls_client);
        // Old versions need the lowest security level merely to be offered.
        SSL_CTX_set_cipher_list(old.native_handle(), "ALL:@SECLEVEL=0");
        SSL_CTX_set_min_proto_version(old.native_handle(), version);
        SSL_CTX_set_max_proto_version(old.native_handle(), version);
        HandshakePair pair(old.native_handle(), server, world.clock.wall());
        pair.run();
        return std::pair(pair.client_status, pair.server_status);
    };
    for (const int version : {TLS1_1_VERSION, TLS1_2_VERSION}) {
        const auto [client, server] = connect(world.server.native_handle(), version);
        CHECK(says(client, "share no TLS version"));
        CHECK(says(server, "share no TLS version"));
    }
    CHECK(says(connect(api.native_handle(), TLS1_1_VERSION).first, "share no TLS version"));
    CHECK(connect(api.native_handle(), TLS1_2_VERSION).first.has_value());
}

TEST_CASE("a client of another protocol is told that this is not its port") {
    World world;
    boost::asio::ssl::context browser(boost::asio::ssl::context::tls_client);
    const unsigned char h2[] = "\x02h2";
    SSL_CTX_set_alpn_protos(browser.native_handle(), h2, 3);
    HandshakePair pair(browser.native_handle(), world.server.native_handle(), world.clock.wall());
    pair.run();
    CHECK(says(pair.client_status, "ALPN"));
}

TEST_CASE("an API client checks the name it called") {
    World world;
    auto api = tls::api_server_context(world.server_pem, world.server_key).value();
    boost::asio::ssl::context client(boost::asio::ssl::context::tls_client);
    client.add_certificate_authority(boost::asio::buffer(world.authority.certificate_pem()));
    client.set_verify_mode(boost::asio::ssl::verify_peer);
    const auto call = [&](const char* host) {
        HandshakePair pair(client.native_handle(), api.native_handle(), world.clock.wall());
        REQUIRE(tls::expect_host(pair.client(), host).has_value());
        pair.run();
        return pair.client_status;
    };
    CHECK(call("grid.example").has_value());
    CHECK(call("127.0.0.1").has_value());
    CHECK(says(call("other.example"), "another name"));
    CHECK(says(call("10.0.0.1"), "another name"));
}
