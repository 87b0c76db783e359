/// What owners give and what it brings them: how devices were used, and profit after electricity.
/// An owner sees their own; the whole grid is the operators' to see.

#include <algorithm>

#include <boost/json.hpp>

#include "coordinator/api/admin/call.h"
#include "coordinator/store/metering.h"
#include "shared/model/civil_day.h"
#include "shared/model/civil_time.h"

namespace gleaner::admin {

namespace json = boost::json;
using store::DayRange;
using store::GroupBy;
using store::Metering;
using store::NodeScope;
using store::Store;

namespace {

constexpr std::int64_t default_days = 7;
constexpr std::int64_t days_max = 3'700;

std::string_view to_string(NodeScope::Kind kind) {
    switch (kind) {
        case NodeScope::Kind::all:
            return "all";
        case NodeScope::Kind::owner:
            return "owner";
        case NodeScope::Kind::site:
            return "site";
        case NodeScope::Kind::node:
            return "node";
    }
    return "all";
}

Error no_such(std::string_view what) {
    return {ErrorCode::not_found, std::string("no such ").append(what)};
}

Status may_see_node(Store& store, const Call& call, const NodeId& id) {
    GLEANER_TRY(const auto node, store.node(id));
    if (const auto owner = call.owner(); owner && node.owner != *owner) return no_such("node");
    return ok();
}

/// What is asked about, if the caller may see it; to others it does not exist.
Result<NodeScope> scope_of(Store& store, const Call& call) {
    const std::string node = call.parameter("node");
    const std::string site = call.parameter("site");
    const std::string owner = call.parameter("owner");
    if ((node.empty() ? 0 : 1) + (site.empty() ? 0 : 1) + (owner.empty() ? 0 : 1) > 1)
        return Error(ErrorCode::invalid_argument, "name one of node, site and owner, not several");
    if (!node.empty()) {
        GLEANER_TRY(may_see_node(store, call, NodeId(node)));
        return NodeScope{NodeScope::Kind::node, node};
    }
    if (!site.empty()) {
        GLEANER_TRY(site_of_caller(store, call, SiteId(site)));
        return NodeScope{NodeScope::Kind::site, site};
    }
    if (const auto own = call.owner()) {
        if (!owner.empty() && owner != own->get()) return no_such("owner");
        return NodeScope{NodeScope::Kind::owner, own->get()};
    }
    if (owner.empty()) return NodeScope{};
    GLEANER_TRY(store.owner(OwnerId(owner)));
    return NodeScope{NodeScope::Kind::owner, owner};
}

/// Whole days: the one in which `from` falls is the first, the one before `to` the last.
Result<DayRange> days_of(const AdminState& state, const Call& call) {
    const std::string from = call.parameter("from");
    const std::string to = call.parameter("to");
    DayRange days;
    days.to = day_of(state.needs.clock.wall()) + 1;
    if (!to.empty()) {
        GLEANER_TRY(const auto end, parse_time(to));
        days.to = day_of(WallTime{end.micros - 1}) + 1;
    }
    days.from = days.to - default_days;
    if (!from.empty()) {
        GLEANER_TRY(const auto begin, parse_time(from));
        days.from = day_of(begin);
    }
    if (days.to < days.from)
        return Error(ErrorCode::invalid_argument, "the period ends before it begins");
    if (days.to - days.from > days_max)
        return Error(ErrorCode::invalid_argument, "at most ten years at once: ask for fewer days");
    return days;
}

Result<GroupBy> grouping_of(const Call& call) {
    const std::string by = call.parameter("by");
    if (by.empty() || by == "day") return GroupBy::day;
    if (by == "node") return GroupBy::node;
    if (by == "site") return GroupBy::site;
    if (by == "owner") return GroupBy::owner;
    return Error(ErrorCode::invalid_argument,
                 "rows are summed by day, node, site or owner: ?by=day");
}

struct Question {
    DayRange days;
    GroupBy by = GroupBy::day;
};

Result<Question> question_of(const AdminState& state, const Call& call) {
    Question question;
    GLEANER_TRY(question.days, days_of(state, call));
    GLEANER_TRY(question.by, grouping_of(call));
    return question;
}

json::object head_of(const NodeScope& scope, const Question& question) {
    return {{"scope", to_string(scope.kind)},
            {"id", scope.id},
            {"from", date_text(question.days.from)},
            {"to", date_text(question.days.to)}};
}

json::value permille_or_null(const DeviceUse& use) {
    const auto goodput = use.goodput_permille();
    return goodput ? json::value(*goodput) : json::value(nullptr);
}

void add_use(json::object& out, const DeviceUse& use) {
    out["offered_micros"] = use.offered_micros();
    out["idle_micros"] = use.idle_micros;
    out["leased_micros"] = use.leased_micros();
    out["useful_micros"] = use.useful_micros;
    out["goodput_permille"] = permille_or_null(use);
    std::vector<LossCause> causes(loss_causes.begin(), loss_causes.end());
    std::ranges::stable_sort(
        causes, [&use](LossCause a, LossCause b) { return use.lost(a) > use.lost(b); });
    json::array losses;
    for (const LossCause cause : causes) {
        if (use.lost(cause) == 0) continue;
        const Sentence words = words_of(cause);
        losses.push_back({{"cause", gleaner::to_string(cause)},
                          {"micros", use.lost(cause)},
                          {"permille", permille_of(use.lost(cause), use.leased_micros())},
                          {"en", words.en},
                          {"zh", words.zh}});
    }
    out["losses"] = std::move(losses);
    out["watt_seconds"] = use.watt_seconds;
}

Answer show_goodput(AdminState& state, Call call) {
    GLEANER_CO_TRY(const auto question, question_of(state, call));
    StoreWork work = [&call, question](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto scope, scope_of(store, call));
        GLEANER_TRY(const auto rows, Metering(store).use(scope, question.days, question.by));
        DeviceUse total;
        json::array data;
        for (const auto& row : rows) {
            total += row.use;
            json::object shown{{"key", row.key}, {"name", row.name}};
            add_use(shown, row.use);
            data.push_back(std::move(shown));
        }
        json::object answer = head_of(scope, question);
        add_use(answer, total);
        const Sentence sentence = sentence_of(total);
        answer["datacentre_permille"] = datacentre_goodput_permille;
        answer["sentence"] = {{"en", sentence.en}, {"zh", sentence.zh}};
        answer["data"] = std::move(data);
        return json::value(std::move(answer));
    };
    co_return co_await state.needs.store.read<json::value>(std::move(work));
}

/// Without a price for all of its electricity, nobody can say what the profit was.
json::object earned_json(Currency currency, const store::Earned& earned, std::int64_t unpriced) {
    const auto per_hour = earned.per_reference_hour();
    json::object out{{"currency", code_of(currency)},
                     {"revenue_micros", earned.revenue.micros},
                     {"electricity_micros", earned.electricity.micros},
                     {"profit_micros", nullptr},
                     {"items", earned.items},
                     {"device_micros", earned.device_micros},
                     {"reference_micros", earned.reference_micros},
                     {"per_reference_hour_micros", nullptr},
                     {"watt_seconds", earned.watt_seconds},
                     {"unpriced_watt_seconds", unpriced}};
    if (unpriced == 0) out["profit_micros"] = earned.profit().micros;
    if (per_hour) out["per_reference_hour_micros"] = per_hour->micros;
    return out;
}

/// One row for each currency.
void add_rows(json::array& out, const store::EarningsRow& row) {
    auto earned = row.earned;
    if (earned.empty()) earned[Currency::cny];
    for (const auto& [currency, one] : earned) {
        json::object shown{{"key", row.key}, {"name", row.name}};
        for (auto& member : earned_json(currency, one, row.unpriced_watt_seconds))
            shown[member.key()] = std::move(member.value());
        out.push_back(std::move(shown));
    }
}

json::array balances_json(const std::vector<store::OwnerBalance>& balances) {
    json::array out;
    for (const auto& balance : balances)
        out.push_back({{"currency", code_of(balance.currency)},
                       {"pending_micros", balance.pending.micros},
                       {"payable_micros", balance.payable.micros}});
    return out;
}

Answer show_earnings(AdminState& state, Call call) {
    GLEANER_CO_TRY(const auto question, question_of(state, call));
    StoreWork work = [&call, question](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto scope, scope_of(store, call));
        Metering metering(store);
        GLEANER_TRY(const auto rows, metering.earnings(scope, question.days, question.by));
        store::EarningsRow total;
        json::array data;
        for (const auto& row : rows) {
            for (const auto& [currency, earned] : row.earned) total.earned[currency] += earned;
            total.unpriced_watt_seconds += row.unpriced_watt_seconds;
            add_rows(data, row);
        }
        json::array totals;
        add_rows(totals, total);
        json::object answer = head_of(scope, question);
        answer["data"] = std::move(data);
        answer["totals"] = std::move(totals);
        if (scope.kind == NodeScope::Kind::owner) {
            GLEANER_TRY(const auto balances, metering.balances(OwnerId(scope.id)));
            answer["balances"] = balances_json(balances);
        }
        return json::value(std::move(answer));
    };
    co_return co_await state.needs.store.read<json::value>(std::move(work));
}

json::value electricity_json(const SiteId& site,
                             const std::optional<store::ElectricityPrice>& price) {
    json::object out{
        {"id", site.get()}, {"per_kwh_micros", nullptr}, {"currency", nullptr}, {"since", nullptr}};
    if (price) {
        out["per_kwh_micros"] = price->per_kwh.micros;
        out["currency"] = code_of(price->currency);
        out["since"] = date_text(price->day);
    }
    return out;
}

Answer show_electricity(AdminState& state, Call call) {
    const SiteId id(call.captures[0]);
    const std::int64_t today = day_of(state.needs.clock.wall());
    StoreWork work = [&call, id, today](Store& store) -> Result<json::value> {
        GLEANER_TRY(site_of_caller(store, call, id));
        GLEANER_TRY(const auto price, Metering(store).electricity(id, today));
        return electricity_json(id, price);
    };
    co_return co_await state.needs.store.read<json::value>(std::move(work));
}

Answer set_electricity(AdminState& state, Call call) {
    GLEANER_CO_TRY(const auto per_kwh,
                   call.body.integer("per_kwh_micros", 0, store::electricity_price_max.micros));
    GLEANER_CO_TRY(const auto currency, read_currency(call.body));
    GLEANER_CO_TRY(call.body.no_more());
    const SiteId id(call.captures[0]);
    const std::int64_t today = day_of(state.needs.clock.wall());
    StoreWork work = [&call, id, today, per_kwh, currency](Store& store) -> Result<json::value> {
        GLEANER_TRY(site_of_caller(store, call, id));
        Metering metering(store);
        GLEANER_TRY(metering.set_electricity(id, Money{per_kwh}, currency));
        GLEANER_TRY(const auto price, metering.electricity(id, today));
        return electricity_json(id, price);
    };
    co_return co_await state.needs.store.write<json::value>(std::move(work));
}

constexpr const char* owners_price = "what a site pays for electricity is its owner's to say";

}  // namespace

std::vector<AdminRoute> metering_routes() {
    return {
        {api::Method::get, "/api/v1/goodput", operators | owners, show_goodput},
        {api::Method::get, "/api/v1/earnings", operators | owners, show_earnings},
        {api::Method::get, "/api/v1/sites/{id}/electricity", operators | owners, show_electricity},
        {api::Method::put, "/api/v1/sites/{id}/electricity", owners, set_electricity, owners_price},
    };
}

}  // namespace gleaner::admin
