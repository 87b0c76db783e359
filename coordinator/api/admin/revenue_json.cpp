#include "coordinator/api/admin/revenue_json.h"

#include <boost/json.hpp>

#include "coordinator/api/admin/record_json.h"
#include "coordinator/store/contracts.h"
#include "coordinator/store/earnings.h"
#include "coordinator/store/referrals.h"
#include "shared/model/civil_day.h"
#include "shared/model/civil_time.h"

namespace gleaner::admin {

namespace json = boost::json;

namespace {

constexpr std::int64_t micros_max = 1'000'000'000'000'000;
constexpr std::int64_t basis_points_max = 10'000;

json::value time_or_null(const std::optional<WallTime>& time) {
    return time ? json::value(utc_text(*time)) : json::value(nullptr);
}

Result<std::vector<ledger::Tier>> tiers_from(JsonBody& body) {
    std::vector<ledger::Tier> tiers;
    GLEANER_TRY(const auto* const given, body.optional_array("tiers"));
    if (given == nullptr) return tiers;
    for (const auto& each : *given) {
        if (!each.is_object())
            return Error(ErrorCode::invalid_argument, "\"tiers\" must be a list of objects");
        JsonBody tier(each.get_object());
        GLEANER_TRY(const auto from, tier.integer("from_micros", 0, micros_max));
        GLEANER_TRY(const auto owner, tier.integer("owner", 0, basis_points_max));
        GLEANER_TRY(tier.no_more());
        tiers.push_back({{from}, static_cast<std::int32_t>(owner)});
    }
    return tiers;
}

}  // namespace

json::object to_json(const store::RevenueContract& contract) {
    return {{"id", contract.id},
            {"owner", contract.owner.get()},
            {"currency", code_of(contract.currency)},
            {"terms", json::parse(ledger::to_json(contract.terms))},
            {"first_day", date_text(contract.first_day)},
            {"end_day",
             contract.end_day ? json::value(date_text(*contract.end_day)) : json::value(nullptr)},
            {"proposed", utc_text(contract.proposed)},
            {"proposed_by", contract.proposed_by},
            {"signed", time_or_null(contract.signed_at)},
            {"signed_by", contract.signed_by}};
}

json::object to_json(const store::ReferralCode& code) {
    return {{"code", code.code},
            {"partner", code.partner.get()},
            {"label", code.label},
            {"created", utc_text(code.created)},
            {"revoked", time_or_null(code.revoked)}};
}

json::object to_json(const store::Referral& referral) {
    return {{"kind", ledger::to_string(referral.kind)},
            {"id", referral.id},
            {"name", referral.name},
            {"since", utc_text(referral.since)},
            {"code", referral.code},
            {"currency", code_of(referral.currency)},
            {"commission_micros", referral.commission.micros}};
}

json::object to_json(const store::WithheldNode& node) {
    return {{"node", node.node.get()},
            {"site", node.site.get()},
            {"owner", node.owner.get()},
            {"since", utc_text(node.since)},
            {"reason", node.reason},
            {"decision", node.decision.empty() ? json::value(nullptr) : json::value(node.decision)},
            {"decided", time_or_null(node.decided)},
            {"decided_by", node.decided_by}};
}

Result<ledger::RevenueTerms> terms_from(JsonBody& body) {
    ledger::RevenueTerms terms;
    GLEANER_TRY(auto split, body.object("split"));
    GLEANER_TRY(const auto owner, split.integer("owner", 0, basis_points_max));
    GLEANER_TRY(const auto owner_partner,
                split.optional_integer("owner_partner", 0, basis_points_max, 0));
    GLEANER_TRY(const auto customer_partner,
                split.optional_integer("customer_partner", 0, basis_points_max, 0));
    GLEANER_TRY(const auto platform, split.optional_integer("platform", 0, basis_points_max,
                                                            basis_points_max - owner -
                                                                owner_partner - customer_partner));
    GLEANER_TRY(split.no_more());
    terms.split = {static_cast<std::int32_t>(owner), static_cast<std::int32_t>(owner_partner),
                   static_cast<std::int32_t>(customer_partner),
                   static_cast<std::int32_t>(platform)};
    GLEANER_TRY(terms.tiers, tiers_from(body));
    GLEANER_TRY(terms.guarantee.minimum.micros,
                body.optional_integer("guaranteed_micros", 0, micros_max, 0));
    GLEANER_TRY(terms.guarantee.hours,
                body.optional_integer("guaranteed_hours", 0, 1'000'000'000, 0));
    return terms;
}

Result<std::optional<std::int64_t>> day_from(JsonBody& body, std::string_view key) {
    GLEANER_TRY(const auto text, body.optional_text(key));
    if (text.empty()) return std::optional<std::int64_t>();
    const auto day = day_of_date(text);
    if (day) return day;
    return Error(ErrorCode::invalid_argument,
                 "\"" + std::string(key) + "\" must be a date like 2026-12-01");
}

}  // namespace gleaner::admin
