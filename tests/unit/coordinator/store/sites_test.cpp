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
    StoreWorld world = StoreWorld::fill(*store, clock, {});
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a site exists only by its owner's own key") {
    const auto partner_key = store
                                 ->add_credential(PrincipalKind::partner,
                                                  world.owner_partner.id.get(), "", fake_sha256(20))
                                 .value();
    const auto operator_key =
        store->add_credential(PrincipalKind::operator_, "root", "", fake_sha256(21)).value();
    const auto other = store->add_owner("Other", {}).value();
    const auto other_key =
        store->add_credential(PrincipalKind::owner, other.id.get(), "", fake_sha256(22)).value();
    for (const auto& key : {partner_key.id, operator_key.id, other_key.id, std::string("key_x")}) {
        auto consent = world.consent();
        consent.accepted_by = key;
        const auto site =
            store->add_site(world.owner.id, "Basement", consent, StoreWorld::consent_text);
        CHECK(site.error().code() == ErrorCode::permission_denied);
    }
    CHECK(store->sites(std::nullopt).value().size() == 1);
}

TEST_CASE_FIXTURE(Fixture, "a revoked owner's key accepts nothing") {
    REQUIRE(store->revoke_credential(world.owner_key.id).has_value());
    CHECK(store->add_site(world.owner.id, "B", world.consent(), StoreWorld::consent_text)
              .error()
              .code() == ErrorCode::permission_denied);
}

TEST_CASE_FIXTURE(Fixture, "a consent without a dated text is refused") {
    auto consent = world.consent();
    consent.text_date = "";
    CHECK(store->add_site(world.owner.id, "B", consent, StoreWorld::consent_text).error().code() ==
          ErrorCode::invalid_argument);
    consent = world.consent();
    consent.text_sha256 = "abc";
    CHECK(store->add_site(world.owner.id, "B", consent, StoreWorld::consent_text).error().code() ==
          ErrorCode::invalid_argument);
}

TEST_CASE_FIXTURE(Fixture, "a site is read back with its consent") {
    const auto site = store->site(world.site.id).value();
    CHECK(site.name == "Main street");
    CHECK(site.consent.text_date == "2026-11-01");
    CHECK(site.consent.accepted_by == world.owner_key.id);
    CHECK(site.consent.accepted == clock.wall());
    CHECK_FALSE(site.consent.revoked);
    CHECK(store->sites(world.owner.id).value().size() == 1);
    CHECK(store->sites(OwnerId{"own_x"}).value().empty());
    CHECK(store->consent_text(world.site.id).value() == StoreWorld::consent_text);
    CHECK(store->consent_text(SiteId{"site_x"}).error().code() == ErrorCode::not_found);
}

TEST_CASE_FIXTURE(Fixture, "certifying a site shows on its nodes") {
    CHECK_FALSE(store->node(world.nodes[0]).value().site_certified);
    REQUIRE(store->certify_site(world.site.id, true).has_value());
    CHECK(store->node(world.nodes[0]).value().site_certified);
    CHECK(store->certify_site(SiteId{"site_x"}, true).error().code() == ErrorCode::not_found);
}

TEST_CASE_FIXTURE(Fixture, "a site's policy is kept with it and shows on its nodes") {
    CHECK(store->site(world.site.id).value().policy.empty());
    REQUIRE(store->set_site_policy(world.site.id, "idle_minutes = 3\n").has_value());
    CHECK(store->site(world.site.id).value().policy == "idle_minutes = 3\n");
    CHECK(store->node(world.nodes[0]).value().site_policy == "idle_minutes = 3\n");
    CHECK(store->set_site_policy(world.site.id, std::string(16'385, 'x')).error().code() ==
          ErrorCode::invalid_argument);
    CHECK(store->set_site_policy(SiteId{"site_x"}, "").error().code() == ErrorCode::not_found);
    REQUIRE(store->set_site_policy(world.site.id, "").has_value());
    CHECK(store->node(world.nodes[0]).value().site_policy.empty());
}

TEST_CASE_FIXTURE(Fixture, "revoking consent ends the site's tokens and nodes, and only its") {
    const auto second =
        store->add_site(world.owner.id, "Second", world.consent(), StoreWorld::consent_text)
            .value();
    (void)store->add_token(second.id, fake_sha256(30), 1, clock.wall() + 1h).value();
    EnrolmentRequest request;
    request.token_secret_sha256 = fake_sha256(30);
    request.hardware_fingerprint = "elsewhere";
    const auto elsewhere = store->begin_enrolment(request).value().node;

    const auto cut_off = store->revoke_consent(world.site.id).value();
    CHECK(cut_off == world.nodes);
    for (const auto& id : world.nodes) CHECK(store->node(id).value().revoked == clock.wall());
    const auto tokens = store->tokens(world.site.id).value();
    REQUIRE(tokens.size() == 1);
    CHECK(tokens[0].revoked);
    CHECK(store->site(world.site.id).value().consent.revoked == clock.wall());
    CHECK_FALSE(store->node(elsewhere).value().revoked);
    CHECK_FALSE(store->tokens(second.id).value().at(0).revoked);

    const auto token = store->add_token(world.site.id, fake_sha256(31), 1, clock.wall() + 1h);
    CHECK(token.error().code() == ErrorCode::failed_precondition);
}

TEST_CASE_FIXTURE(Fixture,
                  "revoking consent twice keeps the first date and names the nodes again") {
    (void)store->revoke_consent(world.site.id).value();
    const auto first = store->site(world.site.id).value().consent.revoked;
    clock.advance(1h);
    CHECK(store->revoke_consent(world.site.id).value() == world.nodes);
    CHECK(store->site(world.site.id).value().consent.revoked == first);
    CHECK(store->revoke_consent(SiteId{"site_x"}).error().code() == ErrorCode::not_found);
}

TEST_CASE_FIXTURE(Fixture, "a token that could never be used is refused") {
    const auto now = clock.wall();
    CHECK(store->add_token(world.site.id, fake_sha256(40), 0, now + 1h).error().code() ==
          ErrorCode::invalid_argument);
    CHECK(store->add_token(world.site.id, fake_sha256(40), 1, now).error().code() ==
          ErrorCode::invalid_argument);
    CHECK(store->add_token(SiteId{"site_x"}, fake_sha256(40), 1, now + 1h).error().code() ==
          ErrorCode::not_found);
}

TEST_CASE_FIXTURE(Fixture, "touching a node notes when it was seen and what it runs") {
    clock.advance(5min);
    REQUIRE(store->touch_node(world.nodes[1], "0.2.0").has_value());
    const auto node = store->node(world.nodes[1]).value();
    CHECK(node.last_seen == clock.wall());
    CHECK(node.software_version == "0.2.0");
    CHECK(node.enrolled < node.last_seen);
    CHECK(store->touch_node(NodeId{"node_x"}, "").error().code() == ErrorCode::not_found);
}
