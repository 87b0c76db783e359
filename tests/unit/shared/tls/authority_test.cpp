#include "shared/tls/authority.h"

#include <cstdlib>
#include <filesystem>
#include <unistd.h>
#include <vector>

#include <doctest/doctest.h>

#include "shared/tls/certificate.h"

using namespace gleaner;
using tls::Authority;
using tls::KeyPair;

namespace {

std::string request_for(const KeyPair& key) {
    return key.signing_request("somebody else").value();
}

}  // namespace

TEST_CASE("a node certificate names node and site, whatever the request asked for") {
    const ManualClock clock;
    const auto authority = Authority::create("test", clock).value();
    const auto key = KeyPair::generate().value();
    const auto issued =
        authority.issue_node(request_for(key), NodeId("node_1"), SiteId("site_1"), 24h);
    REQUIRE(issued.has_value());
    const auto facts = tls::certificate_facts(issued.value().pem).value();
    CHECK(facts.common_name == "node_1");
    CHECK(facts.organisation == "site_1");
    CHECK(facts.serial == issued.value().serial);
    CHECK(facts.serial.size() == 32);
    CHECK(facts.not_after.seconds() == (clock.wall() + 24h).seconds());
    CHECK(facts.not_before < clock.wall());
    CHECK(tls::certificate_pin(issued.value().pem).value() == key.pin());
}

TEST_CASE("two certificates never share a serial number") {
    const ManualClock clock;
    const auto authority = Authority::create("test", clock).value();
    const auto request = request_for(KeyPair::generate().value());
    const auto first = authority.issue_node(request, NodeId("n"), SiteId("s"), 1h).value();
    const auto second = authority.issue_node(request, NodeId("n"), SiteId("s"), 1h).value();
    CHECK(first.serial != second.serial);
}

TEST_CASE("requests that are garbage, too large or tampered with are refused") {
    const ManualClock clock;
    const auto authority = Authority::create("test", clock).value();
    const auto refuse = [&](const std::string& request) {
        const auto issued = authority.issue_node(request, NodeId("n"), SiteId("s"), 1h);
        REQUIRE(issued.has_error());
        CHECK(issued.error().code() == ErrorCode::invalid_argument);
    };
    refuse("");
    refuse("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n");
    refuse(std::string(20'000, 'x'));
    auto tampered = request_for(KeyPair::generate().value());
    tampered[tampered.size() / 2] = tampered[tampered.size() / 2] == 'A' ? 'B' : 'A';
    refuse(tampered);
}

TEST_CASE("an issued certificate never outlives its authority") {
    const ManualClock clock;
    const auto authority = Authority::create("test", clock).value();
    const auto request = request_for(KeyPair::generate().value());
    const auto issued =
        authority.issue_node(request, NodeId("n"), SiteId("s"), std::chrono::hours(24 * 365 * 50));
    const auto end = tls::certificate_facts(authority.certificate_pem()).value().not_after;
    CHECK(issued.value().expires == end);
}

TEST_CASE("server names that would smuggle in a second entry are refused") {
    const ManualClock clock;
    const auto authority = Authority::create("test", clock).value();
    const auto key = KeyPair::generate().value();
    for (const char* bad : {"", "a,DNS:evil.example", "a b", "a\nDNS:b"}) {
        const std::vector<std::string> names{bad};
        CHECK(authority.issue_server(key, names, 1h).has_error());
    }
    const std::vector<std::string> good{"grid.example", "127.0.0.1", "::1"};
    CHECK(authority.issue_server(key, good, 1h).has_value());
    CHECK(authority.issue_server(key, {}, 1h).has_error());
}

TEST_CASE("a saved authority loads again, until it has expired") {
    std::string pattern = (std::filesystem::temp_directory_path() / "gleaner-XXXXXX").string();
    const std::string folder = mkdtemp(pattern.data());
    ManualClock clock;
    const auto made = Authority::create("test", clock).value();
    REQUIRE(made.save(folder + "/ca.pem", folder + "/ca.key").has_value());
    CHECK(made.save(folder + "/ca.pem", folder + "/ca.key").error().code() ==
          ErrorCode::already_exists);
    const auto loaded = Authority::load(folder + "/ca.pem", folder + "/ca.key", clock);
    REQUIRE(loaded.has_value());
    CHECK(loaded.value().pin() == made.pin());
    CHECK(loaded.value().certificate_pem() == made.certificate_pem());
    clock.advance(std::chrono::hours(24 * 365 * 11));
    CHECK(Authority::load(folder + "/ca.pem", folder + "/ca.key", clock).error().code() ==
          ErrorCode::failed_precondition);
    std::filesystem::remove_all(folder);
}
