/// Reserved machines in the live grid: who works for whom, and the time that is billed for it.

#include "coordinator/store/customer_contracts.h"
#include "coordinator/store/prices.h"
#include "coordinator/store/state.h"
#include "tests/unit/coordinator/runtime/grid_rig.h"

using namespace gleaner;
using namespace gleaner::runtime;
using namespace gleaner::runtime::test;

namespace {

struct ReservedRig : Rig {
    std::string contract;

    /// The customer reserves one of the node's devices, from this hour on.
    ReservedRig() {
        const auto done = write([&](store::Store& s) -> Status {
            store::PriceOffer offer;
            offer.book.currencies[Currency::cny].device_hours["Test CPU"] = {3'600'000};
            GLEANER_TRY(store::Prices(s).publish(offer));
            GLEANER_TRY(const auto key,
                        s.add_credential(store::PrincipalKind::project, world.project.id.get(), "k",
                                         testing::fake_sha256(50)));
            store::Principal customer;
            customer.customer = world.customer.id;
            customer.credential_id = key.id;
            store::ContractWish wish;
            wish.project = world.project.id;
            wish.reserved = store::ReservedDevices{"Test CPU", 1, PrivacyClass::any};
            wish.from = {clock.wall().micros / 3'600'000'000 * 3'600'000'000};
            wish.months = 1;
            store::CustomerContracts contracts(s);
            GLEANER_TRY(const auto offered, contracts.offer(wish, {.deposit_days = 0}, 1, "ops"));
            GLEANER_TRY(contracts.sign(offered.id, customer, 1));
            contract = offered.id;
            return ok();
        });
        REQUIRE_MESSAGE(done.has_value(), done.error().message());
    }
    bool reserved() { return grid->nodes().front().reservation == contract; }
    /// Written down so far, billed or not.
    std::int64_t delivered() {
        std::int64_t micros = 0;
        const auto read = write([&](store::Store& s) -> Status {
            store::Query unbilled(*s.state().database, store::sql::sum_unbilled_use, contract);
            GLEANER_TRY(unbilled.next());
            store::Query billed(*s.state().database, store::sql::sum_reserved_hours, contract, 0,
                                std::int64_t{1} << 40);
            GLEANER_TRY(billed.next());
            micros = unbilled.integer("micros") + billed.integer("delivered");
            return ok();
        });
        REQUIRE(read.has_value());
        return micros;
    }
};

}  // namespace

TEST_CASE_FIXTURE(ReservedRig,
                  "a reserved machine works for its customer alone, and its time counts") {
    join();
    CHECK(grid->devices_on_offer() == std::map<std::string, std::int64_t>{{"Test CPU", 1}});
    const Time begun = clock.now();
    grid->reservations_changed();
    REQUIRE(until([&] { return reserved(); }));

    const auto others = admit(lines(1));
    grid->open_job(others);
    terms.reservation = contract;
    auto theirs = admit_lines(1);
    grid->open_job(theirs);
    REQUIRE(until([&] { return !link.leases().empty(); }));
    answer(link.leases().front());
    REQUIRE(until([&] { return !grid->live_counts(theirs.id).has_value(); }));
    CHECK(link.leases().size() == 1);
    CHECK(grid->live_counts(others.id).has_value());

    wait_for(grid->stop());
    const std::int64_t counted = delivered();
    CHECK(counted > 0);
    CHECK(counted <= (clock.now() - begun).count() + 1'000'000);
}

TEST_CASE_FIXTURE(ReservedRig,
                  "when a contract has ended its work ends, and the machine is everybody's") {
    join();
    grid->reservations_changed();
    REQUIRE(until([&] { return reserved(); }));
    terms.reservation = contract;
    const auto theirs = admit(lines(3));
    grid->open_job(theirs);
    REQUIRE(until([&] { return !link.leases().empty(); }));
    const auto ended = write([&](store::Store& s) -> Status {
        store::CustomerContracts contracts(s);
        GLEANER_TRY(const auto choices, contracts.choices(contract));
        GLEANER_TRY(contracts.terminate(contract, choices.terminate.penalty, "key"));
        return ok();
    });
    REQUIRE_MESSAGE(ended.has_value(), ended.error().message());
    grid->reservations_changed();
    REQUIRE(until([&] { return !grid->live_counts(theirs.id).has_value(); }));
    CHECK(!reserved());
    CHECK(store::JobState::expired == [&] {
        auto state = store::JobState::in_progress;
        const auto read = write([&](store::Store& s) -> Status {
            GLEANER_TRY(const auto job, s.job_by_id(theirs.id));
            state = job.state;
            return ok();
        });
        REQUIRE(read.has_value());
        return state;
    }());
}
