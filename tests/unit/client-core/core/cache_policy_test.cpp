#include "client-core/core/cache_policy/cache_policy.h"

#include <doctest/doctest.h>

namespace gleaner {
namespace {

constexpr std::uint64_t gib = 1ull << 30;

CachedArtefact artefact(const char* name, std::uint64_t size, std::int64_t used,
                        bool busy = false) {
    return {Sha256{name}, size, WallTime{used}, busy};
}

std::vector<Sha256> names(std::initializer_list<const char*> list) {
    std::vector<Sha256> out;
    for (const char* name : list) out.emplace_back(name);
    return out;
}

const DiskSpace roomy{.quota_bytes = 10 * gib, .free_bytes = 100 * gib, .keep_free_bytes = gib};

TEST_CASE("nothing is evicted while quota and disk have room") {
    const std::vector cached{artefact("a", 4 * gib, 1)};
    CHECK(choose_evictions(cached, roomy, 6 * gib).value().empty());
}

TEST_CASE("the least recently used go first, and no more than needed") {
    const std::vector cached{artefact("a", 3 * gib, 30), artefact("b", 3 * gib, 10),
                             artefact("c", 3 * gib, 20)};
    CHECK(choose_evictions(cached, roomy, 2 * gib).value() == names({"b"}));
    CHECK(choose_evictions(cached, roomy, 5 * gib).value() == names({"b", "c"}));
    CHECK(choose_evictions(cached, roomy, 10 * gib).value() == names({"b", "c", "a"}));
}

TEST_CASE("what is in use is never evicted, even if the artefact then does not fit") {
    const std::vector cached{artefact("a", 5 * gib, 1, true), artefact("b", 3 * gib, 2)};
    CHECK(choose_evictions(cached, roomy, 5 * gib).value() == names({"b"}));
    const auto refused = choose_evictions(cached, roomy, 6 * gib);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == ErrorCode::disk_full);
    CHECK(refused.error().message().find("1024 MiB are missing") != std::string::npos);
}

TEST_CASE("a disk fuller than the quota suggests is what counts") {
    const std::vector cached{artefact("a", 2 * gib, 1), artefact("b", 2 * gib, 2)};
    const DiskSpace tight{.quota_bytes = 100 * gib, .free_bytes = 2 * gib, .keep_free_bytes = gib};
    CHECK(choose_evictions(cached, tight, gib).value().empty());
    CHECK(choose_evictions(cached, tight, 3 * gib).value() == names({"a"}));
    CHECK_FALSE(choose_evictions(cached, tight, 6 * gib));
}

TEST_CASE("a quota that shrank below what is cached makes room for that too") {
    const std::vector cached{artefact("a", 8 * gib, 1), artefact("b", 4 * gib, 2)};
    CHECK(choose_evictions(cached, roomy, 5 * gib).value() == names({"a"}));
    CHECK(choose_evictions(cached, roomy, 7 * gib).value() == names({"a", "b"}));
}

TEST_CASE("an artefact larger than the quota is refused and names the option to change") {
    const auto refused = choose_evictions({}, roomy, 11 * gib);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message().find("disk_quota") != std::string::npos);
}

TEST_CASE("equal ages are told apart by hash, so the choice is reproducible") {
    const std::vector cached{artefact("b", 6 * gib, 1), artefact("a", 4 * gib, 1)};
    CHECK(choose_evictions(cached, roomy, 2 * gib).value() == names({"a"}));
}

TEST_CASE("a quota lowered below what is there evicts without a further artefact") {
    const std::vector cached{artefact("a", 3 * gib, 30), artefact("b", 3 * gib, 10)};
    const DiskSpace lowered{.quota_bytes = 4 * gib, .free_bytes = 100 * gib};
    CHECK(choose_evictions(cached, lowered, 0).value() == names({"b"}));
}

}  // namespace
}  // namespace gleaner
