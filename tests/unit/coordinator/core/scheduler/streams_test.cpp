/// Online requests.

#include <doctest/doctest.h>

#include "tests/unit/coordinator/core/scheduler/rig.h"

using namespace gleaner;
using namespace gleaner::core;
using namespace gleaner::core::test;

namespace {

void request(Rig& rig, std::uint64_t id, std::vector<std::string> avoid = {},
             PrivacyClass privacy = PrivacyClass::any, std::string owner = "",
             const Sha256& model = model_a, std::string customer = "c") {
    StreamRequested event;
    event.stream = StreamId{id};
    event.customer = CustomerId{customer};
    event.own_sites_of = OwnerId{owner};
    event.model = model;
    event.privacy = privacy;
    for (auto& node : avoid) event.avoid.push_back(NodeId{node});
    event.give_up = rig.now + 30s;
    rig.tell(event);
}

}  // namespace

TEST_CASE("a stream starts at once on a ready node with a free slot") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"n1", "s1", "o1"});
    request(rig, 1);
    REQUIRE(rig.latest<StartStream>().size() == 1);
    CHECK(rig.latest<StartStream>().front().node.get() == "n1");
    CHECK(rig.view("n1").running_streams == 1);
}

TEST_CASE("streams spread over nodes, the least busy first") {
    Rig rig;
    rig.offer(model_a);
    for (const char* n : {"n1", "n2", "n3", "n4"}) rig.join_ready({n, "s", "o"});
    for (std::uint64_t id = 1; id <= 8; ++id) request(rig, id);
    for (const char* n : {"n1", "n2", "n3", "n4"}) CHECK(rig.view(n).running_streams == 2);
}

TEST_CASE("streams go to a node that is full of batch work") {
    Rig rig;
    rig.offer(model_a);
    NodeSpec node{"n1", "s1", "o1"};
    node.items = 4;
    rig.join_ready(node);
    rig.open({.items = 100});
    REQUIRE(rig.view("n1").outstanding_items == 4);
    request(rig, 1);
    CHECK(rig.latest<StartStream>().size() == 1);
}

TEST_CASE("a stream avoids the nodes that failed it") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"n1", "s1", "o1"});
    rig.join_ready({"n2", "s2", "o2"});
    rig.join({"n3", "s3", "o3"});
    request(rig, 1, {"n1"});
    CHECK(rig.latest<StartStream>().front().node.get() == "n2");
    request(rig, 2, {"n1", "n2"});
    CHECK(rig.latest<StartStream>().empty());
    rig.join_ready({"n3", "s3", "o3"});
    CHECK(rig.all<StartStream>().back().node.get() == "n3");
}

TEST_CASE("streams beyond the slots wait their turn, first come first") {
    Rig rig;
    rig.offer(model_a);
    NodeSpec node{"n1", "s1", "o1"};
    node.streams = 1;
    rig.join_ready(node);
    request(rig, 1);
    request(rig, 2);
    request(rig, 3);
    CHECK(rig.scheduler.totals().waiting_streams == 2);
    rig.tell(StreamFinished{StreamId{1}});
    REQUIRE(rig.latest<StartStream>().size() == 1);
    CHECK(rig.latest<StartStream>().front().stream == StreamId{2});
}

TEST_CASE("a stream that cannot start in time is refused with a time to retry") {
    Rig rig;
    rig.offer(model_a);
    NodeSpec node{"n1", "s1", "o1"};
    node.streams = 1;
    rig.join_ready(node);
    request(rig, 1);
    request(rig, 2);
    rig.advance(31s);
    REQUIRE(rig.all<RefuseStream>().size() == 1);
    const auto refused = rig.all<RefuseStream>().front();
    CHECK(refused.stream == StreamId{2});
    CHECK(refused.retry_after >= 1s);
    CHECK_FALSE(refused.never);
    CHECK(refused.reason == "every node is busy");
}

TEST_CASE("the time to retry follows how long streams take") {
    const auto retry_after = [](Duration each) {
        Rig rig;
        rig.offer(model_a);
        NodeSpec node{"n1", "s1", "o1"};
        node.streams = 1;
        rig.join_ready(node);
        for (std::uint64_t id = 1; id < 40; ++id) {
            request(rig, id);
            rig.advance(each);
            rig.tell(StreamFinished{StreamId{id}});
        }
        request(rig, 100);
        request(rig, 101);
        rig.advance(31s);
        return rig.all<RefuseStream>().front().retry_after;
    };
    CHECK(retry_after(20s) > retry_after(2s));
}

TEST_CASE("a model that fits no node is refused for good, naming the sizes") {
    Rig rig;
    rig.offer(model_b, 60 * gib);
    rig.join({"n1", "s1", "o1"});
    request(rig, 1, {}, PrivacyClass::any, "", model_b);
    REQUIRE(rig.all<RefuseStream>().size() == 1);
    CHECK(rig.all<RefuseStream>().front().never);
    CHECK(rig.all<RefuseStream>().front().reason ==
          "the model needs 60.0 GiB, the largest node has 8.0 GiB");
}

TEST_CASE("a model that nobody offers is refused for good") {
    Rig rig;
    request(rig, 1);
    REQUIRE(rig.all<RefuseStream>().size() == 1);
    CHECK(rig.all<RefuseStream>().front().never);
}

TEST_CASE("without any node a stream is refused at once, but not for good") {
    Rig rig;
    rig.offer(model_a);
    request(rig, 1);
    REQUIRE(rig.latest<RefuseStream>().size() == 1);
    CHECK_FALSE(rig.latest<RefuseStream>().front().never);
    CHECK(rig.latest<RefuseStream>().front().reason == "no node that can run this model is online");
}

TEST_CASE("a stream waits for a node that could load the model, also for a paused one") {
    Rig rig;
    rig.offer(model_a);
    rig.join({"n1", "s1", "o1"});
    rig.tell(CapacityChanged{NodeId{"n1"}, {}, true});
    request(rig, 1);
    CHECK(rig.scheduler.totals().waiting_streams == 1);
    rig.advance(31s);
    REQUIRE(rig.all<RefuseStream>().size() == 1);
    CHECK(rig.all<RefuseStream>().front().reason == "no node has this model ready");
}

TEST_CASE("a stream that only nodes of another class could take is refused at once") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"n1", "s1", "o1"});
    request(rig, 1, {}, PrivacyClass::certified);
    REQUIRE(rig.latest<RefuseStream>().size() == 1);
    CHECK(rig.latest<RefuseStream>().front().reason ==
          "no node of a certified site that can run this model is online");
    request(rig, 2, {}, PrivacyClass::own, "mine");
    REQUIRE(rig.latest<RefuseStream>().size() == 1);
    CHECK(rig.latest<RefuseStream>().front().reason ==
          "no node of your own sites that can run this model is online");
}

TEST_CASE("a model that is too big for the nodes of the class is refused at once") {
    Rig rig;
    rig.offer(model_a, 6 * gib);
    NodeSpec small{"n1", "s1", "o1"};
    small.certified = true;
    small.memory = 4 * gib;
    rig.join_ready(small, model_b);
    rig.join({"n2", "s2", "o2"});
    request(rig, 1, {}, PrivacyClass::certified);
    CHECK(rig.latest<RefuseStream>().size() == 1);
    request(rig, 2);
    CHECK(rig.latest<RefuseStream>().empty());
}

TEST_CASE("a stream waits for a node that was lost a moment ago, and no longer") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"n1", "s1", "o1"});
    rig.leave("n1");
    request(rig, 1);
    CHECK(rig.scheduler.totals().waiting_streams == 1);
    rig.advance(13s);  // the grace, and the sweep after it
    REQUIRE(rig.all<RefuseStream>().size() == 1);
    CHECK(rig.all<RefuseStream>().front().reason == "no node that can run this model is online");
    request(rig, 2);
    CHECK(rig.latest<RefuseStream>().size() == 1);
    rig.join_ready({"n1", "s1", "o1"});
    request(rig, 3);
    CHECK(rig.latest<StartStream>().size() == 1);
}

TEST_CASE("after a restart streams wait for the nodes of before") {
    Rig rig;
    rig.scheduler.restore_standing("n1|Test CPU||llama.cpp 1 cpu|" + model_a.get(),
                                   Standing().to_json());
    rig.offer(model_a);
    request(rig, 1);
    CHECK(rig.scheduler.totals().waiting_streams == 1);
    rig.join_ready({"n1", "s1", "o1"});
    CHECK(rig.all<StartStream>().size() == 1);
    rig.leave("n1", LeaveCause::goodbye);
    rig.advance(31s);
    request(rig, 2);
    CHECK(rig.latest<RefuseStream>().size() == 1);
}

TEST_CASE("a node whose loads keep failing is not waited for beyond the time to give up") {
    Rig rig;
    rig.offer(model_a);
    rig.join({"n1", "s1", "o1"});
    rig.tell(CapacityChanged{NodeId{"n1"}, {}, false});
    for (int i = 0; i < 4; ++i) {
        ModelStateChanged failed;
        failed.node = NodeId{"n1"};
        failed.model = model_a;
        failed.phase = ModelPhase::failed;
        failed.cause = FailureCause::out_of_memory;
        rig.tell(failed);
        request(rig, 100 + static_cast<std::uint64_t>(i));
        if (i < 3) rig.advance(i == 0 ? 11s : i == 1 ? 21s : 41s);
    }
    CHECK(rig.latest<RefuseStream>().size() == 1);  // backs off for 80 s now
}

TEST_CASE("the waiting line of a model is bounded") {
    auto options = plain_options();
    options.stream_queue_max = 4;
    Rig rig(options);
    rig.offer(model_a);
    rig.join({"n1", "s1", "o1"});
    for (std::uint64_t id = 1; id <= 6; ++id)
        request(rig, id, {}, PrivacyClass::any, "", model_a, "c" + std::to_string(id));
    CHECK(rig.scheduler.totals().waiting_streams == 4);
    CHECK(rig.all<RefuseStream>().size() == 2);
}

TEST_CASE("one customer cannot fill the whole waiting line") {
    auto options = plain_options();
    options.stream_queue_max = 10;
    Rig rig(options);
    rig.offer(model_a);
    rig.join({"n1", "s1", "o1"});
    for (std::uint64_t id = 1; id <= 20; ++id) request(rig, id);
    CHECK(rig.scheduler.totals().waiting_streams == 6);
    request(rig, 50, {}, PrivacyClass::any, "", model_a, "other");
    CHECK(rig.scheduler.totals().waiting_streams == 7);
}

TEST_CASE("streams of a lost node are interrupted at once") {
    for (const auto cause : {LeaveCause::lost, LeaveCause::goodbye, LeaveCause::cut_off}) {
        Rig rig;
        rig.offer(model_a);
        rig.join_ready({"n1", "s1", "o1"});
        request(rig, 1);
        rig.leave("n1", cause);
        REQUIRE(rig.latest<InterruptStream>().size() == 1);
        CHECK(rig.latest<InterruptStream>().front().cause == FailureCause::connection_lost);
        CHECK(rig.scheduler.totals().running_streams == 0);
    }
}

TEST_CASE("a stream that the node failed is interrupted, one that the engine refused is over") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"n1", "s1", "o1"});
    request(rig, 1);
    request(rig, 2);
    rig.tell(StreamFinished{StreamId{1}, FailureCause::engine_crashed});
    CHECK(rig.latest<InterruptStream>().size() == 1);
    rig.tell(StreamFinished{StreamId{2}, FailureCause::request_rejected});
    CHECK(rig.latest<InterruptStream>().empty());
    CHECK(rig.scheduler.totals().running_streams == 0);
}

TEST_CASE("a node that keeps failing streams is left alone for a while") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"n1", "s1", "o1"});
    request(rig, 1);
    rig.tell(StreamFinished{StreamId{1}, FailureCause::engine_crashed});
    request(rig, 2);
    CHECK(rig.latest<StartStream>().empty());
    rig.advance(2s);
    CHECK(rig.all<StartStream>().size() == 2);
}

TEST_CASE("an abandoned stream is stopped on its node, or leaves the line") {
    Rig rig;
    rig.offer(model_a);
    NodeSpec node{"n1", "s1", "o1"};
    node.streams = 1;
    rig.join_ready(node);
    request(rig, 1);
    request(rig, 2);
    request(rig, 3);
    rig.tell(StreamAbandoned{StreamId{2}});
    CHECK(rig.latest<StopStream>().empty());
    rig.tell(StreamAbandoned{StreamId{1}});
    CHECK(rig.latest<StopStream>().size() == 1);
    CHECK(rig.latest<StartStream>().front().stream == StreamId{3});
}

TEST_CASE("a stream that a node never ends is stopped and interrupted") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"n1", "s1", "o1"});
    request(rig, 1);
    rig.advance(std::chrono::minutes(11));
    CHECK(rig.all<StopStream>().size() == 1);
    REQUIRE(rig.all<InterruptStream>().size() == 1);
    CHECK(rig.all<InterruptStream>().front().cause == FailureCause::timed_out);
}

TEST_CASE("certified and own are hard limits for streams") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"n1", "s1", "o1"});
    NodeSpec certified{"n2", "s2", "o2"};
    certified.certified = true;
    rig.join(certified);
    rig.join({"n3", "s3", "mine"});
    request(rig, 1, {}, PrivacyClass::certified);
    request(rig, 2, {}, PrivacyClass::own, "mine");
    CHECK(rig.all<StartStream>().empty());
    CHECK(rig.scheduler.totals().waiting_streams == 2);
    rig.join_ready(certified);
    CHECK(rig.all<StartStream>().size() == 1);
    rig.join_ready({"n3", "s3", "mine"});
    REQUIRE(rig.all<StartStream>().size() == 2);
    CHECK(rig.all<StartStream>().back().node.get() == "n3");
}

TEST_CASE("a waiting stream makes an idle node load the model") {
    Rig rig;
    rig.offer(model_a);
    const NodeSpec node{"n1", "s1", "o1"};
    rig.join(node);
    rig.tell(CapacityChanged{NodeId{"n1"}, {}, false});
    CHECK(rig.all<LoadModel>().empty());
    request(rig, 1);
    REQUIRE(rig.latest<LoadModel>().size() == 1);
    rig.ready(node, model_a);
    rig.capacity(node, model_a);
    CHECK(rig.latest<StartStream>().size() == 1);
}

TEST_CASE("a model that streams use is kept warm on a second node, for failover") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"n1", "s1", "o1"});
    rig.join({"n2", "s2", "o2"});
    rig.tell(CapacityChanged{NodeId{"n2"}, {}, false});
    request(rig, 1);
    REQUIRE(rig.latest<LoadModel>().size() == 1);
    CHECK(rig.latest<LoadModel>().front().node.get() == "n2");
}

TEST_CASE("a model that is withdrawn refuses the streams that wait for it") {
    Rig rig;
    rig.offer(model_a);
    rig.join({"n1", "s1", "o1"});
    request(rig, 1);
    rig.tell(ModelWithdrawn{model_a});
    REQUIRE(rig.latest<RefuseStream>().size() == 1);
    CHECK(rig.latest<RefuseStream>().front().never);
}

TEST_CASE("streams held over a lost connection are stopped when the node returns") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"n1", "s1", "o1"});
    request(rig, 1);
    rig.leave("n1");
    NodeJoined again;
    again.node = NodeId{"n1"};
    again.site = SiteId{"s1"};
    again.owner = OwnerId{"o1"};
    again.engine = "llama.cpp 1 cpu";
    again.devices = {{"cpu", "cpu", "Test CPU", "", 8 * gib}};
    again.held_streams = {StreamId{1}};
    rig.tell(again);
    CHECK(rig.latest<StopStream>().size() == 1);
}
