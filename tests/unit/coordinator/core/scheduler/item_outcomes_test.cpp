/// Retries, poison, blame, replicas.

#include <map>
#include <set>

#include <doctest/doctest.h>

#include "tests/unit/coordinator/core/scheduler/rig.h"

using namespace gleaner;
using namespace gleaner::core;
using namespace gleaner::core::test;

namespace {

/// Where the item is now, among all leases sent.
struct Place {
    SendLease lease;
    std::uint32_t index = 0;
};
std::optional<Place> newest_place(const Rig& rig, std::uint32_t item) {
    std::optional<Place> found;
    for (const auto& lease : rig.all<SendLease>())
        for (std::uint32_t i = 0; i < lease.items.size(); ++i)
            if (!lease.items[i].canary && lease.items[i].item == item) found = Place{lease, i};
    return found;
}

/// Fails the item wherever it is lent, `times` times.
void fail_everywhere(Rig& rig, std::uint32_t item, int times, FailureCause cause) {
    for (int i = 0; i < times; ++i) {
        const auto place = newest_place(rig, item);
        REQUIRE(place);
        rig.fail(place->lease, place->index, cause, "it broke");
        rig.advance(15s);
    }
}

/// Three ready nodes n1 n2 n3, each with its own site and owner.
struct ThreeSites : Rig {
    ThreeSites() {
        offer(model_a);
        for (const char* n : {"1", "2", "3"})
            join_ready({std::string("n") + n, std::string("s") + n, std::string("o") + n});
    }
};

}  // namespace

TEST_CASE("a failed item is tried at another site") {
    ThreeSites rig;
    rig.open({.items = 1});
    const auto first = *newest_place(rig, 0);
    rig.fail(first.lease, 0, FailureCause::engine_crashed);
    const auto second = *newest_place(rig, 0);
    CHECK(second.lease.node != first.lease.node);
}

TEST_CASE("an item that fails after all attempts is settled with the reason") {
    ThreeSites rig;
    rig.open({.items = 1});
    fail_everywhere(rig, 0, 4, FailureCause::engine_crashed);
    REQUIRE(rig.all<SettleItem>().size() == 1);
    const auto settled = rig.all<SettleItem>().front();
    CHECK(settled.results.empty());
    CHECK(settled.attempts == 4);
    CHECK(settled.cause == FailureCause::engine_crashed);
    CHECK(settled.reason == "failed 4 times, last: it broke");
    CHECK(rig.all<JobDrained>().size() == 1);
}

TEST_CASE("poison never lowers a standing") {
    ThreeSites rig;
    std::map<std::string, std::uint32_t> quota;
    for (const char* n : {"n1", "n2", "n3"}) quota[n] = rig.view(n).quota;
    rig.open({.items = 1});
    fail_everywhere(rig, 0, 4, FailureCause::engine_crashed);
    for (const char* n : {"n1", "n2", "n3"}) {
        CHECK(rig.view(n).quota == quota[n]);
        CHECK(rig.view(n).trust == doctest::Approx(0.5));
    }
}

TEST_CASE("an item that failed at two sites and then succeeds blames neither") {
    ThreeSites rig;
    const auto before = rig.view("n1").quota;
    rig.open({.items = 1});
    fail_everywhere(rig, 0, 2, FailureCause::engine_crashed);
    const auto place = *newest_place(rig, 0);
    rig.finish(place.lease, place.index);
    for (const char* n : {"n1", "n2", "n3"}) CHECK(rig.view(n).quota >= before);
}

TEST_CASE("a node is blamed when another one manages the item it failed") {
    ThreeSites rig;
    rig.open({.items = 1});
    const auto first = *newest_place(rig, 0);
    const auto before = rig.view(first.lease.node.get()).quota;
    rig.fail(first.lease, 0, FailureCause::engine_crashed);
    CHECK(rig.view(first.lease.node.get()).quota == before);  // not yet known whose fault it was
    const auto second = *newest_place(rig, 0);
    rig.finish(second.lease, second.index);
    CHECK(rig.view(first.lease.node.get()).quota == before / 2);
    CHECK(rig.view(first.lease.node.get()).trust == doctest::Approx(0.5));
    CHECK(rig.all<SettleItem>().front().attempts == 2);
}

TEST_CASE("failures that come together are one incident and blame once") {
    ThreeSites rig;
    rig.open({.items = 24});
    const auto lease = rig.leases("n1").front();
    const auto before = rig.view("n1").quota;
    for (std::uint32_t i = 0; i < 4; ++i) rig.fail(lease, i, FailureCause::engine_crashed);
    for (int round = 0; round < 200 && rig.all<SettleItem>().size() < 24; ++round) {
        for (const auto& other : rig.all<SendLease>())
            for (std::uint32_t i = 0; i < other.items.size(); ++i)
                if (other.node.get() != "n1") rig.finish(other, i);
        for (const auto& own : rig.leases("n1"))
            if (own.lease != lease.lease || round > 2)
                for (std::uint32_t i = 0; i < own.items.size(); ++i) rig.finish(own, i);
        rig.advance(1s);
    }
    CHECK(rig.view("n1").quota >= before / 2);
    CHECK(rig.view("n1").quota < before);
}

TEST_CASE("an engine that dies takes at most its running items' attempts") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"n1", "s1", "o1"});
    rig.open({.items = 64});
    const auto lease = rig.leases("n1").front();
    REQUIRE(lease.items.size() == 16);
    rig.join_ready({"n2", "s2", "o2"});
    rig.give_back(lease, FailureCause::engine_crashed);
    for (int i = 0; i < 60; ++i) {
        for (const auto& other : rig.all<SendLease>()) rig.finish_all(other);
        rig.advance(1s);
    }
    std::multiset<std::uint32_t> attempts;
    for (const auto& settled : rig.all<SettleItem>()) attempts.insert(settled.attempts);
    CHECK(attempts.size() == 64);
    CHECK(attempts.count(2) == 10);  // eight slots and two in the pipeline
    CHECK(attempts.count(1) == 54);
}

TEST_CASE("items that failed in an engine are lent alone") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"n1", "s1", "o1"});
    rig.open({.items = 64});
    const auto lease = rig.leases("n1").front();
    rig.give_back(lease, FailureCause::engine_crashed);
    rig.clear();
    rig.join_ready({"n2", "s2", "o2"});
    int suspects = 0;
    for (const auto& other : rig.leases("n2"))
        if (other.items.front().item < 10) {
            ++suspects;
            CHECK(other.items.size() == 1);
        }
    CHECK(suspects == 1);
}

TEST_CASE("a reclaimed machine costs its items no attempt") {
    ThreeSites rig;
    rig.open({.items = 1});
    fail_everywhere(rig, 0, 6, FailureCause::reclaimed);
    CHECK(rig.all<SettleItem>().empty());
    const auto place = *newest_place(rig, 0);
    rig.finish(place.lease, place.index);
    CHECK(rig.all<SettleItem>().front().attempts == 1);
}

TEST_CASE("an implausible result is not accepted and lowers trust once another node manages it") {
    ThreeSites rig;
    rig.open({.items = 1});
    const auto first = *newest_place(rig, 0);
    rig.finish(first.lease, 0, "", Verdict::implausible);
    CHECK(rig.all<SettleItem>().empty());
    const auto second = *newest_place(rig, 0);
    REQUIRE(second.lease.node != first.lease.node);
    rig.finish(second.lease, second.index);
    CHECK(rig.view(first.lease.node.get()).trust < 0.3);
    CHECK(rig.view(second.lease.node.get()).trust == doctest::Approx(0.5));
}

TEST_CASE("replicas go to different owners and settle when they agree") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"n1", "s1", "o1"});
    rig.join_ready({"n1b", "s1b", "o1"});  // another site of the same owner
    rig.open({.items = 1, .replicas = 2});
    CHECK(rig.all<SendLease>().size() == 1);
    rig.join_ready({"n2", "s2", "o2"});
    REQUIRE(rig.all<SendLease>().size() == 2);
    const auto leases = rig.all<SendLease>();
    CHECK(leases[1].node.get() == "n2");
    rig.finish(leases[0], 0, " 42");
    CHECK(rig.all<SettleItem>().empty());
    rig.finish(leases[1], 0, "42.0");
    REQUIRE(rig.all<SettleItem>().size() == 1);
    const auto settled = rig.all<SettleItem>().front();
    CHECK(settled.results.size() == 2);
    CHECK(settled.verified);
    CHECK(settled.attempts == 2);
    CHECK(rig.all<DiscardResult>().empty());
}

TEST_CASE("replicas that disagree ask one more node and pay only those that agree") {
    ThreeSites rig;
    rig.open({.items = 1, .replicas = 2});
    auto leases = rig.all<SendLease>();
    REQUIRE(leases.size() == 2);
    rig.finish(leases[0], 0, "42");
    rig.finish(leases[1], 0, "17");
    leases = rig.all<SendLease>();
    REQUIRE(leases.size() == 3);
    rig.finish(leases[2], 0, "42");
    REQUIRE(rig.all<SettleItem>().size() == 1);
    const auto settled = rig.all<SettleItem>().front();
    REQUIRE(settled.results.size() == 2);
    CHECK(settled.results[0].lease == leases[0].lease);
    CHECK(settled.results[1].lease == leases[2].lease);
    REQUIRE(rig.all<DiscardResult>().size() == 1);
    CHECK(rig.all<DiscardResult>().front().lease == leases[1].lease);
    CHECK(rig.all<DiscardResult>().front().loss == LossCause::rejected);
    CHECK(rig.view(leases[1].node.get()).trust < 0.3);
    CHECK(rig.view(leases[0].node.get()).trust > 0.5);
}

TEST_CASE("answers that never agree fail the item after the last attempt and blame nobody") {
    Rig rig;
    rig.offer(model_a);
    for (int i = 0; i < 6; ++i) {
        const auto n = std::to_string(i);
        rig.join_ready({"n" + n, "s" + n, "o" + n});
    }
    rig.open({.items = 1, .replicas = 2});
    for (std::size_t i = 0; i < 5; ++i) {
        const auto leases = rig.all<SendLease>();
        REQUIRE(i < leases.size());
        rig.finish(leases[i], 0, std::to_string(i * 1000));
    }
    REQUIRE(rig.all<SettleItem>().size() == 1);
    CHECK(rig.all<SettleItem>().front().results.empty());
    CHECK(rig.all<SettleItem>().front().attempts == 5);
    CHECK(rig.all<DiscardResult>().size() == 5);
    CHECK(rig.view("n0").trust == doctest::Approx(0.5));
}

TEST_CASE("answers that disagree fail at once when no other owner could be asked") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"n1", "s1", "o1"});
    rig.join_ready({"n2", "s2", "o2"});
    rig.open({.items = 1, .replicas = 2});
    const auto leases = rig.all<SendLease>();
    rig.finish(leases[0], 0, "1");
    rig.finish(leases[1], 0, "2");
    REQUIRE(rig.all<SettleItem>().size() == 1);
    CHECK(rig.all<SettleItem>().front().results.empty());
    CHECK(rig.all<SettleItem>().front().reason ==
          "the answers of 2 nodes disagree with each other");
}

TEST_CASE("a job that wants more owners than there are says so") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"n1", "s1", "o1"});
    rig.open({.items = 1, .replicas = 3});
    CHECK(rig.all<Note>().size() == 1);
}

TEST_CASE("a repeated result of a waiting replica is not thrown away") {
    ThreeSites rig;
    rig.open({.items = 1, .replicas = 2});
    const auto leases = rig.all<SendLease>();
    rig.finish(leases[0], 0, "42");
    rig.finish(leases[0], 0, "42");
    CHECK(rig.all<DiscardResult>().empty());
    rig.finish(leases[1], 0, "42");
    CHECK(rig.all<SettleItem>().size() == 1);
}

TEST_CASE("a replica that waits for one more owner makes a node of that owner load the model") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"n1", "s1", "o1"});
    const NodeSpec other{"n2", "s2", "o2"};
    rig.open({.items = 1, .replicas = 2});
    rig.join(other);
    rig.tell(CapacityChanged{NodeId{"n2"}, {}, false});
    rig.advance(20s);
    REQUIRE(rig.all<LoadModel>().size() == 1);
    CHECK(rig.all<LoadModel>().front().node.get() == "n2");
}
