/// Machines that work for one customer alone.

#include <doctest/doctest.h>

#include "shared/util/random.h"
#include "tests/unit/coordinator/core/scheduler/rig.h"

using namespace gleaner;
using namespace gleaner::core;
using namespace gleaner::core::test;

namespace {

void reserve(Rig& rig, std::uint32_t devices, bool certified = false,
             const std::string& device_class = "Test CPU") {
    rig.tell(ReservationOpened{"ctr", device_class, devices, certified});
}

void request(Rig& rig, std::uint64_t id, const std::string& reservation) {
    StreamRequested event;
    event.stream = StreamId{id};
    event.customer = CustomerId{"c"};
    event.model = model_a;
    event.reservation = reservation;
    event.give_up = rig.now + 30s;
    rig.tell(event);
}

std::vector<std::string> reserved(const Rig& rig) {
    std::vector<std::string> nodes;
    for (const auto& view : rig.scheduler.nodes())
        if (view.reservation == "ctr") nodes.push_back(view.node.get());
    return nodes;
}

std::vector<std::string> dedicated(const Rig& rig) {
    std::vector<std::string> nodes;
    for (const auto& one : rig.scheduler.dedicated()) nodes.push_back(one.node.get());
    return nodes;
}

std::vector<std::string> list(std::initializer_list<std::string> names) {
    return names;
}

}  // namespace

TEST_CASE("work of a reservation runs on its machines alone, others' work on the rest") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"n1", "s1", "o1"});
    rig.join_ready({"n2", "s2", "o2"});
    reserve(rig, 1);
    REQUIRE(reserved(rig) == list({"n1"}));
    CHECK(dedicated(rig) == list({"n1"}));

    rig.open({.name = "theirs", .customer = "c", .items = 500, .reservation = "ctr"});
    rig.open({.name = "others", .customer = "d", .items = 500});
    CHECK(rig.lent_to("n1") > 0);
    CHECK(rig.lent_to("n2") > 0);
    for (const auto& lease : rig.all<SendLease>())
        CHECK(lease.job.get() == (lease.node.get() == "n1" ? "theirs" : "others"));

    request(rig, 1, "ctr");
    request(rig, 2, "");
    const auto started = rig.all<StartStream>();
    REQUIRE(started.size() == 2);
    CHECK(started[0].node.get() == "n1");
    CHECK(started[1].node.get() == "n2");
}

TEST_CASE("a machine that leaves is replaced at once, and comes back as everybody's") {
    Rig rig;
    rig.offer(model_a);
    const NodeSpec first{"n1", "s1", "o1"};
    rig.join_ready(first);
    reserve(rig, 1);
    REQUIRE(reserved(rig) == list({"n1"}));
    rig.join_ready({"n2", "s2", "o2"});
    rig.open({.name = "theirs", .items = 5, .reservation = "ctr"});
    REQUIRE(rig.lent_to("n1") > 0);

    SUBCASE("lost") {
        rig.leave("n1");
    }
    SUBCASE("its owner uses it") {
        CapacityChanged paused;
        paused.node = NodeId{"n1"};
        paused.paused = true;
        rig.tell(paused);
    }
    SUBCASE("drained") {
        rig.tell(NodeDrained{NodeId{"n1"}});
    }
    CHECK(reserved(rig) == list({"n2"}));
    rig.leave("n1", LeaveCause::cut_off);
    CHECK(rig.lent_to("n2") == 5);
    rig.join_ready(first);
    CHECK(reserved(rig) == list({"n2"}));
}

TEST_CASE("without a replacement it is short, until a machine of its class comes") {
    Rig rig;
    rig.offer(model_a);
    const NodeSpec only{"n1", "s1", "o1"};
    rig.join_ready(only);
    reserve(rig, 1);
    rig.leave("n1");
    CHECK(reserved(rig).empty());
    // It may be back in a moment: a request waits for it rather than to be refused.
    request(rig, 1, "ctr");
    CHECK(rig.all<RefuseStream>().empty());
    rig.join_ready(only);
    CHECK(reserved(rig) == list({"n1"}));
    CHECK(rig.all<StartStream>().size() == 1);

    rig.leave("n1", LeaveCause::goodbye);
    request(rig, 2, "ctr");
    REQUIRE(rig.all<RefuseStream>().size() == 1);
    CHECK(rig.all<RefuseStream>().front().reason ==
          "none of the reserved machines that can run this model is there now");
}

TEST_CASE("machines of another class, or not certified, do not serve it") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"n1", "s1", "o1", false});
    reserve(rig, 1, false, "Other card");
    CHECK(reserved(rig).empty());
    reserve(rig, 1, true);
    CHECK(reserved(rig).empty());
    rig.join_ready({"n2", "s1", "o1", true});
    CHECK(reserved(rig) == list({"n2"}));
}

TEST_CASE("what a machine was lent before it ends there; until then it counts as not delivered") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"n1", "s1", "o1"});
    rig.open({.name = "others", .items = 100});
    request(rig, 1, "");
    const auto lent = rig.leases("n1");
    REQUIRE(lent.size() == 1);
    reserve(rig, 1);
    CHECK(reserved(rig) == list({"n1"}));
    CHECK(dedicated(rig).empty());
    rig.finish_all(lent[0]);
    CHECK(rig.leases("n1").size() == 1);
    CHECK(dedicated(rig).empty());
    StreamFinished answered;
    answered.stream = StreamId{1};
    rig.tell(answered);
    CHECK(dedicated(rig) == list({"n1"}));
    request(rig, 2, "");
    CHECK(rig.all<StartStream>().size() == 1);
}

TEST_CASE("when it is over its machines are everybody's again and its work ends") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"n1", "s1", "o1"});
    reserve(rig, 1);
    rig.open({.name = "theirs", .items = 500, .reservation = "ctr"});
    rig.open({.name = "others", .items = 500});
    REQUIRE(rig.leases("n1").size() == 1);
    rig.clear();
    rig.tell(ReservationClosed{"ctr"});
    CHECK(reserved(rig).empty());
    REQUIRE(rig.all<JobDrained>().size() == 1);
    CHECK(rig.all<JobDrained>().front().job.get() == "theirs");
    CHECK(rig.all<JobDrained>().front().expired);
    for (const auto& lease : rig.leases("n1")) CHECK(lease.job.get() == "others");
    CHECK(rig.lent_to("n1") > 0);
    request(rig, 1, "ctr");
    REQUIRE(rig.all<RefuseStream>().size() == 1);
    CHECK(rig.all<RefuseStream>().front().reason == "the reservation is over");
}

TEST_CASE("without devices its machines go back, and its work waits until it has some again") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"n1", "s1", "o1"});
    reserve(rig, 1);
    reserve(rig, 0);
    CHECK(reserved(rig).empty());
    rig.open({.name = "theirs", .items = 5, .reservation = "ctr"});
    CHECK(rig.lent_to("n1") == 0);
    CHECK(rig.all<JobDrained>().empty());
    reserve(rig, 1);
    CHECK(rig.lent_to("n1") == 5);
}

TEST_CASE("idle machines of several sites are taken first, and ones that fit whole") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"busy", "s1", "o1"});
    rig.open({.items = 4});
    REQUIRE(rig.lent_to("busy") > 0);
    rig.join_ready({"n1", "s2", "o2"});
    rig.join_ready({"n2", "s2", "o2"});
    rig.join_ready({"n3", "s3", "o3"});
    NodeJoined big;
    big.node = NodeId{"big"};
    big.site = SiteId{"s4"};
    big.owner = OwnerId{"o4"};
    big.engine = "llama.cpp 1 cpu";
    big.device_class = "Test CPU";
    for (const auto* id : {"a", "b", "c"}) big.devices.push_back({id, "cpu", "Test CPU", "", gib});
    rig.tell(big);
    rig.tell(CapacityChanged{NodeId{"big"}, {}, false});
    reserve(rig, 2);
    CHECK(reserved(rig) == list({"n1", "n3"}));
    reserve(rig, 6);
    CHECK(reserved(rig) == list({"n1", "n2", "n3", "big"}));
    // Four are enough: the big one and one more.
    reserve(rig, 4);
    std::uint32_t devices = 0;
    for (const auto& one : rig.scheduler.dedicated()) devices += one.devices;
    CHECK(devices == 4);
}

TEST_CASE("a forecast for a reservation looks at its machines, others' at the rest") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"n1", "s1", "o1"});
    rig.join_ready({"n2", "s2", "o2"});
    rig.join_ready({"n3", "s3", "o3"});
    reserve(rig, 1);
    ForecastQuestion question;
    question.model = model_a;
    question.items = 10;
    question.tokens_per_item = 10;
    CHECK(rig.scheduler.forecast(question).nodes_ready == 2);
    question.reservation = "ctr";
    CHECK(rig.scheduler.forecast(question).nodes_ready == 1);
    question.reservation = "ctr_unknown";
    CHECK_FALSE(rig.scheduler.forecast(question).possible());
}

// The scheduler aborts where work leaves its pool.
TEST_CASE("whatever happens, nothing of others is lent to a reserved machine") {
    int theirs_lent = 0;
    int others_lent = 0;
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        CAPTURE(seed);
        Random random(seed);
        Rig rig;
        rig.offer(model_a);
        rig.offer(model_b);
        const auto node = [&](std::uint64_t i) {
            NodeSpec spec;
            spec.name = "n" + std::to_string(i);
            spec.site = "s" + std::to_string(i % 3);
            spec.owner = "o" + std::to_string(i % 4);
            spec.certified = i % 2 == 0;
            return spec;
        };
        std::uint64_t jobs = 0;
        std::uint64_t streams = 0;
        for (int step = 0; step < 300; ++step) {
            rig.clear();
            const auto spec = node(random.below(8));
            switch (random.below(9)) {
                case 0:
                    rig.join_ready(spec, random.chance(0.5) ? model_a : model_b);
                    break;
                case 1:
                    rig.leave(spec.name,
                              random.chance(0.5) ? LeaveCause::lost : LeaveCause::goodbye);
                    break;
                case 2:
                    rig.capacity(spec, model_a);
                    break;
                case 3:
                    reserve(rig, static_cast<std::uint32_t>(random.below(5)), random.chance(0.3));
                    break;
                case 4:
                    if (random.chance(0.2)) rig.tell(ReservationClosed{"ctr"});
                    break;
                case 5:
                case 6: {
                    const bool theirs = random.chance(0.5);
                    rig.open({.name = (theirs ? "r" : "j") + std::to_string(++jobs),
                              .items = static_cast<std::uint32_t>(1 + random.below(60)),
                              .reservation = theirs ? "ctr" : ""});
                    break;
                }
                case 7:
                    request(rig, ++streams, random.chance(0.5) ? "ctr" : "");
                    break;
                default:
                    rig.advance(std::chrono::seconds(random.below(20)));
            }
            for (const auto& lease : rig.all<SendLease>())
                ++(lease.job.get().starts_with('r') ? theirs_lent : others_lent);
        }
    }
    CHECK(theirs_lent > 100);
    CHECK(others_lent > 100);
}
