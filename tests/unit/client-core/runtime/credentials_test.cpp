/// Aim: an identity is kept whole or not at all, privately, and renewed only by a certificate for
/// it.

#include "client-core/runtime/credentials.h"

#include <fstream>

#include <doctest/doctest.h>

#include "shared/tls/authority.h"
#include "tests/support/temporary_folder.h"

namespace gleaner {
namespace {

using testing::TemporaryFolder;

namespace fs = std::filesystem;

struct Fixture {
    std::string certificate(const tls::KeyPair& key, const char* node, Duration validity) const {
        const std::string csr = key.signing_request("x").value();
        return authority.issue_node(csr, NodeId(node), SiteId("site_a"), validity).value().pem;
    }
    Credentials own() const {
        auto key = tls::KeyPair::generate().value();
        const std::string pem = certificate(key, "node_a", 24h);
        return {std::move(key), pem, authority.certificate_pem(), release, std::string(64, 'f')};
    }

    ManualClock clock;
    tls::Authority authority = tls::Authority::create("test", clock).value();
    PublicKey release = SigningKey::generate().public_key();
    TemporaryFolder folder;
};

TEST_CASE("an identity is read back as it was saved, and only its owner may read it") {
    Fixture f;
    const Credentials saved = f.own();
    CHECK_FALSE(Credentials::load(f.folder.path()).value().has_value());
    REQUIRE(saved.save(f.folder.path()));
    const auto loaded = Credentials::load(f.folder.path());
    REQUIRE(loaded);
    REQUIRE(loaded.value());
    CHECK(loaded.value()->node() == NodeId("node_a"));
    CHECK(loaded.value()->site() == SiteId("site_a"));
    CHECK(loaded.value()->release_key() == f.release);
    CHECK(loaded.value()->key().pin() == saved.key().pin());
    CHECK(loaded.value()->expires() == saved.expires());
    CHECK(loaded.value()->hardware_fingerprint() == std::string(64, 'f'));
    for (const auto& entry : fs::directory_iterator(f.folder.path())) {
        CAPTURE(entry.path());
        const auto others = fs::perms::group_all | fs::perms::others_all;
        CHECK((entry.status().permissions() & others) == fs::perms::none);
    }
}

TEST_CASE(
    "a later identity replaces the earlier one; an erased one leaves the release key pinned") {
    Fixture f;
    REQUIRE(f.own().save(f.folder.path()));
    const Credentials second = f.own();
    REQUIRE(second.save(f.folder.path()));
    CHECK(Credentials::load(f.folder.path()).value()->key().pin() == second.key().pin());
    Credentials::erase(f.folder.path());
    CHECK_FALSE(Credentials::load(f.folder.path()).value().has_value());
    const fs::path pinned = f.folder.path() / "release.pub";
    for (const auto& entry : fs::directory_iterator(f.folder.path())) CHECK(entry.path() == pinned);
    CHECK(Credentials::kept_release_key(f.folder.path()) == f.release);
    fs::remove(pinned);
    CHECK_FALSE(Credentials::kept_release_key(f.folder.path()));
}

TEST_CASE("a damaged identity says so and what to do") {
    Fixture f;
    REQUIRE(f.own().save(f.folder.path()));
    std::ofstream(f.folder.path() / "release.pub") << "nonsense";
    const auto loaded = Credentials::load(f.folder.path());
    REQUIRE_FALSE(loaded);
    CHECK(loaded.error().code() == ErrorCode::data_corrupt);
    CHECK(loaded.error().message().find("gleaner-node enrol") != std::string::npos);
    CHECK_FALSE(Credentials::kept_release_key(f.folder.path()));
}

TEST_CASE("a key that others can read is refused") {
    Fixture f;
    REQUIRE(f.own().save(f.folder.path()));
    fs::permissions(f.folder.path() / "node.key", fs::perms::others_read, fs::perm_options::add);
    CHECK(Credentials::load(f.folder.path()).error().code() == ErrorCode::permission_denied);
}

TEST_CASE("a renewal is kept if it is for this node and key and lasts longer") {
    Fixture f;
    Credentials own = f.own();
    REQUIRE(own.save(f.folder.path()));
    const WallTime before = own.expires();
    const auto other_key = tls::KeyPair::generate().value();
    CHECK_FALSE(own.renew(f.folder.path(), f.certificate(other_key, "node_a", 48h)));
    CHECK_FALSE(own.renew(f.folder.path(), f.certificate(own.key(), "node_b", 48h)));
    CHECK_FALSE(own.renew(f.folder.path(), f.certificate(own.key(), "node_a", 12h)));
    CHECK_FALSE(own.renew(f.folder.path(), "no certificate"));
    CHECK(own.expires() == before);
    REQUIRE(own.renew(f.folder.path(), f.certificate(own.key(), "node_a", 48h)));
    CHECK(own.expires() > before);
    CHECK(Credentials::load(f.folder.path()).value()->expires() == own.expires());
}

}  // namespace
}  // namespace gleaner
