/// Machines whose owners come first: devices that are in use, and nodes that will be soon.

#include <doctest/doctest.h>

#include "tests/unit/coordinator/core/scheduler/rig.h"

using namespace gleaner;
using namespace gleaner::core;
using namespace gleaner::core::test;

namespace {

void request(Rig& rig, std::uint64_t id) {
    StreamRequested event;
    event.stream = StreamId{id};
    event.customer = CustomerId{"c"};
    event.model = model_a;
    event.give_up = rig.now + 30s;
    rig.tell(event);
}

}  // namespace

TEST_CASE("nothing is loaded on a device that its owner uses, and work comes back afterwards") {
    Rig rig;
    rig.offer(model_a);
    NodeJoined joined;
    joined.node = NodeId{"n1"};
    joined.site = SiteId{"s"};
    joined.owner = OwnerId{"o"};
    joined.engine = "llama.cpp 1 cuda";

    joined.devices = {{"cuda0", "cuda", "Card", "1", 16 * gib},
                      {"cuda1", "cuda", "Card", "1", 8 * gib}};
    rig.tell(joined);
    rig.tell(CapacityChanged{NodeId{"n1"}, {}, false, {"cuda0", "cuda1"}});
    rig.open({.items = 100});
    CHECK(rig.all<LoadModel>().empty());

    rig.tell(CapacityChanged{NodeId{"n1"}, {}, false, {"cuda0"}});
    REQUIRE(rig.all<LoadModel>().size() == 1);
    CHECK(rig.all<LoadModel>().front().device == "cuda1");  // although the other has more memory
    rig.tell(CapacityChanged{NodeId{"n1"}, {}, false, {"cuda1"}});
    ModelStateChanged unloaded;
    unloaded.node = NodeId{"n1"};
    unloaded.model = model_a;
    unloaded.phase = ModelPhase::unloaded;
    rig.tell(unloaded);
    CHECK(rig.all<LoadModel>().size() == 1);  // a node that is asked again at once says the same
    rig.advance(1s);
    REQUIRE(rig.all<LoadModel>().size() == 2);
    CHECK(rig.all<LoadModel>().back().device == "cuda0");
}

TEST_CASE("a stream goes to a node that stays rather than to one whose owner comes back soon") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"n1", "s1", "o1", false, 8 * gib, {}, 64, 4, 8, 200});
    rig.join_ready({"n2", "s2", "o2"});
    CapacityChanged soon{NodeId{"n1"}, {{model_a, 64, 4}}, false};
    soon.leaves_soon = true;
    rig.tell(soon);
    request(rig, 1);
    REQUIRE(rig.latest<StartStream>().size() == 1);
    CHECK(rig.latest<StartStream>().front().node.get() == "n2");  // although n1 is faster
    for (std::uint64_t id = 2; id <= 3; ++id) request(rig, id);
    CHECK(rig.latest<StartStream>().front().node.get() == "n1");  // n2 is half full
}
