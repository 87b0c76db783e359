/// Top-ups and the ledger's check.

#include <boost/json.hpp>

#include "coordinator/api/admin/call.h"
#include "coordinator/api/admin/record_json.h"

namespace gleaner::admin {

namespace json = boost::json;
using store::Store;

namespace {

constexpr std::int64_t top_up_micros_max = 1'000'000'000'000'000;  // a thousand million

Answer top_up(AdminState& state, Call call) {
    GLEANER_CO_TRY(const auto amount, call.body.integer("amount_micros", 1, top_up_micros_max));
    GLEANER_CO_TRY(auto key, call.body.text("idempotency_key"));
    GLEANER_CO_TRY(const auto currency, read_currency(call.body));
    GLEANER_CO_TRY(call.body.no_more());
    const CustomerId customer(call.captures[0]);
    StoreWork work = [=](Store& store) -> Result<json::value> {
        GLEANER_TRY(store.customer(customer));
        GLEANER_TRY(store.top_up(customer, Money{amount}, key, currency));
        GLEANER_TRY(const auto credit, store.available_credit(customer, currency));
        return json::value(json::object{{"id", customer.get()}, {"credit_micros", credit.micros}});
    };
    auto paid = co_await state.needs.store.write<json::value>(std::move(work));
    if (paid.has_value()) state.needs.forget_cached();
    co_return paid;
}

Answer check_ledger(AdminState& state, Call /*call*/) {
    StoreWork work = [](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto report, store.check_ledger());
        return json::value(to_json(report));
    };
    co_return co_await state.needs.store.read<json::value>(std::move(work));
}

}  // namespace

std::vector<AdminRoute> money_routes() {
    return {
        {api::Method::post, "/api/v1/customers/{id}/topups", admins | finance, top_up},
        {api::Method::get, "/api/v1/ledger/check", operators, check_ledger},
    };
}

}  // namespace gleaner::admin
