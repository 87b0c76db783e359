#include "coordinator/store/customer_contracts.h"

#include <algorithm>
#include <map>

#include "coordinator/ledger/price_book_json.h"
#include "coordinator/store/allowances.h"
#include "coordinator/store/contract_rows.h"
#include "coordinator/store/prices.h"
#include "shared/util/random.h"

namespace gleaner::store {

namespace {

constexpr Duration offer_validity = std::chrono::hours(24);
constexpr Duration ahead_max = std::chrono::hours(24 * 366);

Error refused(std::string why) {
    return {ErrorCode::invalid_argument, std::move(why)};
}

Error not_now(std::string why) {
    return {ErrorCode::failed_precondition, std::move(why)};
}

bool is_whole_hour(WallTime time) {
    return time.micros % micros_of_hour == 0;
}

Status check(const ContractWish& wish, WallTime now) {
    if (!is_whole_hour(wish.from) || (wish.to && !is_whole_hour(*wish.to)))
        return refused("a contract begins and ends with a whole hour");
    if (wish.from.micros + micros_of_hour <= now.micros)
        return refused("the contract would begin at " + local_time_text(wish.from) +
                       ", which has passed: say the hour that runs, or a later one");
    if (wish.from > now + ahead_max) return refused("a contract begins within a year");
    if (wish.months < 0 || wish.months > reserved_months_max)
        return refused("a term is 1 to 3 months; for hours say when it ends");
    if (wish.months == 0) {
        if (!wish.reserved) return refused("a commitment to buy work has a term of 1 to 3 months");
        if (!wish.to || *wish.to <= wish.from)
            return refused("a reservation by the hour says when it ends, after it begins");
        if (*wish.to > ledger::contract_month(wish.from, reserved_months_max))
            return refused("hours are reserved for at most 3 months: take a term that renews");
        if (wish.renews) return refused("only a term of months renews");
    } else if (wish.to) {
        return refused("a term of months says by itself when it ends: leave the end out");
    }
    if (wish.reserved) {
        if (wish.monthly != Money{})
            return refused("what machines cost a month follows from their price: leave it out");
        if (wish.reserved->devices < 1 || wish.reserved->devices > 10'000)
            return refused("1 to 10000 devices are reserved at once");
        if (wish.reserved->privacy == PrivacyClass::own)
            return refused("own machines need no reservation: say any or certified");
    } else if (wish.monthly <= Money{}) {
        return refused("a commitment says how much is bought a month, above zero");
    }
    return ok();
}

/// So many of the class are promised to others at the worst moment of [from, to).
Result<std::int64_t> promised(Store::State& state, const std::string& device_class, WallTime from,
                              std::optional<WallTime> to) {
    std::vector<std::pair<WallTime, std::int64_t>> changes;
    Query query(*state.database, sql::list_promises, device_class, from, to);
    for (;;) {
        GLEANER_TRY(auto more, query.next());
        if (!more) break;
        const std::int64_t devices = query.integer("devices");
        changes.emplace_back(std::max(from, query.time("begins")), devices);
        if (const auto ends = query.optional_time("ends")) changes.emplace_back(*ends, -devices);
    }
    std::ranges::sort(changes);
    std::int64_t now = 0;
    std::int64_t most = 0;
    for (const auto& [at, devices] : changes) {
        now += devices;
        most = std::max(most, now);
    }
    return most;
}

std::optional<WallTime> last_moment(const ContractWish& wish) {
    if (wish.months == 0) return wish.to;
    if (wish.renews) return std::nullopt;
    return ledger::contract_month(wish.from, wish.months);
}

Status check_capacity(Store::State& state, const ContractWish& wish, std::int64_t connected) {
    if (!wish.reserved) return ok();
    const auto& [device_class, devices, privacy] = *wish.reserved;
    if (connected <= 0)
        return refused("no machine with '" + device_class +
                       "' is here: ask for the device classes that are");
    GLEANER_TRY(const auto taken, promised(state, device_class, wish.from, last_moment(wish)));
    const std::int64_t left = std::max<std::int64_t>(connected - taken, 0);
    if (devices > left)
        return not_now(std::to_string(devices) + " devices '" + device_class +
                       "' are too many for that time: " + std::to_string(connected) +
                       " are here, " + std::to_string(taken) + " of them are promised to others");
    return ok();
}

/// One commitment at a time: what is bought would count for each of two.
Status check_alone(Store::State& state, const ContractWish& wish) {
    if (wish.reserved) return ok();
    GLEANER_TRY(const bool other, state.exists(sql::select_other_commitment, wish.project,
                                               wish.from, last_moment(wish)));
    if (!other) return ok();
    return not_now(
        "this project has a commitment for a part of that time already: begin after it ends");
}

/// The present price of what is wished for.
Result<LockedPrice> first_price(Store& store, const ContractWish& wish, Currency currency) {
    const WallTime now = store.state().clock.wall();
    GLEANER_TRY(const auto book, Prices(store).in_force(now));
    if (!book) return not_now("no price book is in force: an operator publishes one first");
    if (!book->currencies.contains(currency))
        return refused("nothing is sold in " + std::string(code_of(currency)) +
                       " by the price book in force");
    LockedPrice price;
    price.from = now;
    price.hour.version = book->version;
    price.hour.currency = currency;
    price.monthly = wish.monthly;
    if (!wish.reserved) return price;
    const auto& sold = book->currencies.at(currency).device_hours;
    const auto hour = sold.find(wish.reserved->device_class);
    if (hour == sold.end())
        return refused("the price book in force does not sell hours of '" +
                       wish.reserved->device_class + "' in " + std::string(code_of(currency)));
    price.hour.tier = wish.reserved->privacy;
    price.hour.tier_factor = book->tier_factor(wish.reserved->privacy);
    price.hour.base = {hour->second.micros, 0};
    price.hour.bands = book->bands;
    price.monthly = wish.months > 0
                        ? monthly_price(price.hour, wish.reserved->devices)
                        : price_of_hours(price, wish.reserved->devices, wish.from, *wish.to);
    return price;
}

/// What must be there at signing beside the deposit: a day's hours, or all when it is shorter.
Money first_day_of(const CustomerContract& contract) {
    const auto& wish = contract.wish;
    if (!wish.reserved) return {};
    WallTime until = wish.from + std::chrono::hours(24);
    if (contract.ends) until = std::min(until, *contract.ends);
    if (wish.to) until = std::min(until, *wish.to);
    return price_of_hours(contract.prices.front(), wish.reserved->devices, wish.from, until);
}

}  // namespace

ContractState CustomerContract::state(WallTime now) const {
    if (ends && (signed_at || !end_reason.empty()) && *ends <= now) return ContractState::ended;
    if (signed_at) return ContractState::signed_;
    return now >= valid_until ? ContractState::expired : ContractState::offered;
}

const LockedPrice& CustomerContract::price_at(WallTime time) const {
    const auto later = std::ranges::find_if(
        prices, [time](const LockedPrice& price) { return price.from > time; });
    return later == prices.begin() ? prices.front() : *std::prev(later);
}

bool CustomerContract::in_force(WallTime at) const {
    return signed_at && wish.from <= at && (!ends || at < *ends);
}

Result<CustomerContract> CustomerContracts::offer(const ContractWish& wish,
                                                  const ContractClauses& clauses,
                                                  std::int64_t connected, std::string_view by) {
    auto& state = store_.state();
    const WallTime now = state.clock.wall();
    GLEANER_TRY(check(wish, now));
    return state.atomically([&]() -> Result<CustomerContract> {
        GLEANER_TRY(const auto project, store_.project(wish.project));
        GLEANER_TRY(check_capacity(state, wish, connected));
        GLEANER_TRY(check_alone(state, wish));
        GLEANER_TRY(const auto price, first_price(store_, wish, project.currency));
        ledger::CustomerTerms terms;
        terms.monthly = price.monthly;
        terms.months = std::max(wish.months, 1);
        terms.reprice_threshold = clauses.reprice_threshold;
        terms.reprice_fee = clauses.reprice_fee;
        terms.termination_penalty = clauses.termination_penalty;
        if (clauses.deposit_days < 0 || clauses.deposit_days > 90)
            return refused("a deposit is what 0 to 90 days cost");
        if (wish.months > 0)
            terms.deposit = ledger::remaining_commitment(
                price.monthly, {clauses.deposit_days / 30, clauses.deposit_days % 30, 30});
        GLEANER_TRY(ledger::check(terms));
        const std::string id = random_token("ctr_", 20);
        const auto reserved = wish.reserved.value_or(ReservedDevices{});
        GLEANER_TRY(
            state.database->run(sql::insert_customer_contract, id, project.id, project.customer,
                                code_of(project.currency), reserved.device_class, reserved.devices,
                                to_string(reserved.privacy), wish.from, wish.months, wish.renews,
                                wish.to, terms.monthly, terms.deposit, terms.reprice_threshold,
                                terms.reprice_fee, terms.termination_penalty, now, by,
                                now + offer_validity, wish.from.micros / micros_of_hour));
        GLEANER_TRY(state.database->run(sql::insert_contract_price, id, price.from,
                                        price.hour.version, ledger::to_text(price.hour),
                                        price.monthly, price.fee));
        return read(id);
    });
}

Result<CustomerContract> CustomerContracts::sign(const std::string& id, const Principal& by,
                                                 std::int64_t connected) {
    auto& state = store_.state();
    const WallTime now = state.clock.wall();
    return state.atomically([&]() -> Result<CustomerContract> {
        GLEANER_TRY(const auto contract, read(id));
        if (by.kind != PrincipalKind::project || by.customer != contract.customer)
            return Error(ErrorCode::permission_denied,
                         "only the customer signs, with a key of their own");
        if (contract.signed_at) return contract;
        if (now >= contract.valid_until)
            return not_now("this offer was good until " + local_time_text(contract.valid_until) +
                           ": ask for a new one");
        GLEANER_TRY(check(contract.wish, now));
        GLEANER_TRY(check_capacity(state, contract.wish, connected));
        GLEANER_TRY(check_alone(state, contract.wish));
        GLEANER_TRY(const auto credit, credit_of(state, contract.customer, contract.currency));
        const Money needed = contract.terms.deposit + first_day_of(contract);
        if (credit.available() < needed)
            return Error(ErrorCode::resource_exhausted,
                         "to sign it takes a credit of " + to_decimal(needed) +
                             " for the deposit and the first day; " +
                             to_decimal(credit.available()) + " are left: top up first");
        GLEANER_TRY(state.journal.transfer(
            ledger::EntryKind::deposit, "deposit:" + id,
            ledger::customer_account(contract.customer, contract.currency),
            ledger::deposit_account(id, contract.currency), contract.terms.deposit));
        GLEANER_TRY(state.database->run(sql::sign_customer_contract, id, now, by.credential_id,
                                        last_moment(contract.wish)));
        return read(id);
    });
}

Result<CustomerContract> CustomerContracts::read(const std::string& id) {
    auto& state = store_.state();
    Query query(*state.database, sql::select_customer_contract, id);
    GLEANER_TRY(const auto found, query.next());
    if (!found) return Error(ErrorCode::not_found, "no such contract");
    return customer_contract(state, query);
}

Result<std::vector<CustomerContract>> CustomerContracts::of(const CustomerId& customer) {
    return customer_contracts(store_.state(), sql::list_customer_contracts, customer);
}

Result<std::vector<CustomerContract>> CustomerContracts::all() {
    return customer_contracts(store_.state(), sql::list_all_customer_contracts);
}

Result<std::vector<RunningReservation>> CustomerContracts::running(WallTime at) {
    auto& state = store_.state();
    GLEANER_TRY(const auto contracts,
                customer_contracts(state, sql::list_running_reservations, at));
    std::vector<RunningReservation> running;
    // What one customer's reservations need together is there once.
    std::map<std::pair<CustomerId, Currency>, Money> needed;
    for (const auto& contract : contracts) {
        RunningReservation one{contract.id, contract.customer, contract.wish.project,
                               *contract.wish.reserved, true};
        // What runs and is not billed yet, and one more hour.
        GLEANER_TRY(const auto credit, credit_of(state, contract.customer, contract.currency));
        Query unbilled(*state.database, sql::sum_unbilled_use, contract.id);
        GLEANER_TRY(unbilled.next());
        const auto& price = contract.price_at(at);
        const Money owed = price_of_hours(price, 1, at, at + Duration{unbilled.integer("micros")});
        const Money next =
            price_of_hours(price, one.reserved.devices, at, at + std::chrono::hours(1));
        auto& together = needed[{contract.customer, contract.currency}];
        one.funded = credit.available() >= together + owed + next;
        together += one.funded ? owed + next : owed;
        running.push_back(std::move(one));
    }
    return running;
}

Result<std::optional<std::int64_t>> CustomerContracts::locked_book(const ProjectId& project,
                                                                   WallTime at) {
    Query query(*store_.state().database, sql::select_locked_book, project, at);
    GLEANER_TRY(const auto found, query.next());
    if (!found) return std::optional<std::int64_t>();
    return std::optional(query.integer("price_book"));
}

}  // namespace gleaner::store
