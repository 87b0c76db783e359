#include "coordinator/store/close_report.h"

#include <boost/json.hpp>

#include "shared/model/civil_day.h"

namespace gleaner::store {

namespace json = boost::json;

namespace {

json::array to_json(const std::vector<ledger::KindTotal>& totals) {
    json::array list;
    for (const auto& total : totals) {
        list.push_back({{"currency", total.currency},
                        {"kind", total.kind},
                        {"entries", total.entries},
                        {"postings", total.postings},
                        {"moved_micros", total.moved.micros}});
    }
    return list;
}

json::array to_json(const std::vector<ledger::WorkTotal>& work) {
    json::array list;
    for (const auto& total : work) {
        list.push_back({{"currency", total.currency},
                        {"charged_micros", total.charged.micros},
                        {"metered_micros", total.metered.micros},
                        {"by_days_micros", total.by_days.micros}});
    }
    return list;
}

json::array to_json(const std::vector<GroupBalance>& groups) {
    json::array list;
    for (const auto& group : groups) {
        list.push_back({{"currency", group.currency},
                        {"accounts", group.group},
                        {"closing_micros", group.micros.micros}});
    }
    return list;
}

}  // namespace

std::string to_json_text(const CloseReport& report, const ledger::Reconciliation& found) {
    json::array mismatches;
    for (const auto& sentence : found.mismatches) mismatches.emplace_back(sentence);
    json::object shown{{"period", to_text(report.period)},
                       {"kind", to_string(report.period.kind)},
                       {"closed", local_time_text(report.closed)},
                       {"by", report.by},
                       {"despite", report.despite},
                       {"previous_sha256", report.previous_sha256},
                       {"audit_head", to_text(report.audit)},
                       {"entries", found.entries},
                       {"meter_records", found.meter_records},
                       {"receipts", found.receipts},
                       {"totals", to_json(found.totals)},
                       {"work", to_json(found.work)},
                       {"mismatch_count", found.mismatch_count},
                       {"mismatches", std::move(mismatches)}};
    if (report.period.kind == ledger::PeriodKind::month) {
        shown["balances"] = to_json(report.groups);
    }
    return json::serialize(shown);
}

Result<std::string> previous_sha256(Store::State& state, ledger::Period period) {
    Query query(*state.database, sql::select_close, to_string(period.kind), period.number - 1);
    GLEANER_TRY(auto found, query.next());
    return found ? query.text("sha256") : std::string();
}

Result<std::vector<GroupBalance>> month_groups(Store::State& state, std::int64_t month) {
    std::vector<GroupBalance> groups;
    Query query(*state.database, sql::find_month_groups, month);
    for (;;) {
        GLEANER_TRY(auto more, query.next());
        if (!more) return groups;
        groups.push_back({query.text("currency"), query.text("party"), query.money("micros")});
    }
}

}  // namespace gleaner::store
