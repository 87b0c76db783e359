/// The partner programme: codes, who brought whom, caps; and what an owner sees of it.

#include <boost/json.hpp>

#include "coordinator/api/admin/call.h"
#include "coordinator/api/admin/record_json.h"
#include "coordinator/api/admin/revenue_json.h"
#include "coordinator/store/contracts.h"
#include "coordinator/store/referrals.h"
#include "shared/model/civil_day.h"

namespace gleaner::admin {

namespace json = boost::json;
using store::PrincipalKind;
using store::Referrals;
using store::Store;

namespace {

/// A partner's key is about that partner; other partners do not exist.
Result<PartnerId> partner_of(const Call& call) {
    PartnerId partner(call.captures[0]);
    if (call.by(PrincipalKind::partner) && call.principal.subject != partner.get()) {
        return Error(ErrorCode::not_found, "no such partner");
    }
    return partner;
}

Answer add_code(AdminState& state, Call call) {
    GLEANER_CO_TRY(const auto partner, partner_of(call));
    GLEANER_CO_TRY(auto label, call.body.optional_text("label"));
    GLEANER_CO_TRY(call.body.no_more());
    StoreWork work = [=](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto code, Referrals(store).add_code(partner, label));
        return json::value(to_json(code));
    };
    co_return co_await state.needs.store.write<json::value>(std::move(work));
}

Answer list_codes(AdminState& state, Call call) {
    GLEANER_CO_TRY(const auto partner, partner_of(call));
    StoreWork work = [=](Store& store) -> Result<json::value> {
        GLEANER_TRY(store.partner(partner));
        GLEANER_TRY(const auto found, Referrals(store).codes(partner));
        return to_list(found);
    };
    co_return co_await state.needs.store.read<json::value>(std::move(work));
}

Answer revoke_code(AdminState& state, Call call) {
    GLEANER_CO_TRY(const auto partner, partner_of(call));
    const std::string code = call.captures[1];
    StoreWork work = [=](Store& store) -> Result<json::value> {
        GLEANER_TRY(Referrals(store).revoke_code(partner, code));
        return json::value(json::object{{"code", code}, {"revoked", true}});
    };
    co_return co_await state.needs.store.write<json::value>(std::move(work));
}

Answer list_referrals(AdminState& state, Call call) {
    GLEANER_CO_TRY(const auto partner, partner_of(call));
    StoreWork work = [=](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto found, Referrals(store).of(partner));
        return to_list(found);
    };
    co_return co_await state.needs.store.read<json::value>(std::move(work));
}

Answer set_cap(AdminState& state, Call call) {
    GLEANER_CO_TRY(const auto partner, partner_of(call));
    GLEANER_CO_TRY(const auto currency, read_currency(call.body));
    GLEANER_CO_TRY(const auto micros, call.body.integer("month_micros", 0, 1'000'000'000'000'000));
    GLEANER_CO_TRY(call.body.no_more());
    StoreWork work = [=](Store& store) -> Result<json::value> {
        GLEANER_TRY(Referrals(store).set_cap(partner, currency, {micros}));
        return json::value(json::object{
            {"partner", partner.get()}, {"currency", code_of(currency)}, {"month_micros", micros}});
    };
    co_return co_await state.needs.store.write<json::value>(std::move(work));
}

/// Who gets a part of what this owner's machines are paid, and how much it was.
Answer show_referrer(AdminState& state, Call call) {
    const OwnerId owner(call.captures[0]);
    const auto own = call.owner();
    if (own && *own != owner) co_return Error(ErrorCode::not_found, "no such owner");
    const std::int64_t today = day_of(state.needs.clock.wall());
    StoreWork work = [owner, today](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto known, store.owner(owner));
        if (known.referred_by.empty()) return json::value(json::object{{"partner", nullptr}});
        GLEANER_TRY(const auto partner, store.partner(known.referred_by));
        GLEANER_TRY(const auto terms,
                    store::RevenueContracts(store).in_force(owner, Currency::cny, today));
        Referrals referrals(store);
        GLEANER_TRY(const auto cap, referrals.cap(partner.id, Currency::cny));
        GLEANER_TRY(const auto brought, referrals.of(partner.id));
        json::array commissions;
        for (const auto& referral : brought) {
            if (referral.id != owner.get()) continue;
            commissions.push_back(json::object{{"currency", code_of(referral.currency)},
                                               {"micros", referral.commission.micros}});
        }
        return json::value(json::object{
            {"partner", partner.id.get()},
            {"name", partner.name},
            {"share", terms.split.owner_partner},
            {"month_micros_max", cap ? json::value(cap->micros) : json::value(nullptr)},
            {"commissions", std::move(commissions)}});
    };
    co_return co_await state.needs.store.read<json::value>(std::move(work));
}

}  // namespace

std::vector<AdminRoute> referral_routes() {
    return {
        {api::Method::post, "/api/v1/partners/{id}/codes", operators | partners, add_code},
        {api::Method::get, "/api/v1/partners/{id}/codes", operators | partners, list_codes},
        {api::Method::delete_, "/api/v1/partners/{id}/codes/{code}", operators | partners,
         revoke_code},
        {api::Method::get, "/api/v1/partners/{id}/referrals", operators | partners, list_referrals},
        {api::Method::put, "/api/v1/partners/{id}/cap", admins | finance, set_cap},
        {api::Method::get, "/api/v1/owners/{id}/referrer", operators | owners, show_referrer},
    };
}

}  // namespace gleaner::admin
