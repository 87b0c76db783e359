#include "coordinator/gateway/named_devices.h"

#include <doctest/doctest.h>

#include "shared/proto/wire.pb.h"

using namespace gleaner;
using gateway::NamedDevices;

namespace {

const NodeId node{"node_a"};

wire::Hello hello(const std::vector<std::string>& ids) {
    wire::Hello message;
    for (const auto& id : ids) message.add_devices()->set_id(id);
    return message;
}

wire::ModelState state(wire::ModelState::State phase, const std::string& device) {
    wire::ModelState message;
    message.set_state(phase);
    message.set_device(device);
    return message;
}

}  // namespace

TEST_CASE("a model may be ready on a device that Hello named and on no other") {
    NamedDevices devices;
    devices.take(hello({"cpu", "cuda0"}));
    CHECK(devices.allow(state(wire::ModelState::READY, "cpu"), node));
    CHECK(devices.allow(state(wire::ModelState::READY, "cuda0"), node));
    CHECK_FALSE(devices.allow(state(wire::ModelState::READY, "cuda1"), node));
    CHECK_FALSE(devices.allow(state(wire::ModelState::READY, ""), node));
    CHECK_FALSE(devices.allow(state(wire::ModelState::READY, "CPU"), node));
}

TEST_CASE("what takes a model away is heard whatever device it names") {
    NamedDevices devices;
    devices.take(hello({"cpu"}));
    for (const auto phase : {wire::ModelState::FAILED, wire::ModelState::UNLOADED,
                             wire::ModelState::EVICTED, wire::ModelState::DOWNLOADING})
        CHECK(devices.allow(state(phase, "gone"), node));
}

TEST_CASE("a later Hello replaces the names") {
    NamedDevices devices;
    CHECK_FALSE(devices.allow(state(wire::ModelState::READY, "cpu"), node));
    devices.take(hello({"cpu"}));
    devices.take(hello({"vulkan0"}));
    CHECK_FALSE(devices.allow(state(wire::ModelState::READY, "cpu"), node));
    CHECK(devices.allow(state(wire::ModelState::READY, "vulkan0"), node));
}
