/// Leases end: by results, returns, expiry, lost nodes.

#include <doctest/doctest.h>

#include "tests/unit/coordinator/core/scheduler/rig.h"

using namespace gleaner;
using namespace gleaner::core;
using namespace gleaner::core::test;

namespace {

std::vector<std::uint32_t> items_of(const std::vector<SendLease>& leases) {
    std::vector<std::uint32_t> items;
    for (const auto& lease : leases)
        for (const auto& item : lease.items) items.push_back(item.item);
    std::ranges::sort(items);
    return items;
}

}  // namespace

TEST_CASE("a lease that expires returns only its unfinished items") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"n1", "s1", "o1"});
    rig.open({.items = 6});
    const auto lease = rig.leases("n1").front();
    REQUIRE(lease.items.size() == 6);
    rig.finish(lease, 0);
    rig.finish(lease, 3);
    rig.clear();
    rig.advance(lease.deadline + 1s);
    REQUIRE(rig.all<RevokeLease>().size() == 1);
    CHECK(rig.all<RevokeLease>().front().loss == LossCause::engine);
    rig.join_ready({"n2", "s2", "o2"});
    rig.advance(30s);
    auto again = items_of(rig.all<SendLease>());
    again.erase(std::unique(again.begin(), again.end()), again.end());
    for (const auto item : again) CHECK((item != 0 && item != 3));
    CHECK(rig.scheduler.totals().pending_items + rig.scheduler.totals().leased_items == 4);
}

TEST_CASE("a result that comes after its lease ended is ignored") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"n1", "s1", "o1"});
    rig.open({.items = 1});
    const auto lease = rig.leases("n1").front();
    rig.leave("n1", LeaveCause::goodbye);
    REQUIRE(rig.all<RevokeLease>().size() == 1);
    CHECK(rig.all<RevokeLease>().front().loss == LossCause::connection);
    rig.join_ready({"n2", "s2", "o2"});
    rig.clear();
    rig.finish(lease, 0);
    CHECK(rig.all<SettleItem>().empty());
    REQUIRE(rig.all<DiscardResult>().size() == 1);
    CHECK(rig.all<DiscardResult>().front().loss == LossCause::repeated);
    rig.finish(rig.view("n2").outstanding_items == 1 ? lease : lease, 0);
    CHECK(rig.all<SettleItem>().empty());
}

TEST_CASE("the same result twice settles its item once") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"n1", "s1", "o1"});
    rig.open({.items = 2});
    const auto lease = rig.leases("n1").front();
    rig.finish(lease, 0);
    rig.finish(lease, 0);
    CHECK(rig.all<SettleItem>().size() == 1);
}

TEST_CASE("a node cannot finish another node's lease") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"n1", "s1", "o1"});
    rig.join_ready({"n2", "s2", "o2"});
    rig.open({.items = 2});
    auto lease = rig.leases("n1").front();
    lease.node = NodeId{"n2"};
    rig.finish(lease, 0);
    CHECK(rig.all<SettleItem>().empty());
}

TEST_CASE("a handed-back lease goes to another node at once and blames nobody") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"n1", "s1", "o1"});
    rig.open({.items = 4});
    const auto lease = rig.leases("n1").front();
    rig.join_ready({"n2", "s2", "o2"});
    const auto quota = rig.view("n1").quota;
    const auto trust = rig.view("n1").trust;
    rig.clear();
    rig.give_back(lease, FailureCause::reclaimed);
    CHECK(items_of(rig.leases("n2")).size() == 4);
    CHECK(rig.leases("n1").empty());
    CHECK(rig.view("n1").quota == quota);
    CHECK(rig.view("n1").trust == trust);
    const auto second = rig.leases("n2").front();
    rig.finish_all(second);
    for (const auto& settled : rig.all<SettleItem>()) CHECK(settled.attempts == 1);
}

TEST_CASE("a lost node's leases wait for the grace and then go elsewhere") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"n1", "s1", "o1"});
    rig.open({.items = 4});
    rig.join_ready({"n2", "s2", "o2"});
    rig.clear();
    rig.leave("n1");
    rig.advance(9s);
    CHECK(rig.leases("n2").empty());
    rig.advance(2s);
    CHECK(items_of(rig.leases("n2")).size() == 4);
}

TEST_CASE("a node that comes back within the grace keeps what it still holds") {
    Rig rig;
    rig.offer(model_a);
    NodeSpec node{"n1", "s1", "o1"};
    rig.join_ready(node);
    rig.open({.items = 4});
    const auto lease = rig.leases("n1").front();
    rig.finish(lease, 0);
    rig.leave("n1");
    rig.advance(5s);
    rig.clear();
    node.held = {{lease.lease, {2, 3}}};  // item 1 was lost with the connection
    rig.join(node);
    REQUIRE(rig.latest<WelcomeNode>().size() == 1);
    CHECK(rig.latest<WelcomeNode>().front().keep == std::vector<LeaseId>{lease.lease});
    CHECK(rig.scheduler.totals().pending_items == 1);
    rig.ready(node, model_a);
    rig.capacity(node, model_a);
    CHECK(items_of(rig.leases("n1")) == std::vector<std::uint32_t>{1});
    rig.finish(lease, 2);
    rig.finish(lease, 3);
    CHECK(rig.all<SettleItem>().size() == 2);
}

TEST_CASE("a lease that the grid took back is not kept by a returning node") {
    Rig rig;
    rig.offer(model_a);
    NodeSpec node{"n1", "s1", "o1"};
    rig.join_ready(node);
    rig.open({.items = 4});
    const auto lease = rig.leases("n1").front();
    rig.leave("n1");
    rig.advance(20s);
    node.held = {{lease.lease, {0, 1, 2, 3}}};
    rig.join(node);
    CHECK(rig.latest<WelcomeNode>().front().keep.empty());
}

TEST_CASE("a goodbye and a cut-off return leases without waiting") {
    for (const auto cause : {LeaveCause::goodbye, LeaveCause::cut_off}) {
        Rig rig;
        rig.offer(model_a);
        rig.join_ready({"n1", "s1", "o1"});
        rig.open({.items = 4});
        rig.join_ready({"n2", "s2", "o2"});
        rig.clear();
        rig.leave("n1", cause);
        CHECK(items_of(rig.leases("n2")).size() == 4);
    }
}

TEST_CASE("a session that replaces another loses no item") {
    Rig rig;
    rig.offer(model_a);
    const NodeSpec node{"n1", "s1", "o1"};
    rig.join_ready(node);
    rig.open({.items = 8});
    rig.join_ready(node);
    CHECK(rig.scheduler.totals().pending_items + rig.scheduler.totals().leased_items == 8);
    CHECK(rig.scheduler.totals().connected_nodes == 1);
}

TEST_CASE("the loss of many nodes at once pauses re-leasing") {
    Rig rig;
    rig.offer(model_a);
    for (int i = 0; i < 10; ++i)
        rig.join_ready({"n" + std::to_string(i), "s" + std::to_string(i), "o" + std::to_string(i)});
    rig.open({.items = 100});
    for (int i = 0; i < 8; ++i) rig.leave("n" + std::to_string(i));
    CHECK(rig.scheduler.totals().outage_suspected);
    CHECK(rig.all<Note>().size() == 1);
    rig.advance(25s);
    CHECK(rig.view("n0").outstanding_items > 0);
    rig.advance(10s);
    CHECK_FALSE(rig.scheduler.totals().outage_suspected);
    for (int i = 0; i < 8; ++i) CHECK(rig.view("n" + std::to_string(i)).outstanding_items == 0);
}

TEST_CASE("nodes that come back end a suspected outage and keep their work") {
    Rig rig;
    rig.offer(model_a);
    std::vector<NodeSpec> specs;
    for (int i = 0; i < 10; ++i) {
        specs.push_back(
            {"n" + std::to_string(i), "s" + std::to_string(i), "o" + std::to_string(i)});
        rig.join_ready(specs.back());
    }
    rig.open({.items = 80});
    for (const auto& spec : specs) rig.leave(spec.name);
    REQUIRE(rig.scheduler.totals().outage_suspected);
    rig.advance(20s);  // longer than the grace
    for (auto& spec : specs) {
        const auto lease = rig.leases(spec.name).front();
        std::vector<std::uint32_t> all;
        for (std::uint32_t i = 0; i < lease.items.size(); ++i) all.push_back(i);
        spec.held = {{lease.lease, all}};
    }
    for (std::size_t i = 0; i < 6; ++i) {
        rig.join(specs[i]);
        CHECK(rig.latest<WelcomeNode>().front().keep.size() == 1);
    }
    CHECK_FALSE(rig.scheduler.totals().outage_suspected);
}

TEST_CASE("a site that is lost as a whole is one event, and no outage of the grid") {
    Rig rig;
    rig.offer(model_a);
    const auto cafe = [](int i) { return NodeSpec{"c" + std::to_string(i), "cafe", "o1"}; };
    for (int i = 0; i < 20; ++i) rig.join_ready(cafe(i));
    for (int i = 0; i < 5; ++i) {
        const auto number = std::to_string(i);
        rig.join_ready({"n" + number, "s" + number, "o2"});
    }
    rig.open({.items = 100});
    rig.clear();
    for (int i = 0; i < 20; ++i) {
        if (i == 10) rig.leave("n0");  // and one elsewhere, by chance
        rig.leave("c" + std::to_string(i));
    }
    CHECK_FALSE(rig.scheduler.totals().outage_suspected);
    CHECK(rig.scheduler.totals().site_outages == 1);
    REQUIRE(rig.all<Note>().size() == 1);
    CHECK(rig.all<Note>().front().text.find("20 nodes of site cafe") != std::string::npos);
    rig.advance(11s);  // the grace: their work goes to others
    CHECK(rig.view("c0").outstanding_items == 0);
    rig.clear();
    for (int i = 0; i < 20; ++i) rig.join_ready(cafe(i));
    CHECK(rig.all<Note>().size() == 1);  // back again
    for (int i = 0; i < 3; ++i) rig.leave("c" + std::to_string(i));
    CHECK(rig.scheduler.totals().site_outages == 1);
}

TEST_CASE("the loss of a few nodes among many is no outage") {
    Rig rig;
    rig.offer(model_a);
    for (int i = 0; i < 20; ++i)
        rig.join_ready({"n" + std::to_string(i), "s" + std::to_string(i), "o"});
    for (int i = 0; i < 6; ++i) rig.leave("n" + std::to_string(i));
    CHECK_FALSE(rig.scheduler.totals().outage_suspected);
}

TEST_CASE("a drained node finishes what it has and gets nothing new") {
    Rig rig;
    rig.offer(model_a);
    NodeSpec node{"n1", "s1", "o1"};
    node.items = 4;
    rig.join_ready(node);
    rig.open({.items = 40});
    const auto lease = rig.leases("n1").front();
    rig.tell(NodeDrained{NodeId{"n1"}});
    rig.clear();
    rig.finish_all(lease);
    CHECK(rig.all<SettleItem>().size() == 4);
    CHECK(rig.all<SendLease>().empty());
}

TEST_CASE("a paused node gets nothing new until it resumes") {
    Rig rig;
    rig.offer(model_a);
    const NodeSpec node{"n1", "s1", "o1"};
    rig.join_ready(node);
    rig.tell(CapacityChanged{NodeId{"n1"}, {{model_a, 64, 4}}, true});
    rig.open({.items = 4});
    CHECK(rig.leases("n1").empty());
    rig.capacity(node, model_a);
    CHECK(rig.lent_to("n1") == 4);
}
