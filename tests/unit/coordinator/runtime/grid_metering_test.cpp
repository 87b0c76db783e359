// Aim: each way in which work ends counts its device's time to the right cause, and what is written
// down is what was counted. Method: a played node; the sum over all causes is the time in which it
// had work, whatever that time was.
#include <doctest/doctest.h>

#include "coordinator/core/metering/reference_speed.h"
#include "coordinator/store/metering.h"
#include "shared/model/civil_day.h"
#include "tests/unit/coordinator/runtime/grid_rig.h"

using namespace gleaner;
using namespace gleaner::runtime;
using gleaner::runtime::test::KeptSink;
using gleaner::runtime::test::PlayedNode;
using gleaner::runtime::test::Rig;

namespace {

struct UseRig : Rig {
    explicit UseRig(double canary_share = 0, std::vector<store::Canary> canaries = {})
        : Rig(canary_share, std::move(canaries), 20ms) {}

    wire::Lease lent(int lines) {
        const auto job = admit(Rig::lines(lines));
        join();
        grid->open_job(job);
        REQUIRE(until([&] { return !link.leases().empty(); }));
        pass(20ms);
        return link.leases().front();
    }
    void pass(Duration time) {
        const Time end = clock.now() + time;
        REQUIRE(until([&] { return clock.now() >= end; }));
    }
    [[nodiscard]] std::int64_t lost(LossCause cause) const { return grid->use().lost(cause); }
    bool counted(LossCause cause) {
        return until([&] { return lost(cause) > 0; });
    }
    /// What the store holds of the node, once all of it is written.
    DeviceUse written() {
        DeviceUse use;
        const auto today = day_of(clock.wall());
        REQUIRE(write([&](store::Store& s) -> Status {
            GLEANER_TRY(const auto rows,
                        store::Metering(s).use({}, {today - 1, today + 1}, store::GroupBy::day));
            for (const auto& row : rows) use += row.use;
            return ok();
        }));
        return use;
    }
    store::Earned earned() {
        store::Earned all;
        const auto today = day_of(clock.wall());
        const store::NodeScope scope{store::NodeScope::Kind::node, node.id.get()};
        REQUIRE(write([&](store::Store& s) -> Status {
            GLEANER_TRY(const auto rows, store::Metering(s).earnings(scope, {today - 1, today + 1},
                                                                     store::GroupBy::day));
            for (const auto& row : rows)
                for (const auto& [currency, one] : row.earned) all += one;
            return ok();
        }));
        return all;
    }
    void say_model(wire::ModelState::State state) {
        wire::ToCoordinator said;
        said.mutable_model_state()->set_sha256(model.sha256.get());
        said.mutable_model_state()->set_state(state);
        said.mutable_model_state()->set_device("cpu");
        said.mutable_model_state()->set_slots(4);
        grid->node_said(node.id, std::move(said));
    }
    void say_watts(std::uint32_t watts) {
        wire::ToCoordinator said;
        auto& power = *said.mutable_heartbeat()->add_power();
        power.set_device("cpu");
        power.set_watts(watts);
        grid->node_said(node.id, std::move(said));
    }
};

}  // namespace

TEST_CASE_FIXTURE(UseRig, "answered items are useful, and all that was counted is written down") {
    const auto lease = lent(4);
    const Time sent = clock.now();
    answer(lease, 10'000);
    REQUIRE(until([&] { return grid->counters().items_accepted == 4; }));
    REQUIRE(until([&] { return grid->use().useful_micros > 0; }));
    CHECK(grid->use().useful_micros == 10'030);  // as much as the node says that it was
    CHECK(lost(LossCause::waiting) > 0);
    CHECK(grid->use().leased_micros() == 10'030 + lost(LossCause::waiting));
    CHECK(grid->use().leased_micros() <= (clock.now() - sent + 2s).count());
    CHECK(until([&] { return grid->use().idle_micros > 0; }));
    CHECK(until([&] { return written().idle_micros > 0; }));
    CHECK(written().useful_micros == 10'030);
}

TEST_CASE_FIXTURE(UseRig, "a node that is there without work is idle, and earns nothing") {
    join();
    REQUIRE(until([&] { return written().idle_micros > 200'000; }));
    CHECK(grid->use().leased_micros() == 0);
    CHECK(earned() == store::Earned{});
    bool credited = true;
    REQUIRE(write([&](store::Store& s) -> Status {
        GLEANER_TRY(const auto balances, store::Metering(s).balances(world.owner.id));
        credited = !balances.empty();
        return ok();
    }));
    CHECK_FALSE(credited);
}

TEST_CASE_FIXTURE(UseRig, "a paused node, or one that is gone, offers nothing") {
    join();
    wire::ToCoordinator capacity;
    capacity.mutable_capacity()->set_paused(true);
    grid->node_said(node.id, std::move(capacity));
    pass(50ms);
    const auto before = grid->use().idle_micros;
    pass(100ms);
    CHECK(grid->use().idle_micros == before);
    wire::ToCoordinator again;
    again.mutable_capacity()->set_paused(false);
    grid->node_said(node.id, std::move(again));
    REQUIRE(until([&] { return grid->use().idle_micros > before; }));
    grid->node_left(node.id, link, core::LeaveCause::goodbye);
    pass(50ms);
    const auto after = grid->use().idle_micros;
    pass(100ms);
    CHECK(grid->use().idle_micros == after);
}

TEST_CASE_FIXTURE(UseRig, "what is given back for the person at the machine was reclaimed") {
    const auto lease = lent(4);
    wire::ToCoordinator back;
    back.mutable_lease_return()->set_lease_id(lease.lease_id());
    for (std::uint32_t i = 0; i < 4; ++i) back.mutable_lease_return()->add_unfinished(i);
    back.mutable_lease_return()->mutable_reason()->set_code(wire::Failure::RECLAIMED);
    grid->node_said(node.id, std::move(back));
    CHECK(counted(LossCause::reclaimed));
    CHECK(grid->use().useful_micros == 0);
}

TEST_CASE_FIXTURE(UseRig,
                  "what an engine failed at, and what nobody can believe, was lost to them") {
    const auto lease = lent(2);
    wire::ToCoordinator message;
    auto& failed = *message.mutable_results()->add_results();
    failed.set_lease_id(lease.lease_id());
    failed.set_index(0);
    failed.mutable_failure()->set_code(wire::Failure::OUT_OF_MEMORY);
    auto& strange = *message.mutable_results()->add_results();
    strange.set_lease_id(lease.lease_id());
    strange.set_index(1);
    strange.set_body("no JSON");
    grid->node_said(node.id, std::move(message));
    CHECK(counted(LossCause::engine));
    CHECK(lost(LossCause::rejected) > 0);
    CHECK(grid->use().useful_micros == 0);
}

TEST_CASE_FIXTURE(UseRig, "what a node had when it was cut off was lost with the connection") {
    (void)lent(4);
    grid->cut_off(node.id, "its consent was taken back");
    CHECK(counted(LossCause::connection));
    CHECK(grid->use().useful_micros == 0);
}

TEST_CASE_FIXTURE(UseRig, "what runs for a job that is cancelled was lost to that") {
    const auto job = admit(Rig::lines(4));
    join();
    grid->open_job(job);
    REQUIRE(until([&] { return !link.leases().empty(); }));
    pass(20ms);
    grid->cancel_job(job.id);
    CHECK(counted(LossCause::cancelled));
}

TEST_CASE("known answers are verification, whatever comes of them") {
    UseRig rig(0.5, std::vector<store::Canary>(
                        4, {R"({"messages":[{"role":"user","content":"2+2="}]})", "4"}));
    const auto lease = rig.lent(40);
    rig.answer(lease);
    REQUIRE(rig.counted(LossCause::verification));
    CHECK(rig.grid->counters().canaries_passed > 0);
}

TEST_CASE_FIXTURE(UseRig, "of copies of a result one is useful, the other verifies it") {
    store::Node other;
    REQUIRE(write([&](store::Store& s) -> Status {
        GLEANER_TRY(const auto owner, s.add_owner("Second", {}));
        GLEANER_TRY(const auto key, s.add_credential(store::PrincipalKind::owner, owner.id.get(),
                                                     "phone", testing::fake_sha256(51)));
        auto consent = world.consent();
        consent.accepted_by = key.id;
        GLEANER_TRY(const auto site, s.add_site(owner.id, "Second street", consent,
                                                testing::StoreWorld::consent_text));
        GLEANER_TRY(s.add_token(site.id, testing::fake_sha256(52), -1, clock.wall() + 24h));
        store::EnrolmentRequest request;
        request.token_secret_sha256 = testing::fake_sha256(52);
        request.hardware_fingerprint = "second-board";
        request.hostname = "second";
        GLEANER_TRY(const auto grant, s.begin_enrolment(request));
        GLEANER_TRY(other, s.node(grant.node));
        return ok();
    }));
    PlayedNode other_link;
    replicas = 2;
    const auto job = admit(Rig::lines(1));
    join();
    join(other, other_link);
    grid->open_job(job);
    REQUIRE(until([&] { return !link.leases().empty() && !other_link.leases().empty(); }));
    pass(20ms);
    answer(link.leases().front());
    const auto own_node = std::exchange(node, other);
    answer(other_link.leases().front());
    node = own_node;
    REQUIRE(until([&] { return grid->counters().items_accepted == 1; }));
    REQUIRE(counted(LossCause::verification));
    CHECK(lost(LossCause::verification) >= 20'000);
    CHECK(grid->use().useful_micros == 10);
    CHECK(lost(LossCause::rejected) == 0);
    grid->node_left(other.id, other_link, core::LeaveCause::goodbye);
}

TEST_CASE_FIXTURE(UseRig, "loading a model is lost, and so is a load that fails") {
    join();
    say_model(wire::ModelState::UNLOADED);
    say_model(wire::ModelState::DOWNLOADING);
    pass(30ms);
    say_model(wire::ModelState::STARTING);
    pass(30ms);
    say_model(wire::ModelState::READY);
    REQUIRE(counted(LossCause::loading));
    CHECK(lost(LossCause::loading) >= 60'000);
    const auto once = lost(LossCause::loading);
    say_model(wire::ModelState::STARTING);
    pass(30ms);
    grid->node_left(node.id, link, core::LeaveCause::lost);
    CHECK(until([&] { return lost(LossCause::loading) >= once + 30'000; }));
}

TEST_CASE_FIXTURE(UseRig, "a stream is useful until its last token when its customer leaves") {
    join();
    KeptSink sink;
    const auto stream = open_stream(sink);
    REQUIRE(until([&] { return sink.started; }));
    pass(30ms);
    wire::ToCoordinator delta;
    delta.mutable_stream_delta()->set_stream_id(stream.get());
    delta.mutable_stream_delta()->set_data("{}");
    delta.mutable_stream_delta()->set_generated_tokens(1);
    grid->node_said(node.id, std::move(delta));
    pass(30ms);
    (void)grid->close_stream(stream);
    REQUIRE(counted(LossCause::cancelled));
    CHECK(grid->use().useful_micros >= 30'000);
    CHECK(lost(LossCause::cancelled) >= 30'000);
}

TEST_CASE_FIXTURE(UseRig, "a stream that ends well is useful, also when it claims too much") {
    join();
    KeptSink sink;
    const auto stream = open_stream(sink);
    REQUIRE(until([&] { return sink.started; }));
    const Time started = clock.now();
    pass(30ms);
    wire::ToCoordinator end;
    end.mutable_stream_end()->set_stream_id(stream.get());
    end.mutable_stream_end()->set_generated_tokens(3);
    end.mutable_stream_end()->set_device_micros(3'600'000'000);
    grid->node_said(node.id, std::move(end));
    const auto most = (clock.now() - started).count() + 1'000'000;
    REQUIRE(until([&] { return grid->use().useful_micros > 0; }));
    CHECK(grid->use().useful_micros >= 30'000);
    CHECK(grid->use().useful_micros < most);
}

TEST_CASE_FIXTURE(UseRig, "reference time is device time weighed, and never more than was there") {
    const auto lease = lent(2);
    answer(lease, 3'600'000'000);  // an hour, it says, of some milliseconds
    REQUIRE(until([&] { return grid->counters().items_accepted == 2 && grid->unsaved() == 0; }));
    const auto all = earned();
    CHECK(all.device_micros >= 3'600'000'000);
    CHECK(all.reference_micros > 0);
    CHECK(all.reference_micros < 20'000'000 * core::processor_permille / 1'000);
    CHECK(grid->facts(node.id)->reference_permille == core::processor_permille);
}

TEST_CASE_FIXTURE(UseRig, "energy is what was measured at work above idle, else an assumption") {
    join();
    for (int i = 0; i < 50; ++i) say_watts(1'000);  // of an idle device
    const auto job = admit(Rig::lines(2));
    grid->open_job(job);
    REQUIRE(until([&] { return !link.leases().empty(); }));
    for (int i = 0; i < 50; ++i) say_watts(9'000);
    pass(300ms);
    answer(link.leases().front());
    REQUIRE(until([&] { return grid->use().useful_micros > 0; }));
    // 8 kW and a fifth for 300 ms; 65 W would be 20 in that time.
    CHECK(grid->use().watt_seconds >= 2'800);
}
