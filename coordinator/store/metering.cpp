#include "coordinator/store/metering.h"

#include <algorithm>
#include <array>

#include "coordinator/ledger/accounts.h"
#include "coordinator/store/state.h"
#include "coordinator/store/store.h"
#include "shared/model/civil_day.h"

namespace gleaner::store {

namespace {

__extension__ using Wide = __int128;

constexpr std::int64_t micros_of_hour = 3'600'000'000;
constexpr std::int64_t speed_reports_max = 200;

std::string_view word_of(GroupBy by) {
    switch (by) {
        case GroupBy::day:
            return "day";
        case GroupBy::node:
            return "node";
        case GroupBy::site:
            return "site";
        case GroupBy::owner:
            return "owner";
    }
    return "day";
}

std::string key_of(const Query& row, GroupBy by) {
    return by == GroupBy::day ? date_text(row.integer("key")) : row.text("key");
}

DeviceUse use_row(const Query& row) {
    DeviceUse use;
    use.idle_micros = row.integer("idle");
    use.useful_micros = row.integer("useful");
    for (const LossCause cause : loss_causes) use.lost(cause) = row.integer(to_string(cause));
    use.watt_seconds = row.integer("watt_seconds");
    return use;
}

ElectricityPrice price_row(const Query& row) {
    return {row.integer("day"), row.money("micros_per_kwh"), currency(row.text("currency"))};
}

SpeedReport speed_row(const Query& row) {
    return {row.integer("gflops_milli"), row.integer("copy_milli")};
}

struct Statements {
    sql::StatementId use;
    sql::StatementId energy;
    sql::StatementId revenue;
};

/// Of everybody, only the use.
Statements statements_of(NodeScope::Kind kind) {
    switch (kind) {
        case NodeScope::Kind::all:
            return {sql::sum_use_of_all, sql::sum_energy_of_owner, sql::sum_revenue_of_owner};
        case NodeScope::Kind::owner:
            return {sql::sum_use_of_owner, sql::sum_energy_of_owner, sql::sum_revenue_of_owner};
        case NodeScope::Kind::site:
            return {sql::sum_use_of_site, sql::sum_energy_of_site, sql::sum_revenue_of_site};
        case NodeScope::Kind::node:
            return {sql::sum_use_of_node, sql::sum_energy_of_node, sql::sum_revenue_of_node};
    }
    return {sql::sum_use_of_all, sql::sum_energy_of_owner, sql::sum_revenue_of_owner};
}

/// Calls `take(query, key, name)` for each row.
template <class Take>
Status for_each_sum(Store::State& state, sql::StatementId id, const NodeScope& scope, DayRange days,
                    GroupBy by, Take take) {
    Query query(*state.database, id, scope.id, days.from, days.to, word_of(by));
    for (;;) {
        GLEANER_TRY(auto more, query.next());
        if (!more) return ok();
        take(query, key_of(query, by), query.text("name"));
    }
}

bool counts_nothing_below_zero(const DeviceUse& use) {
    return use.idle_micros >= 0 && use.useful_micros >= 0 && use.watt_seconds >= 0 &&
           std::ranges::all_of(use.lost_micros, [](std::int64_t lost) { return lost >= 0; });
}

}  // namespace

Earned& Earned::operator+=(const Earned& more) {
    revenue += more.revenue;
    electricity += more.electricity;
    items += more.items;
    device_micros += more.device_micros;
    reference_micros += more.reference_micros;
    watt_seconds += more.watt_seconds;
    return *this;
}

std::optional<Money> Earned::per_reference_hour() const {
    if (reference_micros <= 0) return std::nullopt;
    return Money{
        static_cast<std::int64_t>(Wide{revenue.micros} * micros_of_hour / reference_micros)};
}

Status Metering::add_use(std::int64_t day, std::span<const std::pair<NodeId, DeviceUse>> rows) {
    auto& state = store_.state();
    return state.atomically([&]() -> Status {
        for (const auto& [node, use] : rows) {
            if (!counts_nothing_below_zero(use))
                return Error(ErrorCode::invalid_argument, "no device works for less than no time");
            GLEANER_TRY(state.database->run(
                sql::add_node_use, node, day, use.idle_micros, use.useful_micros,
                use.lost(LossCause::loading), use.lost(LossCause::reclaimed),
                use.lost(LossCause::connection), use.lost(LossCause::engine),
                use.lost(LossCause::rejected), use.lost(LossCause::repeated),
                use.lost(LossCause::verification), use.lost(LossCause::cancelled),
                use.lost(LossCause::waiting), use.watt_seconds));
        }
        return ok();
    });
}

Result<std::vector<UseRow>> Metering::use(const NodeScope& scope, DayRange days, GroupBy by) {
    auto& state = store_.state();
    return state.atomically([&]() -> Result<std::vector<UseRow>> {
        std::vector<UseRow> rows;
        const auto take = [&rows](const Query& row, std::string key, std::string name) {
            rows.push_back({std::move(key), std::move(name), use_row(row)});
        };
        GLEANER_TRY(for_each_sum(state, statements_of(scope.kind).use, scope, days, by, take));
        return rows;
    });
}

Status Metering::set_electricity(const SiteId& site, Money per_kwh, Currency currency) {
    if (per_kwh < Money{} || per_kwh > electricity_price_max)
        return Error(ErrorCode::invalid_argument,
                     "a kilowatt-hour costs between 0 and " + to_decimal(electricity_price_max) +
                         ", not " + to_decimal(per_kwh) + ": give the price of one kilowatt-hour");
    auto& state = store_.state();
    return state.atomically([&]() -> Status {
        GLEANER_TRY(store_.site(site));
        return state.database->run(sql::put_electricity_price, site, day_of(state.clock.wall()),
                                   per_kwh, code_of(currency));
    });
}

Result<std::optional<ElectricityPrice>> Metering::electricity(const SiteId& site,
                                                              std::int64_t day) {
    Query query(*store_.state().database, sql::select_electricity_price, site, day);
    GLEANER_TRY(auto found, query.next());
    if (!found) return std::optional<ElectricityPrice>{};
    return std::optional<ElectricityPrice>{price_row(query)};
}

Result<std::vector<EarningsRow>> Metering::earnings(const NodeScope& scope, DayRange days,
                                                    GroupBy by) {
    if (scope.kind == NodeScope::Kind::all)
        return Error(ErrorCode::invalid_argument, "name the owner, the site or the node");
    auto& state = store_.state();
    return state.atomically([&]() -> Result<std::vector<EarningsRow>> {
        GLEANER_TRY(state.flush());
        std::map<std::string, EarningsRow> rows;
        const auto statements = statements_of(scope.kind);
        const auto row_of = [&rows](std::string key, std::string name) -> EarningsRow& {
            auto& row = rows[key];
            row.key = std::move(key);
            row.name = std::move(name);
            return row;
        };
        const auto take_revenue = [&](const Query& query, std::string key, std::string name) {
            Earned one;
            one.revenue = query.money("revenue");
            one.items = query.integer("items");
            one.device_micros = query.integer("device_micros");
            one.reference_micros = query.integer("reference_micros");
            row_of(std::move(key), std::move(name)).earned[currency(query.text("currency"))] += one;
        };
        const auto take_energy = [&](const Query& query, std::string key, std::string name) {
            const std::int64_t used = query.integer("watt_seconds");
            auto& row = row_of(std::move(key), std::move(name));
            if (query.null("currency")) {
                row.unpriced_watt_seconds += used;
                return;
            }
            auto& earned = row.earned[currency(query.text("currency"))];
            earned.watt_seconds += used;
            earned.electricity += query.money("cost");
        };
        GLEANER_TRY(for_each_sum(state, statements.revenue, scope, days, by, take_revenue));
        GLEANER_TRY(for_each_sum(state, statements.energy, scope, days, by, take_energy));
        std::vector<EarningsRow> sorted;
        for (auto& [key, row] : rows) sorted.push_back(std::move(row));
        return sorted;
    });
}

Result<std::vector<OwnerBalance>> Metering::balances(const OwnerId& owner) {
    auto& state = store_.state();
    return state.atomically([&]() -> Result<std::vector<OwnerBalance>> {
        GLEANER_TRY(store_.owner(owner));
        GLEANER_TRY(state.flush());
        std::vector<OwnerBalance> balances;
        for (const auto& name : currency_names) {
            OwnerBalance balance{name.currency, {}, {}};
            const std::array<std::pair<ledger::Account, Money*>, 2> accounts{
                {{ledger::pending_account(owner, name.currency), &balance.pending},
                 {ledger::owner_account(owner, name.currency), &balance.payable}}};
            bool known = false;
            for (const auto& [account, amount] : accounts) {
                Query query(*state.database, sql::select_balance_by_name, account.name);
                GLEANER_TRY(auto found, query.next());
                if (found) *amount = query.money("micros");
                known = known || found;
            }
            if (known) balances.push_back(balance);
        }
        return balances;
    });
}

Result<SpeedReports> Metering::speed_reports(const NodeId& node, std::string_view device_name) {
    auto& state = store_.state();
    return state.atomically([&]() -> Result<SpeedReports> {
        SpeedReports reports;
        GLEANER_TRY(auto own, state.all(speed_row, sql::select_own_speed, node, device_name));
        if (!own.empty()) reports.own = own.front();
        GLEANER_TRY(reports.others, state.all(speed_row, sql::find_speeds_of_others, node,
                                              device_name, speed_reports_max));
        return reports;
    });
}

}  // namespace gleaner::store
