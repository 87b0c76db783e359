/// Requests that an engine refuses: the customer's fault when the word of the node can be believed.

#include <doctest/doctest.h>

#include "tests/unit/coordinator/core/scheduler/rig.h"

using namespace gleaner;
using namespace gleaner::core;
using namespace gleaner::core::test;

namespace {

constexpr const char* trusted_standing =
    R"({"good":45.0,"bad":1.0,"last_passed":true,"quota":500.0})";

/// n1 n2 n3, each with its own site and owner; n1 may be trusted.
struct ThreeSites : Rig {
    explicit ThreeSites(bool trusts_first = false) {
        if (trusts_first)
            scheduler.restore_standing("n1|Test CPU||llama.cpp 1 cpu|" + model_a.get(),
                                       trusted_standing);
        offer(model_a);
        join_ready({"n1", "s1", "o1"});
        if (trusts_first) return;
        join_ready({"n2", "s2", "o2"});
        join_ready({"n3", "s3", "o3"});
    }
    /// Refuses the only item of the newest lease; returns the node that did.
    std::string refuse_newest() {
        const auto lease = all<SendLease>().back();
        fail(lease, 0, FailureCause::request_rejected, "the prompt is too long");
        return lease.node.get();
    }
};

void request(Rig& rig, std::uint64_t id, std::vector<NodeId> avoid = {},
             std::vector<NodeId> refused_by = {}) {
    StreamRequested event;
    event.stream = StreamId{id};
    event.customer = CustomerId{"c"};
    event.model = model_a;
    event.avoid = std::move(avoid);
    event.refused_by = std::move(refused_by);
    event.give_up = rig.now + 30s;
    rig.tell(event);
}

}  // namespace

TEST_CASE("a trusted node's refusal settles the item at once") {
    ThreeSites rig(true);
    rig.open({.items = 1});
    rig.refuse_newest();
    REQUIRE(rig.all<SettleItem>().size() == 1);
    CHECK(rig.all<SettleItem>().front().cause == FailureCause::request_rejected);
    CHECK(rig.all<SettleItem>().front().reason == "the prompt is too long");
}

TEST_CASE("a stranger's refusal stands when another site refuses too, and blames nobody") {
    ThreeSites rig;
    rig.open({.items = 1});
    const auto first = rig.refuse_newest();
    CHECK(rig.all<SettleItem>().empty());
    const auto second = rig.refuse_newest();
    CHECK(second != first);
    REQUIRE(rig.all<SettleItem>().size() == 1);
    CHECK(rig.all<SettleItem>().front().cause == FailureCause::request_rejected);
    for (const auto& node : {first, second}) {
        CHECK(rig.view(node).trust == doctest::Approx(0.5));
        CHECK(rig.view(node).quota == Standing().quota(rig.now));
    }
}

TEST_CASE("a node that refuses what another one answers loses its trust") {
    ThreeSites rig;
    rig.open({.items = 1});
    const auto liar = rig.refuse_newest();
    const auto lease = rig.all<SendLease>().back();
    REQUIRE(lease.node.get() != liar);
    rig.finish(lease, 0);
    CHECK_FALSE(rig.all<SettleItem>().front().results.empty());
    CHECK(rig.view(liar).trust < 0.2);
}

TEST_CASE("a refusal that is right excuses no other of the same node") {
    ThreeSites rig;
    rig.open({.items = 6});
    const auto first = rig.leases("n1").front();
    REQUIRE(first.items.size() == 2);
    rig.fail(first, 0, FailureCause::request_rejected);
    rig.fail(first, 1, FailureCause::request_rejected);
    // Others refuse the first one too, and answer the second one.
    bool told = true;
    for (std::size_t done = 0; told;) {
        told = false;
        const auto leases = rig.all<SendLease>();
        for (; done < leases.size(); ++done) {
            if (leases[done].lease == first.lease) continue;
            for (std::uint32_t i = 0; i < leases[done].items.size(); ++i) {
                const bool bad = leases[done].items[i].item == first.items[0].item;
                if (bad)
                    rig.fail(leases[done], i, FailureCause::request_rejected);
                else
                    rig.finish(leases[done], i);
                told = true;
            }
        }
    }
    CHECK(rig.all<JobDrained>().size() == 1);
    CHECK(rig.view("n1").trust < 0.2);
    CHECK(rig.view("n2").trust == doctest::Approx(0.5));
}

TEST_CASE("where there is one site only its nodes are asked again, and then believed") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"n1", "s1", "o1"});
    rig.open({.items = 1});
    for (int i = 0; i < 4; ++i)
        rig.fail(rig.all<SendLease>().back(), 0, FailureCause::request_rejected, "no");
    REQUIRE(rig.all<SettleItem>().size() == 1);
    CHECK(rig.all<SettleItem>().front().cause == FailureCause::request_rejected);
    CHECK(rig.view("n1").trust == doctest::Approx(0.5));
}

TEST_CASE("a refused request ends its other replicas too") {
    ThreeSites rig;
    rig.open({.items = 1, .replicas = 3});
    const auto leases = rig.all<SendLease>();
    REQUIRE(leases.size() == 3);
    rig.fail(leases[0], 0, FailureCause::request_rejected, "no");
    rig.fail(leases[1], 0, FailureCause::request_rejected, "no");
    CHECK(rig.all<SettleItem>().size() == 1);
    REQUIRE(rig.all<RevokeLease>().size() == 1);
    CHECK(rig.all<RevokeLease>().front().loss == LossCause::repeated);
    rig.finish(leases[2], 0, "42");
    CHECK(rig.all<SettleItem>().size() == 1);
    CHECK(rig.scheduler.totals().live_leases == 0);
}

TEST_CASE("to refuse a known question is to miss it") {
    SchedulerOptions options;
    options.canary_share = 0.01;
    Rig rig(options);
    rig.offer(model_a, gib, 5);
    rig.join_ready({"n1", "s1", "o1"});
    rig.open({.items = 40});
    const auto lease = rig.leases("n1").front();
    for (std::uint32_t i = 0; i < lease.items.size(); ++i)
        if (lease.items[i].canary) rig.fail(lease, i, FailureCause::request_rejected);
    CHECK(rig.view("n1").trust < 0.2);
    CHECK(rig.view("n1").outstanding_items == 0);
}

TEST_CASE("a node that refused a stream is blamed when one that is trusted as much answers it") {
    ThreeSites rig;
    request(rig, 1);
    const auto liar = rig.latest<StartStream>().front().node;
    rig.tell(StreamFinished{StreamId{1}, FailureCause::request_rejected});
    CHECK(rig.view(liar.get()).trust == doctest::Approx(0.5));
    request(rig, 2, {liar}, {liar});
    CHECK(rig.latest<StartStream>().front().node != liar);
    rig.tell(StreamFinished{StreamId{2}, FailureCause::none});
    CHECK(rig.view(liar.get()).trust < 0.2);
}

TEST_CASE("a trusted node that refused a stream is not blamed by a stranger's answer") {
    ThreeSites rig(true);
    rig.join_ready({"n2", "s2", "o2"});
    request(rig, 1, {NodeId{"n1"}}, {NodeId{"n1"}});
    CHECK(rig.latest<StartStream>().front().node.get() == "n2");
    rig.tell(StreamFinished{StreamId{1}, FailureCause::none});
    CHECK(rig.view("n1").trust > 0.9);
}

TEST_CASE("a stream goes on at another site, and at the same one when there is no other") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"n1", "s1", "o1"});
    rig.join_ready({"n2", "s1", "o1"});
    rig.join_ready({"n3", "s2", "o2"});
    request(rig, 1, {NodeId{"n1"}});
    CHECK(rig.latest<StartStream>().front().node.get() == "n3");
    request(rig, 2, {NodeId{"n1"}});  // although n3 is the busier one
    CHECK(rig.latest<StartStream>().front().node.get() == "n3");
    request(rig, 3, {NodeId{"n1"}, NodeId{"n3"}});
    CHECK(rig.latest<StartStream>().front().node.get() == "n2");
}
