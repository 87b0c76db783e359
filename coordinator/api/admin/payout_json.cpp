#include "coordinator/api/admin/payout_json.h"

#include <boost/json.hpp>

#include "shared/model/civil_time.h"

namespace gleaner::admin {

namespace json = boost::json;

namespace {

json::value time_or_null(const std::optional<WallTime>& time) {
    if (!time) return nullptr;
    return json::value(utc_text(*time));
}

}  // namespace

json::object to_json(const store::Operator& operator_) {
    return {{"name", operator_.name},
            {"role", to_string(operator_.role)},
            {"created", utc_text(operator_.created)}};
}

json::object to_json(const store::PayoutAccount& account) {
    return {{"party", account.party.id},
            {"version", account.version},
            {"method", ledger::to_string(account.method)},
            {"account", account.masked},
            {"set", utc_text(account.created)},
            {"verified", time_or_null(account.verified)}};
}

json::object to_json(const store::PayoutBatch& batch) {
    return {{"number", batch.number},
            {"currency", code_of(batch.currency)},
            {"method", ledger::to_string(batch.method)},
            {"payouts", batch.payouts},
            {"total_micros", batch.total.micros},
            {"exported", utc_text(batch.exported)},
            {"exported_by", batch.exported_by}};
}

json::object to_json(const store::Payout& payout, bool for_operator) {
    json::object shown{{"id", payout.id},
                       {"party", payout.party.id},
                       {"currency", code_of(payout.currency)},
                       {"amount_micros", payout.amount.micros},
                       {"state", ledger::to_string(payout.state)},
                       {"method", ledger::to_string(payout.method)},
                       {"account", payout.masked},
                       {"requested", utc_text(payout.requested)},
                       {"approved", time_or_null(payout.approved)},
                       {"sent", time_or_null(payout.sent)},
                       {"ended", time_or_null(payout.ended)},
                       {"note", payout.note}};
    if (!for_operator) return shown;
    json::array approved_by;
    for (const auto& name : payout.approvals.operators) approved_by.emplace_back(name);
    shown["account_version"] = payout.account_version;
    shown["origin"] = to_string(payout.origin);
    shown["requested_by"] = payout.approvals.requested_by;
    shown["approvals_needed"] = payout.approvals.needed;
    shown["approved_by"] = std::move(approved_by);
    shown["ended_by"] = payout.ended_by;
    shown["batch"] = payout.batch ? json::value(*payout.batch) : json::value(nullptr);
    return shown;
}

}  // namespace gleaner::admin
