/// Contracts with owners about their share of revenue.

#include <boost/json.hpp>

#include "coordinator/api/admin/call.h"
#include "coordinator/api/admin/record_json.h"
#include "coordinator/api/admin/revenue_json.h"
#include "coordinator/store/contracts.h"
#include "shared/model/civil_day.h"

namespace gleaner::admin {

namespace json = boost::json;
using store::PrincipalKind;
using store::RevenueContracts;
using store::Store;

namespace {

/// An owner's key sees that owner's contracts; to others they do not exist.
Status may_see(const Call& call, const OwnerId& owner) {
    const auto own = call.owner();
    if (!own || *own == owner) return ok();
    return Error(ErrorCode::not_found, "no such contract");
}

Answer propose(AdminState& state, Call call) {
    GLEANER_CO_TRY(const auto currency, read_currency(call.body));
    GLEANER_CO_TRY(auto terms, terms_from(call.body));
    GLEANER_CO_TRY(const auto first, day_from(call.body, "first_day"));
    GLEANER_CO_TRY(const auto end, day_from(call.body, "end_day"));
    GLEANER_CO_TRY(call.body.no_more());
    const auto first_day = first.value_or(day_of(state.needs.clock.wall()) + 1);
    const OwnerId owner(call.captures[0]);
    const std::string by = call.principal.subject;
    StoreWork work = [=](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto contract,
                    RevenueContracts(store).propose(owner, currency, terms, first_day, end, by));
        return json::value(to_json(contract));
    };
    co_return co_await state.needs.store.write<json::value>(std::move(work));
}

Answer list(AdminState& state, Call call) {
    const OwnerId owner(call.captures[0]);
    GLEANER_CO_TRY(may_see(call, owner));
    StoreWork work = [=](Store& store) -> Result<json::value> {
        GLEANER_TRY(store.owner(owner));
        GLEANER_TRY(const auto found, RevenueContracts(store).of(owner));
        return to_list(found);
    };
    co_return co_await state.needs.store.read<json::value>(std::move(work));
}

Answer show(AdminState& state, Call call) {
    const std::string id = call.captures[0];
    StoreWork work = [&call, id](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto contract, RevenueContracts(store).read(id));
        GLEANER_TRY(may_see(call, contract.owner));
        return json::value(to_json(contract));
    };
    co_return co_await state.needs.store.read<json::value>(std::move(work));
}

Answer sign(AdminState& state, Call call) {
    GLEANER_CO_TRY(call.body.no_more());
    const std::string id = call.captures[0];
    StoreWork work = [&call, id](Store& store) -> Result<json::value> {
        RevenueContracts contracts(store);
        GLEANER_TRY(const auto proposed, contracts.read(id));
        GLEANER_TRY(may_see(call, proposed.owner));
        GLEANER_TRY(const auto contract, contracts.sign(id, call.principal));
        return json::value(to_json(contract));
    };
    co_return co_await state.needs.store.write<json::value>(std::move(work));
}

Answer end(AdminState& state, Call call) {
    GLEANER_CO_TRY(const auto end_day, day_from(call.body, "end_day"));
    GLEANER_CO_TRY(call.body.no_more());
    if (!end_day) {
        co_return Error(ErrorCode::invalid_argument,
                        "say with \"end_day\" the first day on which it no longer holds");
    }
    const std::string id = call.captures[0];
    const std::int64_t day = *end_day;
    StoreWork work = [&call, id, day](Store& store) -> Result<json::value> {
        RevenueContracts contracts(store);
        GLEANER_TRY(const auto before, contracts.read(id));
        GLEANER_TRY(may_see(call, before.owner));
        GLEANER_TRY(const auto contract, contracts.end(id, day));
        return json::value(to_json(contract));
    };
    co_return co_await state.needs.store.write<json::value>(std::move(work));
}

}  // namespace

std::vector<AdminRoute> contract_routes() {
    return {
        {api::Method::post, "/api/v1/owners/{id}/contracts", admins | finance, propose},
        {api::Method::get, "/api/v1/owners/{id}/contracts", operators | owners, list},
        {api::Method::get, "/api/v1/revenue-contracts/{id}", operators | owners, show},
        {api::Method::post, "/api/v1/revenue-contracts/{id}/sign", owners, sign,
         "only the owner signs, with a key of their own"},
        {api::Method::post, "/api/v1/revenue-contracts/{id}/end", admins | finance | owners, end},
    };
}

}  // namespace gleaner::admin
