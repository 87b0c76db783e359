/// Jobs: opening, resuming, ending; fairness; privacy.

#include <deque>
#include <map>
#include <set>

#include <doctest/doctest.h>

#include "tests/unit/coordinator/core/scheduler/rig.h"

using namespace gleaner;
using namespace gleaner::core;
using namespace gleaner::core::test;

TEST_CASE("a job without items drains at once") {
    Rig rig;
    rig.offer(model_a);
    rig.open({.items = 0});
    REQUIRE(rig.all<JobDrained>().size() == 1);
    CHECK_FALSE(rig.all<JobDrained>().front().expired);
}

TEST_CASE("after a restart only unsettled items are lent") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"n1", "s1", "o1"});
    rig.open({.items = 6, .settled = {0, 1, 4}});
    std::set<std::uint32_t> lent;
    for (const auto& lease : rig.leases("n1"))
        for (const auto& item : lease.items) lent.insert(item.item);
    CHECK(lent == std::set<std::uint32_t>{2, 3, 5});
    rig.finish_all(rig.leases("n1").front());
    CHECK(rig.all<JobDrained>().size() == 1);
}

TEST_CASE("a job of which everything is settled drains at once after a restart") {
    Rig rig;
    rig.offer(model_a);
    rig.open({.items = 2, .settled = {0, 1}});
    CHECK(rig.all<JobDrained>().size() == 1);
}

TEST_CASE("a job opened twice is one job") {
    Rig rig;
    rig.offer(model_a);
    rig.open({.items = 5});
    rig.open({.items = 5});
    CHECK(rig.scheduler.totals().pending_items == 5);
}

TEST_CASE("a cancelled job's leases are taken back and it drains") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"n1", "s1", "o1"});
    rig.open({.items = 100});
    const auto lease = rig.leases("n1").front();
    rig.tell(JobCancelled{JobId{"job"}});
    REQUIRE(rig.latest<RevokeLease>().size() == 1);
    CHECK(rig.latest<RevokeLease>().front().loss == LossCause::cancelled);
    REQUIRE(rig.latest<JobDrained>().size() == 1);
    CHECK_FALSE(rig.latest<JobDrained>().front().expired);
    CHECK(rig.scheduler.totals().pending_items == 0);
    rig.finish(lease, 0);
    CHECK(rig.all<SettleItem>().empty());
}

TEST_CASE("a job whose deadline passes drains as expired") {
    Rig rig;
    rig.offer(model_a);
    rig.open({.items = 10, .deadline = 60s});
    rig.advance(59s);
    CHECK(rig.all<JobDrained>().empty());
    rig.advance(2s);
    REQUIRE(rig.all<JobDrained>().size() == 1);
    CHECK(rig.all<JobDrained>().front().expired);
}

TEST_CASE("a job whose deadline has passed already expires when it is opened") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"n1", "s1", "o1"});
    rig.open({.items = 10, .deadline = -1s});
    REQUIRE(rig.all<JobDrained>().size() == 1);
    CHECK(rig.all<JobDrained>().front().expired);
    CHECK(rig.all<SendLease>().empty());
}

TEST_CASE("a small tenant is served at the next refill, whatever a huge one has queued") {
    Rig rig;
    rig.offer(model_a);
    NodeSpec node{"n1", "s1", "o1"};
    node.items = 16;
    rig.join_ready(node);
    rig.open({.name = "huge", .customer = "big", .items = 50'000});
    rig.open({.name = "tiny", .customer = "small", .items = 3});
    rig.clear();
    // The node works off what it holds; the first new lease goes to the small tenant.
    rig.tell(ItemFinished{NodeId{"n1"}, LeaseId{1}, 0});
    for (std::uint32_t i = 1; i < 12 && rig.all<SendLease>().empty(); ++i)
        rig.tell(ItemFinished{NodeId{"n1"}, LeaseId{1}, i});
    REQUIRE_FALSE(rig.all<SendLease>().empty());
    CHECK(rig.all<SendLease>().front().job == JobId{"tiny"});
}

TEST_CASE("two busy tenants share the grid evenly") {
    Rig rig;
    rig.offer(model_a);
    for (int i = 0; i < 8; ++i)
        rig.join_ready({"n" + std::to_string(i), "s" + std::to_string(i), "o"});
    rig.open({.name = "one", .customer = "c1", .items = 2'000});
    rig.open({.name = "two", .customer = "c2", .items = 2'000});
    std::map<std::string, int> settled;
    std::deque<SendLease> held;
    for (const auto& lease : rig.all<SendLease>()) held.push_back(lease);
    while (settled["one"] + settled["two"] < 1'000) {
        const auto lease = held.front();
        held.pop_front();
        rig.advance(200ms);
        for (std::uint32_t i = 0; i < lease.items.size(); ++i) {
            rig.finish(lease, i);
            for (const auto& next : rig.latest<SendLease>()) held.push_back(next);
        }
        settled[lease.job.get()] += static_cast<int>(lease.items.size());
    }
    CHECK(settled["one"] > 350);
    CHECK(settled["two"] > 350);
}

TEST_CASE("within a customer the oldest jobs come first and several run together") {
    Rig rig;
    rig.offer(model_a);
    NodeSpec node{"n1", "s1", "o1"};
    node.items = 4;
    rig.join_ready(node);
    for (int i = 0; i < 6; ++i) rig.open({.name = "job" + std::to_string(i), .items = 100});
    std::set<std::string> seen;
    for (std::size_t done = 0; done < 12; ++done) {
        const auto lease = rig.leases("n1")[done];
        seen.insert(lease.job.get());
        rig.advance(1s);
        rig.finish_all(lease);
    }
    CHECK(seen.contains("job0"));
    CHECK_FALSE(seen.contains("job4"));
    CHECK_FALSE(seen.contains("job5"));
}

TEST_CASE("certified and own are hard limits for items") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"plain", "s1", "o1"});
    rig.open({.name = "c", .items = 2, .privacy = PrivacyClass::certified});
    rig.open({.name = "o", .items = 2, .privacy = PrivacyClass::own, .own_sites_of = "mine"});
    rig.open({.name = "nobodys", .items = 2, .privacy = PrivacyClass::own});
    CHECK(rig.all<SendLease>().empty());
    NodeSpec certified{"certified", "s2", "o2"};
    certified.certified = true;
    rig.join_ready(certified);
    REQUIRE(rig.all<SendLease>().size() == 1);
    CHECK(rig.all<SendLease>().front().job == JobId{"c"});
    rig.join_ready({"ours", "s3", "mine"});
    REQUIRE(rig.all<SendLease>().size() == 2);
    CHECK(rig.all<SendLease>().back().job == JobId{"o"});
    CHECK(rig.all<SendLease>().back().node.get() == "ours");
    CHECK(rig.scheduler.totals().pending_items == 2);  // own sites of a customer who has none
}

TEST_CASE("the same events, times and seed give the same commands") {
    const auto play = [] {
        SchedulerOptions options;
        options.seed = 42;
        Rig rig(options);
        rig.offer(model_a, gib, 20);
        for (int i = 0; i < 10; ++i)
            rig.join_ready({"n" + std::to_string(i), "s" + std::to_string(i % 3), "o"});
        rig.open({.items = 200});
        std::size_t done = 0;
        std::string text;
        while (done < rig.all<SendLease>().size()) {
            const auto lease = rig.all<SendLease>()[done++];
            text += lease.node.get() + std::to_string(lease.lease.get());
            for (const auto& item : lease.items)
                text += (item.canary ? "c" : "i") + std::to_string(item.item);
            rig.advance(700ms);
            rig.finish_all(lease);
        }
        return text;
    };
    CHECK(play() == play());
}
