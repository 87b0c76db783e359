#include <doctest/doctest.h>

#include "tests/support/store_world.h"

using namespace gleaner;
using namespace gleaner::store;
using gleaner::testing::fake_sha256;
using gleaner::testing::StoreWorld;

namespace {

struct Fixture {
    ManualClock clock;
    std::unique_ptr<Store> store = Store::open(":memory:", Store::Mode::read_write, clock).value();
    StoreWorld world = StoreWorld::fill(*store, clock, {}, 0);
    EnrolmentToken token =
        store->add_token(world.site.id, fake_sha256(50), 1, clock.wall() + 1h).value();

    Result<EnrolmentGrant> enrol(const std::string& hardware, std::uint64_t secret = 50) {
        EnrolmentRequest request;
        request.token_secret_sha256 = fake_sha256(secret);
        request.hardware_fingerprint = hardware;
        request.hostname = "pc";
        request.os = "linux";
        request.arch = "x86_64";
        request.software_version = "0.1.0";
        return store->begin_enrolment(request);
    }
    std::int64_t uses_left() {
        const auto tokens = store->tokens(world.site.id).value();
        for (const auto& known : tokens) {
            if (known.id == token.id) return known.uses_left;
        }
        return -99;
    }
};

void refused(const Result<EnrolmentGrant>& grant, std::string_view word) {
    REQUIRE(grant.has_error());
    CHECK(grant.error().code() == ErrorCode::failed_precondition);
    CHECK_MESSAGE(grant.error().message().find(word) != std::string::npos, grant.error().message());
}

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a single-use token enrols one machine") {
    const auto grant = enrol("a").value();
    CHECK_FALSE(grant.known_hardware);
    CHECK(grant.site == world.site.id);
    CHECK(grant.site_name == "Main street");
    CHECK(uses_left() == 0);
    refused(enrol("b"), "used up");
    const auto node = store->node(grant.node).value();
    CHECK(node.owner == world.owner.id);
    CHECK(node.os == "linux");
    CHECK(node.enrolled == clock.wall());
}

TEST_CASE_FIXTURE(Fixture, "a diskless reboot gets the same node back without using the token up") {
    const auto first = enrol("a").value();
    const auto again = enrol("a").value();
    CHECK(again.node == first.node);
    CHECK(again.known_hardware);
    CHECK(uses_left() == 0);
    CHECK(store->nodes(world.site.id).value().size() == 1);
}

TEST_CASE_FIXTURE(Fixture, "a token without a limit enrols many machines") {
    for (int i = 0; i < 5; ++i) CHECK(enrol("m" + std::to_string(i), 2).has_value());
    CHECK(store->nodes(std::nullopt).value().size() == 5);
}

TEST_CASE_FIXTURE(Fixture, "wrong, revoked and expired tokens are refused, each with its reason") {
    CHECK(enrol("a", 51).error().code() == ErrorCode::unauthenticated);
    REQUIRE(store->revoke_token(token.id).has_value());
    refused(enrol("a"), "revoked");
    clock.advance(25h);
    refused(enrol("a", 2), "expired");
    CHECK(store->revoke_token("tok_x").error().code() == ErrorCode::not_found);
    CHECK(store->nodes(std::nullopt).value().empty());
}

TEST_CASE_FIXTURE(Fixture, "a revoked node stays revoked however often it enrols again") {
    const auto node = enrol("a").value().node;
    REQUIRE(store->revoke_node(node).has_value());
    refused(enrol("a"), "revoked");
    refused(enrol("a", 2), "revoked");
    CHECK(store->set_certificate(node, "01", clock.wall() + 1h).error().code() ==
          ErrorCode::failed_precondition);
}

TEST_CASE_FIXTURE(Fixture, "no machine enrols where consent was revoked, known or not") {
    (void)enrol("a").value();
    (void)store->revoke_consent(world.site.id).value();
    refused(enrol("a"), "consent");
    refused(enrol("b", 2), "consent");
}

TEST_CASE_FIXTURE(Fixture, "a machine without hardware facts is refused") {
    CHECK(enrol("").error().code() == ErrorCode::invalid_argument);
    CHECK(uses_left() == 1);
}

TEST_CASE_FIXTURE(Fixture, "the same hardware at another site is another node") {
    const auto here = enrol("a").value().node;
    const auto second =
        store->add_site(world.owner.id, "Second", world.consent(), StoreWorld::consent_text)
            .value();
    (void)store->add_token(second.id, fake_sha256(60), 1, clock.wall() + 1h).value();
    const auto there = enrol("a", 60).value();
    CHECK(there.node != here);
    CHECK_FALSE(there.known_hardware);
}

TEST_CASE_FIXTURE(Fixture, "a new certificate replaces the one before") {
    const auto node = enrol("a").value().node;
    REQUIRE(store->set_certificate(node, "01", clock.wall() + 1h).has_value());
    REQUIRE(store->set_certificate(node, "02", clock.wall() + 2h).has_value());
    CHECK(store->node(node).value().certificate_serial == "02");
    CHECK(store->node(node).value().certificate_expires == clock.wall() + 2h);
    CHECK(store->set_certificate(NodeId{"node_x"}, "03", clock.wall()).error().code() ==
          ErrorCode::not_found);
}
