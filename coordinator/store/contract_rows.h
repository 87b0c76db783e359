#pragma once
/// Rows of customers' contracts, for the store's own files.

#include "coordinator/store/customer_contracts.h"
#include "coordinator/store/state.h"

namespace gleaner::store {

inline constexpr std::int64_t micros_of_hour = 3'600'000'000;

/// The one that the row shows, with its prices and its deposit.
[[nodiscard]] Result<CustomerContract> customer_contract(Store::State& state, const Query& row);
/// Those that the statement lists.
template <class... Values>
[[nodiscard]] Result<std::vector<CustomerContract>> customer_contracts(Store::State& state,
                                                                       sql::StatementId id,
                                                                       const Values&... values) {
    std::vector<CustomerContract> found;
    Query query(*state.database, id, values...);
    for (;;) {
        GLEANER_TRY(auto more, query.next());
        if (!more) return found;
        GLEANER_TRY(auto contract, customer_contract(state, query));
        found.push_back(std::move(contract));
    }
}

/// What machines cost a month of 30 days, on an average of the week's bands.
[[nodiscard]] Money monthly_price(const ledger::Tariff& hour, std::int32_t devices);
/// What the hours of [from, to) cost; parts of an hour by their length.
[[nodiscard]] Money price_of_hours(const LockedPrice& price, std::int32_t devices, WallTime from,
                                   WallTime to);
/// What is still to be paid at `now`: of the term, or of the hours until its end.
[[nodiscard]] Money still_to_pay(const CustomerContract& contract, WallTime now);
/// Until when it is bound at `now`.
[[nodiscard]] WallTime bound_until(const CustomerContract& contract, WallTime now);
/// What a month of it would cost by the price book in force; nothing when that cannot be said: it
/// is not sold, or nothing was used yet.
[[nodiscard]] Result<std::optional<LockedPrice>> price_today(Store& store,
                                                             const CustomerContract& contract);

}  // namespace gleaner::store
