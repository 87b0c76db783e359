#pragma once
/// The admin API over a store in which work was done and paid: for statements and invoices.

#include "tests/support/store_world.h"
#include "tests/unit/coordinator/api/admin/admin_harness.h"

namespace gleaner::test {

struct WorkedHarness : AdminHarness {
    WorkedHarness() {
        std::function<Result<bool>(store::Store&)> work = [this](store::Store& s) -> Result<bool> {
            world = testing::StoreWorld::fill(s, clock, {100'000'000}, 2);
            for (int i = 0; i < 5; ++i) {
                store::Acceptance stream;
                stream.meters.push_back(world.meter("attempt-" + std::to_string(i), {1'000'000},
                                                    static_cast<std::size_t>(i % 2)));
                GLEANER_TRY(s.accept(std::span(&stream, 1)));
                clock.advance(1s);
            }
            return true;
        };
        REQUIRE(in_store(std::move(work)).has_value());
        owner = principal(store::PrincipalKind::owner, world.owner.id.get());
        partner = principal(store::PrincipalKind::partner, world.owner_partner.id.get());
        customer = principal(store::PrincipalKind::project, world.project.id.get());
        customer.customer = world.customer.id;
        owners_statement = "/api/v1/statements/owners/" + world.owner.id.get();
        partners_statement = "/api/v1/statements/partners/" + world.owner_partner.id.get();
        customers_statement = "/api/v1/statements/customers/" + world.customer.id.get();
    }

    /// The work is of September 2026; afterwards it is October.
    void month_ends() { clock.advance(24h * 15); }

    testing::StoreWorld world;
    store::Principal owner;
    store::Principal partner;
    store::Principal customer;
    std::string owners_statement;
    std::string partners_statement;
    std::string customers_statement;
};

}  // namespace gleaner::test
