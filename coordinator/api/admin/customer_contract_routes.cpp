/// Contracts with customers, for operators: they offer and read them, also with clauses of their
/// own. What binds or costs a customer only that customer does, by /v1/contracts. A customer's key
/// reads its own here, too, so that one command line shows them to both.

#include <boost/json.hpp>

#include "coordinator/api/admin/call.h"
#include "coordinator/api/openai/contract_json.h"
#include "coordinator/api/openai/contract_request.h"

namespace gleaner::admin {

namespace json = boost::json;
using api::contract_json;
using api::contract_list;
using api::may_see;
using store::CustomerContract;
using store::CustomerContracts;
using store::PrincipalKind;
using store::Store;

namespace {

/// Those of the customer whom the caller names or is.
Result<json::value> contracts_of(Store& store, const Call& call, const CustomerId& named,
                                 WallTime now) {
    GLEANER_TRY(const auto customer, customer_of_caller(store, call, named));
    GLEANER_TRY(auto contracts, CustomerContracts(store).of(customer.id));
    std::erase_if(contracts, [&](const CustomerContract& contract) {
        return !may_see(call.principal, contract);
    });
    return json::value(contract_list(contracts, now));
}

Answer offer(AdminState& state, Call call) {
    GLEANER_CO_TRY(const auto asked,
                   api::read_contract_request(call.body.all(), state.options.clauses, true));
    const auto& wish = asked.wish;
    if (wish.project.empty()) {
        co_return Error(ErrorCode::invalid_argument,
                        "name with \"project\" for which of the customer's projects it is");
    }
    std::int64_t connected = 0;
    if (wish.reserved) {
        const auto devices = state.needs.grid.devices_on_offer();
        const auto found = devices.find(wish.reserved->device_class);
        if (found != devices.end()) connected = found->second;
    }
    const CustomerId customer(call.captures[0]);
    const auto now = state.needs.clock.wall();
    StoreWork work = [&, connected, now](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto payer, store.customer(customer));
        GLEANER_TRY(const auto project, store.project(wish.project));
        if (project.customer != payer.id)
            return Error(ErrorCode::not_found, "the customer has no such project");
        GLEANER_TRY(
            const auto contract,
            CustomerContracts(store).offer(wish, asked.clauses, connected, call.principal.subject));
        GLEANER_TRY(auto shown, contract_json(store, contract, now));
        return json::value(std::move(shown));
    };
    co_return co_await state.needs.store.write<json::value>(std::move(work));
}

Answer list_of(AdminState& state, Call call) {
    const CustomerId customer(call.captures[0]);
    const auto now = state.needs.clock.wall();
    StoreWork work = [&call, customer, now](Store& store) {
        return contracts_of(store, call, customer, now);
    };
    co_return co_await state.needs.store.read<json::value>(std::move(work));
}

/// Of one customer; for an operator who names none of all.
Answer list(AdminState& state, Call call) {
    const CustomerId customer(call.parameter("customer"));
    const auto now = state.needs.clock.wall();
    StoreWork work = [&call, customer, now](Store& store) -> Result<json::value> {
        if (!customer.empty() || !call.by(PrincipalKind::operator_))
            return contracts_of(store, call, customer, now);
        GLEANER_TRY(const auto contracts, CustomerContracts(store).all());
        return json::value(contract_list(contracts, now));
    };
    co_return co_await state.needs.store.read<json::value>(std::move(work));
}

Answer show(AdminState& state, Call call) {
    const std::string id = call.captures[0];
    const auto now = state.needs.clock.wall();
    StoreWork work = [&call, id, now](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto contract, CustomerContracts(store).read(id));
        if (!may_see(call.principal, contract))
            return Error(ErrorCode::not_found, "no such contract");
        GLEANER_TRY(auto shown, contract_json(store, contract, now));
        return json::value(std::move(shown));
    };
    co_return co_await state.needs.store.read<json::value>(std::move(work));
}

}  // namespace

std::vector<AdminRoute> customer_contract_routes() {
    constexpr store::Scopes reading{store::Scope::usage, store::Scope::admin};
    constexpr unsigned both = operators | customers;
    return {
        {api::Method::post, "/api/v1/customers/{id}/contracts", admins | finance, offer},
        {api::Method::get, "/api/v1/customers/{id}/contracts", both, list_of, nullptr, reading},
        {api::Method::get, "/api/v1/customer-contracts", both, list, nullptr, reading},
        {api::Method::get, "/api/v1/customer-contracts/{id}", both, show, nullptr, reading},
    };
}

}  // namespace gleaner::admin
