/// Which node loads which model, and when models leave.

#include <doctest/doctest.h>

#include "tests/unit/coordinator/core/scheduler/rig.h"

using namespace gleaner;
using namespace gleaner::core;
using namespace gleaner::core::test;

namespace {

void join_idle(Rig& rig, const NodeSpec& spec) {
    rig.join(spec);
    rig.tell(CapacityChanged{NodeId{spec.name}, {}, false});
}

void say(Rig& rig, const std::string& node, const Sha256& model, ModelPhase phase,
         FailureCause cause = FailureCause::none) {
    ModelStateChanged event;
    event.node = NodeId{node};
    event.model = model;
    event.phase = phase;
    event.device = "cpu";
    event.slots = 8;
    event.cause = cause;
    rig.tell(event);
}

std::vector<std::string> loaders(const Rig& rig) {
    std::vector<std::string> names;
    for (const auto& load : rig.all<LoadModel>()) names.push_back(load.node.get());
    std::ranges::sort(names);
    return names;
}

}  // namespace

TEST_CASE("no model is loaded without demand") {
    Rig rig;
    rig.offer(model_a);
    join_idle(rig, {"n1", "s1", "o1"});
    rig.advance(std::chrono::minutes(5));
    CHECK(rig.all<LoadModel>().empty());
}

TEST_CASE("a job makes idle nodes load its model, as many as it is worth") {
    Rig rig;
    rig.offer(model_a, gib / 64);
    for (const char* n : {"n1", "n2", "n3"}) join_idle(rig, {n, "s", "o"});
    rig.open({.name = "big", .items = 1'000});
    CHECK(loaders(rig) == std::vector<std::string>{"n1", "n2", "n3"});
}

TEST_CASE("a handful of items is not worth many downloads") {
    Rig rig;
    rig.offer(model_a, 5 * gib);
    for (int i = 0; i < 10; ++i) join_idle(rig, {"n" + std::to_string(i), "s", "o"});
    rig.open({.items = 5});
    CHECK(rig.all<LoadModel>().size() == 1);
}

TEST_CASE("a node that has the file is preferred to one that must download it") {
    Rig rig;
    rig.offer(model_a, 5 * gib);
    join_idle(rig, {"n1", "s1", "o1"});
    NodeSpec cached{"n2", "s2", "o2"};
    cached.cached = {model_a};
    join_idle(rig, cached);
    rig.open({.items = 5});
    CHECK(loaders(rig) == std::vector<std::string>{"n2"});
}

TEST_CASE("warm nodes are used before any other loads") {
    Rig rig;
    rig.offer(model_a, 5 * gib);
    join_idle(rig, {"cold", "s1", "o1"});
    rig.join_ready({"warm", "s2", "o2"});
    rig.open({.items = 5});
    CHECK(rig.all<LoadModel>().empty());
    CHECK(rig.lent_to("warm") == 5);
}

TEST_CASE("a model is only loaded where the device has the memory") {
    Rig rig;
    rig.offer(model_a, 6 * gib);
    NodeSpec small{"small", "s1", "o1"};
    small.memory = 4 * gib;
    join_idle(rig, small);
    rig.open({.items = 1'000});
    CHECK(rig.all<LoadModel>().empty());
    NodeSpec large{"large", "s2", "o2"};
    join_idle(rig, large);
    CHECK(loaders(rig) == std::vector<std::string>{"large"});
}

TEST_CASE("two models share a device only when both fit") {
    Rig rig;
    rig.offer(model_a, 3 * gib);
    rig.offer(model_b, 4 * gib);
    const NodeSpec node{"n1", "s1", "o1"};
    join_idle(rig, node);
    rig.open({.name = "a", .items = 10});
    rig.ready(node, model_a);
    rig.capacity(node, model_a);
    for (std::size_t i = 0; i < rig.leases("n1").size(); ++i) rig.finish_all(rig.leases("n1")[i]);
    rig.clear();
    rig.open({.name = "b", .items = 10, .model = model_b});
    REQUIRE(rig.all<LoadModel>().size() == 1);
    CHECK(rig.all<LoadModel>().front().model == model_b);
    CHECK(rig.all<UnloadModel>().empty());
}

TEST_CASE("an idle model makes way for one that is asked for") {
    Rig rig;
    rig.offer(model_a, 5 * gib);
    rig.offer(model_b, 5 * gib);
    const NodeSpec node{"n1", "s1", "o1"};
    rig.join_ready(node);
    rig.open({.name = "b", .items = 10, .model = model_b});
    REQUIRE(rig.all<UnloadModel>().size() == 1);
    CHECK(rig.all<UnloadModel>().front().model == model_a);
    CHECK(rig.all<LoadModel>().empty());
    say(rig, "n1", model_a, ModelPhase::unloaded);
    REQUIRE(rig.all<LoadModel>().size() == 1);
    CHECK(rig.all<LoadModel>().front().model == model_b);
}

TEST_CASE("only one load is in flight per device") {
    Rig rig;
    rig.offer(model_a, gib);
    rig.offer(model_b, gib);
    join_idle(rig, {"n1", "s1", "o1"});
    rig.open({.name = "a", .items = 10});
    rig.open({.name = "b", .items = 10, .model = model_b});
    CHECK(rig.all<LoadModel>().size() == 1);
    rig.advance(30s);
    CHECK(rig.all<LoadModel>().size() == 1);
    say(rig, "n1", model_a, ModelPhase::ready);
    rig.advance(5s);
    CHECK(rig.all<LoadModel>().size() == 2);
}

TEST_CASE("a load that keeps failing is tried less and less often on that node") {
    Rig rig;
    rig.offer(model_a, gib);
    join_idle(rig, {"n1", "s1", "o1"});
    rig.open({.items = 10});
    REQUIRE(rig.all<LoadModel>().size() == 1);
    for (int failure = 0; failure < 5; ++failure) {
        say(rig, "n1", model_a, ModelPhase::failed, FailureCause::out_of_memory);
        rig.clear();
        rig.advance(9s * (1 << failure));
        CHECK(rig.all<LoadModel>().empty());
        rig.advance(3s * (1 << failure));
        CHECK(rig.all<LoadModel>().size() == 1);
    }
}

TEST_CASE("when a load fails on one node another one tries") {
    Rig rig;
    rig.offer(model_a, 5 * gib);
    join_idle(rig, {"n1", "s1", "o1"});
    join_idle(rig, {"n2", "s2", "o2"});
    rig.open({.items = 5});
    const auto first = rig.all<LoadModel>().front().node.get();
    say(rig, first, model_a, ModelPhase::failed, FailureCause::out_of_memory);
    rig.advance(3s);
    REQUIRE(rig.all<LoadModel>().size() == 2);
    CHECK(rig.all<LoadModel>().back().node.get() != first);
}

TEST_CASE("a load without a sign of life is given up") {
    Rig rig;
    rig.offer(model_a, 5 * gib);
    join_idle(rig, {"n1", "s1", "o1"});
    join_idle(rig, {"n2", "s2", "o2"});
    rig.open({.items = 5});
    rig.advance(std::chrono::minutes(11));
    CHECK(rig.all<LoadModel>().size() >= 2);
    CHECK(loaders(rig).front() != loaders(rig).back());
}

TEST_CASE("a model that nobody uses is unloaded after a while") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"n1", "s1", "o1"});
    rig.open({.items = 1});
    rig.finish_all(rig.leases("n1").front());
    rig.advance(299s);
    CHECK(rig.all<UnloadModel>().empty());
    rig.advance(5s);
    CHECK(rig.all<UnloadModel>().size() == 1);
}

TEST_CASE("a model in use is not unloaded") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"n1", "s1", "o1"});
    rig.open({.items = 50'000});
    for (int i = 0; i < 400; ++i) {
        rig.advance(2s);
        rig.tell(ItemFinished{NodeId{"n1"}, rig.leases("n1").back().lease, 0});
    }
    CHECK(rig.all<UnloadModel>().empty());
}

TEST_CASE("the second warm copy is at another site, although the first one's has the file") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"n1", "s1", "o1"});
    for (const NodeSpec& spec :
         {NodeSpec{.name = "n2", .site = "s1", .owner = "o1", .cached = {model_a}},
          NodeSpec{.name = "n3", .site = "s2", .owner = "o2"}}) {
        rig.join(spec);
        rig.tell(CapacityChanged{NodeId{spec.name}, {}, false});
    }
    StreamRequested event;
    event.stream = StreamId{1};
    event.customer = CustomerId{"c"};
    event.model = model_a;
    event.give_up = rig.now + 30s;
    rig.tell(event);
    REQUIRE(rig.all<LoadModel>().size() == 1);
    CHECK(rig.all<LoadModel>().front().node.get() == "n3");
}

TEST_CASE("a withdrawn model leaves idle nodes at once") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"n1", "s1", "o1"});
    rig.tell(ModelWithdrawn{model_a});
    CHECK(rig.all<UnloadModel>().size() == 1);
}

TEST_CASE("a model that starves takes over the least busy node of another one") {
    Rig rig;
    rig.offer(model_a, 5 * gib);
    rig.offer(model_b, 5 * gib);
    NodeSpec node{"n1", "s1", "o1"};
    node.items = 4;
    rig.join_ready(node);
    rig.open({.name = "endless", .customer = "big", .items = 50'000});
    rig.open({.name = "b", .customer = "small", .items = 4, .model = model_b});
    for (int i = 0; i < 120 && rig.all<UnloadModel>().empty(); ++i) {
        rig.advance(1s);
        for (const auto& lease : rig.leases("n1")) rig.finish_all(lease);
        rig.clear();
        // `clear` forgets an unload that came while finishing: look at the state instead.
        if (rig.view("n1").ready_models.empty()) break;
    }
    CHECK(rig.view("n1").ready_models.empty());
    say(rig, "n1", model_a, ModelPhase::unloaded);
    REQUIRE(rig.all<LoadModel>().size() == 1);
    CHECK(rig.all<LoadModel>().front().model == model_b);
}

TEST_CASE("a node without an engine is given nothing") {
    Rig rig;
    rig.offer(model_a);
    NodeJoined event;
    event.node = NodeId{"n1"};
    event.site = SiteId{"s1"};
    event.owner = OwnerId{"o1"};
    event.devices = {{"cpu", "cpu", "Test CPU", "", 8 * gib}};
    rig.tell(event);
    rig.tell(CapacityChanged{NodeId{"n1"}, {}, false});
    rig.open({.items = 10});
    rig.advance(30s);
    CHECK(rig.all<LoadModel>().empty());
}

TEST_CASE("a corrupt file is no longer counted as cached") {
    Rig rig;
    rig.offer(model_a, 5 * gib);
    NodeSpec cached{"n1", "s1", "o1"};
    cached.cached = {model_a};
    join_idle(rig, cached);
    join_idle(rig, {"n2", "s2", "o2"});
    rig.open({.items = 5});
    REQUIRE(loaders(rig) == std::vector<std::string>{"n1"});
    say(rig, "n1", model_a, ModelPhase::failed, FailureCause::artefact_corrupt);
    rig.advance(3s);
    CHECK(loaders(rig) == std::vector<std::string>{"n1", "n2"});
}
