/// While the store cannot save results nothing new is handed out.

#include <doctest/doctest.h>

#include "coordinator/core/admission/save_backlog.h"
#include "tests/unit/coordinator/core/scheduler/rig.h"

using namespace gleaner;
using namespace gleaner::core;
using namespace gleaner::core::test;

namespace {

void request(Rig& rig, std::uint64_t id, std::vector<NodeId> avoid = {}) {
    StreamRequested event;
    event.stream = StreamId{id};
    event.customer = CustomerId{"c"};
    event.model = model_a;
    event.avoid = std::move(avoid);
    event.give_up = rig.now + 30s;
    rig.tell(event);
}

}  // namespace

TEST_CASE("a backlog stalls above its bound and goes on below a lower one") {
    SaveBacklog backlog({.stall_above = 10, .resume_below = 5});
    backlog.queued(10);
    CHECK_FALSE(backlog.stalled());
    backlog.queued(1);
    CHECK(backlog.stalled());
    CHECK_FALSE(backlog.failing());
    backlog.saved(6);
    CHECK(backlog.stalled());
    backlog.saved(1);
    CHECK_FALSE(backlog.stalled());
    CHECK(backlog.unsaved() == 4);
}

TEST_CASE("a write that fails stalls at once, one that succeeds ends it when little waits") {
    SaveBacklog backlog({.stall_above = 10, .resume_below = 5});
    backlog.queued(8);
    backlog.failed();
    CHECK(backlog.stalled());
    CHECK(backlog.failing());
    backlog.saved(1);
    CHECK_FALSE(backlog.failing());
    CHECK(backlog.stalled());
    backlog.saved(7);
    CHECK_FALSE(backlog.stalled());
}

TEST_CASE("nothing is lent while the store is stalled, and all goes on when it recovers") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"n1", "s1", "o1"});
    rig.tell(StoreStalled{});
    CHECK(rig.scheduler.totals().store_stalled);
    rig.open({.items = 1'000});
    rig.join_ready({"n2", "s2", "o2"});
    rig.advance(5min);
    CHECK(rig.all<SendLease>().empty());
    rig.tell(StoreRecovered{});
    CHECK_FALSE(rig.scheduler.totals().store_stalled);
    CHECK(rig.lent_to("n1") > 0);
    CHECK(rig.lent_to("n2") > 0);
}

TEST_CASE("leases that run while the store is stalled end as ever and blame nobody") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"n1", "s1", "o1"});
    rig.open({.items = 1'000});
    const auto lent = rig.leases("n1");
    REQUIRE(!lent.empty());
    const auto before = rig.view("n1");
    rig.tell(StoreStalled{});
    rig.tell(StoreStalled{});  // told twice
    rig.clear();
    for (const auto& lease : lent) rig.finish_all(lease);
    std::size_t items = 0;
    for (const auto& lease : lent) items += lease.items.size();
    CHECK(rig.all<SettleItem>().size() == items);
    CHECK(rig.all<SendLease>().empty());
    CHECK(rig.all<RevokeLease>().empty());
    CHECK(rig.scheduler.totals().live_leases == 0);
    rig.advance(10min);
    CHECK(rig.view("n1").trust >= before.trust);
    CHECK(rig.view("n1").quota >= before.quota);
    rig.tell(StoreRecovered{});
    REQUIRE(rig.leases("n1").size() == 1);
    // The time without work does not count against its speed.
    rig.finish_all(rig.leases("n1").front());
    CHECK(rig.view("n1").tokens_per_s >= before.tokens_per_s);
}

TEST_CASE("while the store is stalled new streams are refused and those that wait are kept") {
    Rig rig;
    rig.offer(model_a);
    NodeSpec node{"n1", "s1", "o1"};
    node.streams = 1;
    rig.join_ready(node);
    request(rig, 1);
    request(rig, 2);
    rig.tell(StoreStalled{});
    request(rig, 3);
    REQUIRE(rig.latest<RefuseStream>().size() == 1);
    CHECK(rig.latest<RefuseStream>().front().reason == "results cannot be saved at the moment");
    CHECK_FALSE(rig.latest<RefuseStream>().front().never);
    rig.tell(StreamFinished{StreamId{1}});
    CHECK(rig.latest<StartStream>().empty());
    rig.tell(StoreRecovered{});
    REQUIRE(rig.latest<StartStream>().size() == 1);
    CHECK(rig.latest<StartStream>().front().stream == StreamId{2});
}

TEST_CASE("an answer that lost its node goes on while the store is stalled") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"n1", "s1", "o1"});
    rig.join_ready({"n2", "s2", "o2"});
    rig.tell(StoreStalled{});
    request(rig, 1, {NodeId{"n1"}});
    REQUIRE(rig.latest<StartStream>().size() == 1);
    CHECK(rig.latest<StartStream>().front().node == NodeId{"n2"});
}
