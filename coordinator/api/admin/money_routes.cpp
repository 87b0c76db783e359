/// Top-ups, statements and the ledger's check. Everybody sees their own account and no other.

#include <limits>

#include <boost/json.hpp>

#include "coordinator/api/admin/call.h"
#include "coordinator/api/admin/civil_time.h"
#include "coordinator/api/admin/record_json.h"

namespace gleaner::admin {

namespace json = boost::json;
using store::PrincipalKind;
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

class Period {
public:
    WallTime from;
    WallTime to;
};

Result<Period> period_of(const AdminState& state, const Call& call) {
    Period period;
    period.to = state.needs.clock.wall() + std::chrono::seconds(1);  // includes this moment
    const std::string from = call.parameter("from");
    const std::string to = call.parameter("to");
    if (!from.empty()) {
        GLEANER_TRY(period.from, parse_time(from));
    }
    if (!to.empty()) {
        GLEANER_TRY(period.to, parse_time(to));
    }
    if (period.to < period.from) {
        return Error(ErrorCode::invalid_argument, "the period ends before it begins");
    }
    return period;
}

using StatementOf = std::function<Result<ledger::Statement>(Store&, const std::string&, Period)>;

/// `id` names the party; a key of another party gets the same answer as for one that does not
/// exist.
Answer statement(AdminState& state, Call call, StatementOf read, std::string what, bool own) {
    if (!own && !call.by(PrincipalKind::operator_)) {
        co_return Error(ErrorCode::not_found, "no such " + what);
    }
    GLEANER_CO_TRY(const auto period, period_of(state, call));
    const std::string id = call.captures.empty() ? std::string() : call.captures[0];
    StoreWork work = [=](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto account, read(store, id, period));
        return json::value(to_json(account));
    };
    co_return co_await state.needs.store.read<json::value>(std::move(work));
}

Answer owner_statement(AdminState& state, Call call) {
    const bool own = call.by(PrincipalKind::owner) && call.principal.subject == call.captures[0];
    StatementOf read = [](Store& store, const std::string& id,
                          Period period) -> Result<ledger::Statement> {
        GLEANER_TRY(store.owner(OwnerId(id)));
        return store.owner_statement(OwnerId(id), period.from, period.to);
    };
    return statement(state, std::move(call), std::move(read), "owner", own);
}

Answer partner_statement(AdminState& state, Call call) {
    const bool own = call.by(PrincipalKind::partner) && call.principal.subject == call.captures[0];
    StatementOf read = [](Store& store, const std::string& id,
                          Period period) -> Result<ledger::Statement> {
        GLEANER_TRY(store.partner(PartnerId(id)));
        return store.partner_statement(PartnerId(id), period.from, period.to);
    };
    return statement(state, std::move(call), std::move(read), "partner", own);
}

Answer customer_statement(AdminState& state, Call call) {
    const bool own =
        call.by(PrincipalKind::project) && call.principal.customer.get() == call.captures[0];
    StatementOf read = [](Store& store, const std::string& id,
                          Period period) -> Result<ledger::Statement> {
        GLEANER_TRY(store.customer(CustomerId(id)));
        return store.customer_statement(CustomerId(id), period.from, period.to);
    };
    return statement(state, std::move(call), std::move(read), "customer", own);
}

Answer platform_statement(AdminState& state, Call call) {
    StatementOf read = [](Store& store, const std::string&, Period period) {
        return store.platform_statement(period.from, period.to);
    };
    return statement(state, std::move(call), std::move(read), "statement", false);
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
        {api::Method::post, "/api/v1/customers/{id}/topups", operators, top_up},
        {api::Method::get, "/api/v1/statements/owners/{id}", operators | owners, owner_statement},
        {api::Method::get, "/api/v1/statements/partners/{id}", operators | partners,
         partner_statement},
        {api::Method::get,
         "/api/v1/statements/customers/{id}",
         operators | customers,
         customer_statement,
         nullptr,
         {store::Scope::usage, store::Scope::admin}},
        {api::Method::get, "/api/v1/statements/platform", operators, platform_statement},
        {api::Method::get, "/api/v1/ledger/check", operators, check_ledger},
    };
}

}  // namespace gleaner::admin
