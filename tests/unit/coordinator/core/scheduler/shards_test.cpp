/// Sizing and lending of shards.

#include <set>

#include <doctest/doctest.h>

#include "tests/unit/coordinator/core/scheduler/rig.h"

using namespace gleaner;
using namespace gleaner::core;
using namespace gleaner::core::test;

namespace {

/// Works off leases of `node` in order, one item each `each`, so that its speed is known.
void work_steadily(Rig& rig, const std::string& node, Duration each, int items) {
    std::vector<SendLease> leases = rig.leases(node);
    std::size_t next_lease = 0;
    std::uint32_t next_index = 0;
    for (int i = 0; i < items; ++i) {
        rig.advance(each);
        REQUIRE(next_lease < leases.size());
        rig.finish(leases[next_lease], next_index);
        for (const auto& lease : rig.latest<SendLease>())
            if (lease.node.get() == node) leases.push_back(lease);
        CHECK(rig.view(node).outstanding_items >= 8);
        if (++next_index == leases[next_lease].items.size()) {
            ++next_lease;
            next_index = 0;
        }
    }
}

}  // namespace

TEST_CASE("work is pushed as soon as a node announces its window") {
    Rig rig;
    rig.offer(model_a);
    rig.open({.items = 100});
    const NodeSpec node{"n1", "s1", "o1"};
    rig.join(node);
    rig.ready(node, model_a);
    CHECK(rig.leases("n1").empty());
    rig.capacity(node, model_a);
    REQUIRE(rig.latest<SendLease>().size() == 1);
    const auto lease = rig.latest<SendLease>().front();
    CHECK(lease.job == JobId{"job"});
    CHECK(lease.model == model_a);
    CHECK(lease.items.front().item == 0);
}

TEST_CASE("a node never holds more than its window") {
    Rig rig;
    rig.offer(model_a);
    NodeSpec node{"n1", "s1", "o1"};
    node.items = 5;
    rig.join_ready(node);
    rig.open({.items = 1000});
    CHECK(rig.lent_to("n1") == 5);
    CHECK(rig.view("n1").outstanding_items == 5);
}

TEST_CASE("a node that was never observed gets a taste only, whatever it claims") {
    Rig rig;
    rig.offer(model_a);
    NodeSpec node{"n1", "s1", "o1"};
    node.items = 5'000;
    node.claim = 1e9;
    rig.join_ready(node);
    rig.open({.items = 20'000});
    CHECK(rig.lent_to("n1") == 16);  // twice its slots
}

TEST_CASE("a shard takes about forty-five seconds at the observed speed") {
    Rig rig;
    rig.offer(model_a);
    NodeSpec node{"n1", "s1", "o1"};
    node.items = 5'000;
    rig.join_ready(node);
    rig.open({.items = 50'000});
    work_steadily(rig, "n1", 500ms, 400);  // two items a second
    const double seconds_held = rig.view("n1").outstanding_items / 2.0;
    CHECK(seconds_held > 8);
    CHECK(seconds_held < 60);
    std::size_t largest = 0;
    for (const auto& lease : rig.leases("n1")) largest = std::max(largest, lease.items.size());
    CHECK(largest >= 60);
    CHECK(largest <= 120);
}

TEST_CASE("a node is refilled before it runs dry") {
    Rig rig;
    rig.offer(model_a);
    NodeSpec node{"n1", "s1", "o1"};
    node.items = 5'000;
    rig.join_ready(node);
    rig.open({.items = 20'000});
    work_steadily(rig, "n1", 500ms, 300);  // checks that a slot's worth is always there
}

TEST_CASE("the end of a job is spread evenly over the nodes") {
    Rig rig;
    rig.offer(model_a);
    for (const char* name : {"n1", "n2", "n3"}) rig.join_ready({name, "s1", "o1"});
    rig.open({.items = 12});
    CHECK(rig.lent_to("n1") == 4);
    CHECK(rig.lent_to("n2") == 4);
    CHECK(rig.lent_to("n3") == 4);
}

TEST_CASE("no single node takes more than its guided share of what remains") {
    Rig rig;
    rig.offer(model_a);
    NodeSpec fast{"n1", "s1", "o1"};
    fast.items = 5'000;
    rig.join_ready(fast);
    rig.join_ready({"n2", "s2", "o2"});
    rig.open({.items = 400});
    work_steadily(rig, "n1", 1ms, 50);
    std::size_t largest = 0;
    for (const auto& lease : rig.leases("n1")) largest = std::max(largest, lease.items.size());
    CHECK(largest <= 400 / 4);
}

TEST_CASE("no lease is sent whose estimated finish is past the job's deadline") {
    Rig rig;
    rig.offer(model_a);
    NodeSpec node{"n1", "s1", "o1"};
    node.claim = 2;  // counts as one token a second: 64 tokens on 8 slots take minutes
    rig.join_ready(node);
    rig.open({.items = 10, .deadline = 60s});
    CHECK(rig.leases("n1").empty());
    rig.open({.name = "patient", .items = 10, .deadline = std::chrono::hours(2)});
    REQUIRE(rig.leases("n1").size() == 1);
    CHECK(rig.leases("n1").front().job == JobId{"patient"});
}

TEST_CASE("a shard is cut so that it ends before the deadline") {
    Rig rig;
    rig.offer(model_a);
    NodeSpec node{"n1", "s1", "o1"};
    node.items = 1'000;
    rig.join_ready(node);
    rig.open({.items = 10'000});
    work_steadily(rig, "n1", 250ms, 200);  // 4 items a second
    rig.tell(JobCancelled{JobId{"job"}});
    rig.clear();
    rig.open({.name = "soon", .items = 10'000, .deadline = 12s});
    REQUIRE_FALSE(rig.leases("n1").empty());
    CHECK(rig.leases("n1").front().items.size() <= 50);
    CHECK(rig.leases("n1").front().deadline <= 12s);
}

TEST_CASE("canaries count when a shard is cut to the deadline, also those of a distrusted node") {
    SchedulerOptions options;
    options.canary_share = 0.9;
    Rig rig(options);
    rig.offer(model_a, gib, 5);
    NodeSpec node{"n1", "s1", "o1"};
    node.claim = 32;  // counts as 16 tokens a second: an item of 64 on 8 slots takes 32 s
    rig.join_ready(node);
    rig.open({.items = 100, .deadline = 41s});
    REQUIRE_FALSE(rig.leases("n1").empty());
    CHECK(rig.lent_to("n1") <= 10);  // 41 s at 16 tokens a second
    const auto lease = rig.leases("n1").front();
    for (std::uint32_t i = 0; i < lease.items.size(); ++i)
        if (lease.items[i].canary) rig.finish(lease, i, "x", Verdict::wrong);
    REQUIRE(rig.view("n1").trust < 0.2);
    rig.clear();
    rig.advance(35s);  // time for a probe, and too late for it
    CHECK(rig.leases("n1").empty());
}

TEST_CASE("a lease's items are in order and no item is lent twice") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"n1", "s1", "o1"});
    rig.join_ready({"n2", "s2", "o2"});
    rig.open({.items = 60});
    std::vector<std::uint32_t> seen;
    std::size_t done = 0;
    while (done < rig.all<SendLease>().size()) {
        const auto lease = rig.all<SendLease>()[done++];
        for (const auto& item : lease.items) seen.push_back(item.item);
        rig.advance(1s);
        rig.finish_all(lease);
    }
    std::ranges::sort(seen);
    REQUIRE(seen.size() == 60);
    for (std::uint32_t i = 0; i < 60; ++i) CHECK(seen[i] == i);
    CHECK(rig.all<JobDrained>().size() == 1);
    CHECK(rig.all<SettleItem>().size() == 60);
}

TEST_CASE("canaries are hidden among the items and count against the window") {
    SchedulerOptions options;
    options.canary_share = 0.1;
    Rig rig(options);
    rig.offer(model_a, gib, 10);
    rig.join_ready({"n1", "s1", "o1"});
    rig.open({.items = 2'000});
    std::size_t canaries = 0;
    std::size_t items = 0;
    std::set<std::size_t> positions;
    for (std::size_t i = 0; i < 60; ++i) {
        const auto leases = rig.leases("n1");
        if (i >= leases.size()) break;
        for (std::size_t at = 0; at < leases[i].items.size(); ++at) {
            if (leases[i].items[at].canary) {
                ++canaries;
                positions.insert(at);
                CHECK(leases[i].items[at].item < 10);
            } else {
                ++items;
            }
        }
        CHECK(rig.view("n1").outstanding_items <= 64);
        rig.advance(1s);
        rig.finish_all(leases[i]);
    }
    CHECK(canaries > items / 20);
    CHECK(canaries < items / 3);
    CHECK(positions.size() > 3);
}

TEST_CASE("a stranger's first shard holds a canary") {
    SchedulerOptions options;
    options.canary_share = 0.0001;
    Rig rig(options);
    rig.offer(model_a, gib, 3);
    rig.join_ready({"n1", "s1", "o1"});
    rig.open({.items = 100});
    REQUIRE(rig.leases("n1").size() == 1);
    CHECK(std::ranges::any_of(rig.leases("n1").front().items,
                              [](const LeaseItem& item) { return item.canary; }));
}
