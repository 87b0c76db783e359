// Node sessions over a real gateway: joining, talking, and every way to end.
#include "tests/integration/gateway_world.h"

using namespace gleaner;
using namespace gleaner::testing;
using core::LeaveCause;

namespace {

bool contains(const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
}

wire::ToCoordinator capacity() {
    wire::ToCoordinator message;
    message.mutable_capacity()->set_disk_free_bytes(1);
    return message;
}

bool left_by(const GatewayWorld& world, LeaveCause cause) {
    return eventually([&] {
        const auto leaves = world.events.leaves();
        return leaves.size() == 1 && leaves.front() == cause;
    });
}

struct Joined : GatewayWorld {
    explicit Joined(const Tweak& tweak = {}) : GatewayWorld(tweak) {
        (void)machine.enrol();
        socket = machine.join();
    }
    Machine machine{*this};
    std::unique_ptr<Machine::Socket> socket;
};

}  // namespace

TEST_CASE("a node joins, is heard in order and answered, and says goodbye") {
    Joined world;
    CHECK(world.events.joins() == 1);
    for (std::uint64_t i = 0; i < 500; ++i) {
        auto message = capacity();
        message.mutable_capacity()->set_disk_free_bytes(i);
        Machine::say(*world.socket, message);
    }
    REQUIRE(eventually([&] { return world.events.heard().size() == 500; }));
    const auto heard = world.events.heard();
    for (std::uint64_t i = 0; i < 500; ++i) CHECK(heard[i].capacity().disk_free_bytes() == i);

    world.on_network([&] {
        for (std::uint64_t i = 1; i <= 300; ++i) {
            wire::ToNode message;
            message.mutable_lease_revoke()->set_lease_id(i);
            if (i % 100 == 0) message.mutable_lease_revoke()->set_reason(std::string(40'000, 'r'));
            world.events.link().send(message);
        }
    });
    for (std::uint64_t i = 1; i <= 300; ++i) {
        CHECK(Machine::hear(*world.socket).lease_revoke().lease_id() == i);
    }
    wire::ToCoordinator goodbye;
    goodbye.mutable_goodbye()->set_reason("closing time");
    Machine::say(*world.socket, goodbye);
    CHECK(left_by(world, LeaveCause::goodbye));
    (void)Machine::last_words(*world.socket);
    CHECK(world.socket->reason().code == websocket::close_code::normal);
    CHECK(eventually([&] { return world.counters().sessions == 0; }));
}

TEST_CASE("a connection that breaks is a node lost, through nobody's fault") {
    Joined world;
    world.socket->next_layer().next_layer().close();
    CHECK(left_by(world, LeaveCause::lost));
}

TEST_CASE("a silent node is gone after three heartbeat intervals, one that beats is not") {
    Joined world([](auto& options) { options.heartbeat_interval = 200ms; });
    wire::ToCoordinator beat;
    beat.mutable_heartbeat()->set_gpu_percent(5);
    for (int i = 0; i < 10; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(150));
        Machine::say(*world.socket, beat);
    }
    CHECK(world.events.leaves().empty());
    CHECK(left_by(world, LeaveCause::lost));
}

TEST_CASE("a revoked node is cut off at once, told why, and kept out") {
    Joined world;
    const auto node = NodeId(tls::certificate_facts(world.machine.certificate).value().common_name);
    std::function<Status(store::Store&)> revoke = [node](store::Store& store) {
        return store.revoke_node(node);
    };
    std::promise<void> revoked;
    world.executor->post_write(revoke, [&](const Status&) { revoked.set_value(); });
    revoked.get_future().get();
    world.on_network([&] { world.events.link().close("revoked by the operator"); });
    CHECK(left_by(world, LeaveCause::cut_off));
    CHECK(Machine::last_words(*world.socket) == "revoked by the operator");

    boost::system::error_code error;
    try {
        (void)world.machine.upgrade();
    } catch (const boost::system::system_error& e) {
        error = e.code();
    }
    CHECK(error == websocket::error::upgrade_declined);
    CHECK(world.machine.last_upgrade.result_int() == 403);
    CHECK(world.machine.enrol(world.machine.enrolment()).result_int() == 409);
}

TEST_CASE("after close nothing the node says is heard any more") {
    Joined world;
    world.on_network([&] { world.events.link().close("enough"); });
    boost::system::error_code ignored;
    for (int i = 0; i < 10; ++i) {
        world.socket->write(asio::buffer(capacity().SerializeAsString()), ignored);
    }
    CHECK(left_by(world, LeaveCause::cut_off));
    (void)Machine::last_words(*world.socket);
    CHECK(world.events.heard().empty());
}

TEST_CASE("a model that is ready on a device which Hello did not name is not heard of") {
    GatewayWorld world;
    Machine machine(world);
    (void)machine.enrol();
    auto socket = machine.upgrade();
    auto hello = Machine::hello();
    auto& device = *hello.mutable_hello()->add_devices();
    device.set_id("cpu");
    device.set_kind("cpu");
    device.set_name("Processor");
    Machine::say(*socket, hello);
    REQUIRE(Machine::hear(*socket).has_welcome());
    for (const char* const id : {"cpu-renamed", "cpu"}) {
        wire::ToCoordinator ready;
        auto& state = *ready.mutable_model_state();
        state.set_sha256(fake_sha256(1));
        state.set_state(wire::ModelState::READY);
        state.set_device(id);
        state.set_slots(1);
        Machine::say(*socket, ready);
    }
    REQUIRE(eventually([&] { return !world.events.heard().empty(); }));
    REQUIRE(world.events.heard().size() == 1);
    CHECK(world.events.heard()[0].model_state().device() == "cpu");
}

TEST_CASE("a message over the limit ends its session and no other") {
    Joined world;
    Machine other(world, 2);
    (void)other.enrol();
    auto second = other.join();
    boost::system::error_code ignored;
    world.socket->write(asio::buffer(std::string(9u << 20, 'x')), ignored);
    CHECK(left_by(world, LeaveCause::lost));
    Machine::say(*second, capacity());
    CHECK(eventually([&] { return world.events.heard().size() == 1; }));
}

TEST_CASE("what breaks the protocol is answered in words before the end") {
    const auto words_after = [](const std::function<void(Machine::Socket&)>& act, bool join) {
        GatewayWorld world;
        Machine machine(world);
        (void)machine.enrol();
        auto socket = join ? machine.join() : machine.upgrade();
        act(*socket);
        return Machine::last_words(*socket);
    };
    const auto say = [](const wire::ToCoordinator& message) {
        return [message](Machine::Socket& socket) { Machine::say(socket, message); };
    };
    CHECK(contains(words_after(say(capacity()), false), "must be Hello"));
    CHECK(contains(words_after(say(Machine::hello(2)), false), "upgrade the coordinator"));
    CHECK(contains(words_after(say(Machine::hello()), true), "Hello came twice"));
    CHECK(contains(words_after(say({}), true), "empty or of a kind"));
    wire::ToCoordinator bad;
    bad.mutable_heartbeat()->set_gpu_percent(101);
    CHECK(contains(words_after(say(bad), true), "heartbeat.gpu_percent"));
    const auto text = [](Machine::Socket& socket) {
        socket.text(true);
        Machine::say(socket, capacity());
    };
    CHECK(contains(words_after(text, true), "binary messages only"));
}

TEST_CASE("a node of another protocol version is told which side to upgrade") {
    GatewayWorld world;
    Machine machine(world);
    (void)machine.enrol();
    for (const char* offered : {"gleaner.v2", "chat"}) {
        CHECK_THROWS((void)machine.upgrade(offered));
        CHECK(machine.last_upgrade.result_int() == (offered[0] == 'g' ? 426 : 400));
    }
}

TEST_CASE("a node that says nothing after the upgrade is dropped") {
    GatewayWorld world([](auto& options) { options.hello_limit = 200ms; });
    Machine machine(world);
    (void)machine.enrol();
    auto socket = machine.upgrade();
    (void)Machine::last_words(*socket);
    CHECK(world.events.joins() == 0);
    CHECK(world.counters().timeouts == 1);
}

TEST_CASE("a node too slow for its messages is let go instead of filling the memory") {
    Joined world([](auto& options) { options.outgoing_bytes_max = 1u << 20; });
    world.on_network([&] {
        for (int i = 0; i < 100; ++i) {
            wire::ToNode message;
            message.mutable_drain()->set_reason(std::string(100'000, 'x'));
            world.events.link().send(message);
        }
    });
    CHECK(left_by(world, LeaveCause::lost));
    CHECK(world.counters().queue_overflows == 1);
}

TEST_CASE("a certificate renews over the session; the old one is good until the new one is used") {
    Joined world;
    const auto old_certificate = world.machine.certificate;
    wire::ToCoordinator request;
    request.mutable_renew_request()->set_csr_pem(world.machine.key.signing_request("x").value());
    std::this_thread::sleep_for(std::chrono::milliseconds(1'100));  // expiry counts in seconds
    Machine::say(*world.socket, request);
    const auto answer = Machine::hear(*world.socket);
    REQUIRE(answer.has_renew_response());
    CHECK(answer.renew_response().renew_after_s() > 15 * 3'600);
    { auto still_good = world.machine.join(); }
    world.machine.certificate = answer.renew_response().certificate_pem();
    { auto renewed = world.machine.join(); }
    world.machine.certificate = old_certificate;
    CHECK_THROWS((void)world.machine.upgrade());
    CHECK(world.machine.last_upgrade.result_int() == 401);
}

TEST_CASE("a stopping gateway says goodbye and when to come back") {
    Joined world;
    std::thread stopper([&] { world.stop(); });
    const auto goodbye = Machine::hear(*world.socket);
    CHECK(goodbye.goodbye().retry_after_ms() >= 1'000);
    CHECK(goodbye.goodbye().retry_after_ms() <= 10'000);
    (void)Machine::last_words(*world.socket);
    stopper.join();
    CHECK(world.events.leaves().size() == 1);
    CHECK(world.counters().connections == 0);
}
