/// A coordinator that stood still blames nobody for it.

#include <doctest/doctest.h>

#include "tests/unit/coordinator/core/scheduler/rig.h"

using namespace gleaner;
using namespace gleaner::core;
using namespace gleaner::core::test;

namespace {

/// Time passes and nothing is delivered, as when the process is suspended.
void stand_still(Rig& rig, Duration time) {
    rig.now = rig.now + time;
}

}  // namespace

TEST_CASE("a coordinator that was suspended takes no lease back and lowers no standing") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"n1", "s1", "o1"});
    rig.join_ready({"n2", "s2", "o2"});
    rig.open({.items = 8});
    const auto before = rig.all<SendLease>();
    REQUIRE(before.size() == 2);
    const auto quota = rig.view("n1").quota;
    rig.clear();
    stand_still(rig, std::chrono::hours(1));
    rig.tell(Tick{});  // its timers first, and then what the nodes said meanwhile
    CHECK(rig.all<RevokeLease>().empty());
    CHECK(rig.all<Note>().size() == 1);
    rig.advance(5s);
    for (const auto& lease : before) rig.finish_all(lease);
    REQUIRE(rig.all<SettleItem>().size() == 8);
    for (const auto& settled : rig.all<SettleItem>()) CHECK(settled.attempts == 1);
    CHECK(rig.view("n1").quota >= quota);
    CHECK(rig.all<RevokeLease>().empty());
}

TEST_CASE("a lease gets the time of the suspension again, and no more than that") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"n1", "s1", "o1"});
    rig.open({.items = 400});  // more than is lent: what waits is looked at every two seconds
    const auto lease = rig.leases("n1").front();
    const Time ends = rig.now + lease.deadline;
    rig.advance(10s);
    stand_still(rig, std::chrono::minutes(10));
    rig.tell(Tick{});
    rig.tell(Tick{});  // one suspension, however many events follow
    rig.clear();
    rig.advance(ends - rig.now + std::chrono::minutes(10) - 10s);
    CHECK(rig.all<RevokeLease>().empty());
    rig.advance(12s);
    CHECK_FALSE(rig.all<RevokeLease>().empty());
}

TEST_CASE("a lease whose end passed while the coordinator stood still is given time to report") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"n1", "s1", "o1"});
    rig.open({.items = 4});
    const auto lease = rig.leases("n1").front();
    stand_still(rig, lease.deadline * 3);
    rig.tell(Tick{});
    rig.clear();
    rig.advance(25s);
    CHECK(rig.all<RevokeLease>().empty());
    rig.advance(lease.deadline * 3);
    CHECK_FALSE(rig.all<RevokeLease>().empty());
}

TEST_CASE("a job whose deadline passed during the suspension is expired all the same") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"n1", "s1", "o1"});
    rig.open({.items = 4, .deadline = std::chrono::minutes(5)});
    stand_still(rig, std::chrono::minutes(10));
    rig.tell(Tick{});
    REQUIRE(rig.all<JobDrained>().size() == 1);
    CHECK(rig.all<JobDrained>().front().expired);
}

TEST_CASE("a stream and a load that ran while the coordinator stood still go on") {
    Rig rig;
    rig.offer(model_a);
    rig.offer(model_b);
    rig.join_ready({"n1", "s1", "o1"});
    StreamRequested event;
    event.stream = StreamId{1};
    event.customer = CustomerId{"c"};
    event.model = model_a;
    event.give_up = rig.now + 30s;
    rig.tell(event);
    rig.join({"n2", "s2", "o2"});
    rig.tell(CapacityChanged{NodeId{"n2"}, {}, false});
    rig.open({.items = 4, .model = model_b});
    REQUIRE_FALSE(rig.all<LoadModel>().empty());
    rig.clear();
    stand_still(rig, std::chrono::hours(1));
    rig.tell(Tick{});
    CHECK(rig.all<InterruptStream>().empty());
    CHECK(rig.all<LoadModel>().empty());
    CHECK(rig.scheduler.totals().running_streams == 1);
}

TEST_CASE("a late timer of a coordinator that is merely busy changes nothing") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"n1", "s1", "o1"});
    rig.open({.items = 4});
    const auto lease = rig.leases("n1").front();
    rig.clear();
    for (Duration waited{}; waited < lease.deadline + 20s; waited += 2s) {
        stand_still(rig, 2s);
        rig.tell(StoreRecovered{});  // events come in, the Tick does not
    }
    rig.tell(Tick{});
    CHECK(rig.all<RevokeLease>().size() == 1);
}
