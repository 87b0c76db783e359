#include "coordinator/store/contract_rows.h"

#include <algorithm>

#include "coordinator/ledger/price_book_json.h"
#include "coordinator/store/prices.h"

namespace gleaner::store {

namespace {

__extension__ using Wide = __int128;

Money half_up(Wide amount, Wide divisor) {
    return {static_cast<std::int64_t>((amount + divisor / 2) / divisor)};
}

/// What the project used since then costs by the book's base prices; nothing where one of its
/// models is not sold by it.
Result<std::optional<Wide>> cost_by(Store::State& state, const CustomerContract& contract,
                                    const ledger::PriceBook& book) {
    const auto prices = book.currencies.find(contract.currency);
    if (prices == book.currencies.end()) return std::optional<Wide>();
    Query query(*state.database, sql::sum_tokens_of_project, contract.customer,
                contract.wish.project, day_of(contract.wish.from));
    Wide cost = 0;
    for (;;) {
        GLEANER_TRY(auto more, query.next());
        if (!more) return std::optional<Wide>(cost);
        const auto model = prices->second.models.find(query.text("model"));
        const std::int64_t cached = query.integer("cached_tokens");
        const std::int64_t fresh = query.integer("prompt_tokens") - cached;
        const std::int64_t generated = query.integer("generated_tokens");
        if (fresh + cached + generated == 0) continue;  // reserved hours
        if (model == prices->second.models.end()) return std::optional<Wide>();
        cost += Wide{fresh} * model->second.prompt_micros_per_million +
                Wide{cached} * model->second.cached_micros_per_million() +
                Wide{generated} * model->second.generated_micros_per_million;
    }
}

}  // namespace

Result<CustomerContract> customer_contract(Store::State& state, const Query& row) {
    CustomerContract contract;
    contract.id = row.text("id");
    contract.customer = row.id<CustomerId>("customer");
    contract.currency = currency(row.text("currency"));
    auto& wish = contract.wish;
    wish.project = row.id<ProjectId>("project");
    wish.from = row.time("begins");
    wish.to = row.optional_time("wanted_end");
    wish.months = static_cast<std::int32_t>(row.integer("months"));
    wish.renews = row.boolean("renews");
    auto& terms = contract.terms;
    terms.monthly = row.money("monthly");
    terms.months = std::max(wish.months, 1);
    terms.deposit = row.money("deposit");
    terms.reprice_threshold = static_cast<std::int32_t>(row.integer("reprice_threshold"));
    terms.reprice_fee = static_cast<std::int32_t>(row.integer("reprice_fee"));
    terms.termination_penalty = static_cast<std::int32_t>(row.integer("termination_penalty"));
    if (const auto devices = row.integer("devices"); devices > 0) {
        wish.reserved =
            ReservedDevices{row.text("device_class"), static_cast<std::int32_t>(devices),
                            parse_privacy(row.text("privacy")).value_or(PrivacyClass::any)};
    } else {
        wish.monthly = terms.monthly;
    }
    contract.offered = row.time("offered");
    contract.offered_by = row.text("offered_by");
    contract.valid_until = row.time("valid_until");
    contract.signed_at = row.optional_time("signed");
    contract.signed_by = row.text("signed_by");
    contract.ends = row.optional_time("ends");
    contract.end_reason = row.text("end_reason");
    Query query(*state.database, sql::list_contract_prices, contract.id);
    for (;;) {
        GLEANER_TRY(auto more, query.next());
        if (!more) break;
        const auto hour = ledger::tariff_of_text(query.text("hour"));
        if (!hour) return Error(ErrorCode::data_corrupt, "a contract's price cannot be read");
        contract.prices.push_back(
            {query.time("begins"), *hour, query.money("monthly"), query.money("fee")});
    }
    if (contract.prices.empty())
        return Error(ErrorCode::data_corrupt, "contract " + contract.id + " has no price");
    if (terms.deposit > Money{}) {
        // By its name: a reader, too, sees what is held.
        GLEANER_TRY(state.journal.flush());
        Query held(*state.database, sql::select_balance_by_name,
                   ledger::deposit_account(contract.id, contract.currency).name);
        GLEANER_TRY(const auto found, held.next());
        if (found) contract.deposit_held = held.money("micros");
    }
    return contract;
}

Money monthly_price(const ledger::Tariff& hour, std::int32_t devices) {
    constexpr std::int64_t quarters_of_week = 7 * 24 * 4;
    constexpr std::int64_t hours_of_month = 720;
    constexpr std::int64_t monday = 4;  // 1970-01-05
    Wide sum = 0;
    for (std::int64_t quarter = 0; quarter < quarters_of_week; ++quarter)
        sum += hour.at(start_of_day(monday) + quarter * std::chrono::minutes(15))
                   .prompt_micros_per_million;
    return half_up(sum * devices * hours_of_month, quarters_of_week);
}

Money price_of_hours(const LockedPrice& price, std::int32_t devices, WallTime from, WallTime to) {
    Wide sum = 0;
    while (from < to) {
        const WallTime next{(from.micros / micros_of_hour + 1) * micros_of_hour};
        const WallTime until = std::min(next, to);
        sum += Wide{price.at(from).micros} * devices * (until - from).count();
        from = until;
    }
    return half_up(sum, micros_of_hour);
}

WallTime bound_until(const CustomerContract& contract, WallTime now) {
    if (contract.ends) return *contract.ends;
    if (contract.wish.to) return *contract.wish.to;
    if (!contract.wish.renews)
        return ledger::contract_month(contract.wish.from, contract.wish.months);
    return ledger::bound_until(contract.wish.from, contract.wish.months, now);
}

Money still_to_pay(const CustomerContract& contract, WallTime now) {
    const WallTime until = bound_until(contract, now);
    const auto& price = contract.price_at(now);
    if (contract.wish.months > 0)
        return ledger::remaining_commitment(price.monthly,
                                            ledger::remaining(contract.wish.from, until, now));
    if (now < contract.wish.from) return {};  // hours may be given back before they begin
    return price_of_hours(price, contract.wish.reserved->devices, now, until);
}

Result<std::optional<LockedPrice>> price_today(Store& store, const CustomerContract& contract) {
    auto& state = store.state();
    const WallTime now = state.clock.wall();
    GLEANER_TRY(const auto book, Prices(store).in_force(now));
    if (!book) return std::optional<LockedPrice>();
    const auto& present = contract.price_at(now);
    LockedPrice today = present;
    today.from = now;
    today.fee = {};
    today.hour.version = book->version;
    if (contract.wish.reserved) {
        const auto prices = book->currencies.find(contract.currency);
        if (prices == book->currencies.end()) return std::optional<LockedPrice>();
        const auto hour = prices->second.device_hours.find(contract.wish.reserved->device_class);
        if (hour == prices->second.device_hours.end()) return std::optional<LockedPrice>();
        today.hour.tier_factor = book->tier_factor(contract.wish.reserved->privacy);
        today.hour.base = {hour->second.micros, 0};
        today.hour.bands = book->bands;
        today.monthly = monthly_price(today.hour, contract.wish.reserved->devices);
        return std::optional(today);
    }
    GLEANER_TRY(state.flush());
    GLEANER_TRY(const auto locked, Prices(store).version(present.hour.version));
    GLEANER_TRY(const auto before, cost_by(state, contract, locked.book));
    GLEANER_TRY(const auto after, cost_by(state, contract, *book));
    if (!before || !after || *before <= 0) return std::optional<LockedPrice>();
    today.monthly = half_up(Wide{present.monthly.micros} * *after, *before);
    return std::optional(today);
}

}  // namespace gleaner::store
