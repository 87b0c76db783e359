/// Customers as tenants: projects, credit limits, weights, refunds, budgets and their alerts. An
/// operator acts for any customer, a key with the scope `admin` for its own.

#include <charconv>

#include <boost/json.hpp>

#include "coordinator/api/admin/call.h"
#include "coordinator/api/admin/record_json.h"
#include "coordinator/store/budgets.h"
#include "coordinator/store/tenants.h"

namespace gleaner::admin {

namespace json = boost::json;
using store::BudgetSubject;
using store::PrincipalKind;
using store::Scope;
using store::SpenderKind;
using store::Store;

namespace {

constexpr std::int64_t amount_micros_max = 1'000'000'000'000'000;  // a thousand million
constexpr std::int64_t alerts_max = 1'000;

Result<json::value> shown_credit(Store& store, const CustomerId& customer, Currency currency) {
    GLEANER_TRY(const auto credit, store::Tenants(store).credit(customer, currency));
    return json::value(json::object{{"id", customer.get()},
                                    {"currency", code_of(currency)},
                                    {"balance_micros", credit.balance.micros},
                                    {"credit_limit_micros", credit.limit.micros},
                                    {"credit_micros", credit.available().micros}});
}

// ---- Projects ----

Answer add_project(AdminState& state, Call call) {
    GLEANER_CO_TRY(const auto customer, call.body.optional_text("customer"));
    GLEANER_CO_TRY(const auto name, call.body.text("name"));
    GLEANER_CO_TRY(const auto currency, read_currency(call.body));
    GLEANER_CO_TRY(call.body.no_more());
    StoreWork work = [&](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto payer, customer_of_caller(store, call, CustomerId(customer)));
        GLEANER_TRY(const auto project, store.add_project(payer.id, name, currency));
        return json::value(to_json(project));
    };
    co_return co_await state.needs.store.write<json::value>(std::move(work));
}

Answer list_projects(AdminState& state, Call call) {
    const CustomerId customer(call.parameter("customer"));
    StoreWork work = [&](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto payer, customer_of_caller(store, call, customer));
        GLEANER_TRY(const auto projects, store.projects(payer.id));
        return to_list(projects);
    };
    co_return co_await state.needs.store.read<json::value>(std::move(work));
}

// ---- Credit ----

Answer get_credit(AdminState& state, Call call) {
    GLEANER_CO_TRY(const auto currency, currency_of(call.parameter("currency")));
    const CustomerId customer(call.captures[0]);
    StoreWork work = [&](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto payer, customer_of_caller(store, call, customer));
        return shown_credit(store, payer.id, currency);
    };
    co_return co_await state.needs.store.read<json::value>(std::move(work));
}

Answer set_credit_limit(AdminState& state, Call call) {
    GLEANER_CO_TRY(const auto amount, call.body.integer("amount_micros", 0, amount_micros_max));
    GLEANER_CO_TRY(const auto currency, read_currency(call.body));
    GLEANER_CO_TRY(call.body.no_more());
    const CustomerId customer(call.captures[0]);
    StoreWork work = [&](Store& store) -> Result<json::value> {
        GLEANER_TRY(store::Tenants(store).set_credit_limit(customer, currency, Money{amount}));
        return shown_credit(store, customer, currency);
    };
    auto changed = co_await state.needs.store.write<json::value>(std::move(work));
    if (changed.has_value()) state.needs.forget_cached();
    co_return changed;
}

Answer refund(AdminState& state, Call call) {
    GLEANER_CO_TRY(const auto amount, call.body.integer("amount_micros", 1, amount_micros_max));
    GLEANER_CO_TRY(const auto key, call.body.text("idempotency_key"));
    GLEANER_CO_TRY(const auto currency, read_currency(call.body));
    GLEANER_CO_TRY(call.body.no_more());
    const CustomerId customer(call.captures[0]);
    StoreWork work = [&](Store& store) -> Result<json::value> {
        GLEANER_TRY(store::Tenants(store).refund(customer, Money{amount}, key, currency));
        return shown_credit(store, customer, currency);
    };
    auto refunded = co_await state.needs.store.write<json::value>(std::move(work));
    if (refunded.has_value()) state.needs.forget_cached();
    co_return refunded;
}

Answer set_weight(AdminState& state, Call call) {
    GLEANER_CO_TRY(const auto weight, call.body.integer("weight", 1, store::customer_weight_max));
    GLEANER_CO_TRY(call.body.no_more());
    const CustomerId customer(call.captures[0]);
    const auto new_weight = static_cast<std::int32_t>(weight);
    StoreWork work = [&](Store& store) -> Result<json::value> {
        GLEANER_TRY(store::Tenants(store).set_weight(customer, new_weight));
        GLEANER_TRY(const auto changed, store.customer(customer));
        return json::value(to_json(changed));
    };
    auto changed = co_await state.needs.store.write<json::value>(std::move(work));
    if (changed.has_error()) co_return changed;
    state.needs.grid.customer_weighed(customer, new_weight);
    state.needs.forget_cached();
    co_return changed;
}

// ---- Budgets ----

/// "project" or "customer" of a request, with "currency"; without both an admin key's own customer.
Result<BudgetSubject> subject_of(const std::string& project, const std::string& customer,
                                 Currency currency, const Call& call) {
    if (!project.empty() && !customer.empty())
        return Error(ErrorCode::invalid_argument, "name a project or a customer, not both");
    if (!project.empty()) return BudgetSubject{SpenderKind::project, project, currency};
    if (!customer.empty()) return BudgetSubject{SpenderKind::customer, customer, currency};
    if (call.by(PrincipalKind::project))
        return BudgetSubject{SpenderKind::customer, call.principal.customer.get(), currency};
    return Error(ErrorCode::invalid_argument, "name a project or a customer");
}

Status check_subject(Store& store, const Call& call, const BudgetSubject& subject) {
    if (subject.kind == SpenderKind::project) {
        GLEANER_TRY(project_of_caller(store, call, ProjectId(subject.id)));
    } else {
        GLEANER_TRY(customer_of_caller(store, call, CustomerId(subject.id)));
    }
    return ok();
}

Result<std::vector<std::int32_t>> thresholds_of(JsonBody& body) {
    std::vector<std::int32_t> thresholds;
    GLEANER_TRY(const auto* const listed, body.optional_array("thresholds"));
    if (listed == nullptr) return thresholds;
    for (const auto& one : *listed) {
        if (!one.is_int64() || one.get_int64() < 1 ||
            one.get_int64() > store::threshold_percent_max)
            return Error(ErrorCode::invalid_argument,
                         "\"thresholds\" must be whole percents from 1 to 1000");
        thresholds.push_back(static_cast<std::int32_t>(one.get_int64()));
    }
    return thresholds;
}

Answer set_budget(AdminState& state, Call call) {
    GLEANER_CO_TRY(const auto project, call.body.optional_text("project"));
    GLEANER_CO_TRY(const auto customer, call.body.optional_text("customer"));
    GLEANER_CO_TRY(const auto currency, read_currency(call.body));
    GLEANER_CO_TRY(const auto amount, call.body.integer("amount_micros", 1, amount_micros_max));
    GLEANER_CO_TRY(const auto hard, call.body.boolean("hard"));
    GLEANER_CO_TRY(const auto thresholds, thresholds_of(call.body));
    GLEANER_CO_TRY(call.body.no_more());
    GLEANER_CO_TRY(const auto subject, subject_of(project, customer, currency, call));
    StoreWork work = [&](Store& store) -> Result<json::value> {
        GLEANER_TRY(check_subject(store, call, subject));
        GLEANER_TRY(const auto budget,
                    store::Budgets(store).set(subject, Money{amount}, hard, thresholds));
        return json::value(to_json(budget));
    };
    auto changed = co_await state.needs.store.write<json::value>(std::move(work));
    if (changed.has_value()) state.needs.forget_cached();
    co_return changed;
}

Answer remove_budget(AdminState& state, Call call) {
    GLEANER_CO_TRY(const auto currency, currency_of(call.parameter("currency")));
    GLEANER_CO_TRY(const auto subject, subject_of(call.parameter("project"),
                                                  call.parameter("customer"), currency, call));
    StoreWork work = [&](Store& store) -> Result<json::value> {
        GLEANER_TRY(check_subject(store, call, subject));
        GLEANER_TRY(store::Budgets(store).remove(subject));
        return json::value(json::object{{"id", subject.id}, {"removed", true}});
    };
    auto removed = co_await state.needs.store.write<json::value>(std::move(work));
    if (removed.has_value()) state.needs.forget_cached();
    co_return removed;
}

/// Of one customer; for an operator who names none of all.
Result<std::optional<CustomerId>> whose(Store& store, const Call& call) {
    const std::string named = call.parameter("customer");
    if (named.empty() && call.by(PrincipalKind::operator_)) return std::nullopt;
    GLEANER_TRY(const auto customer, customer_of_caller(store, call, CustomerId(named)));
    return std::optional(customer.id);
}

Answer list_budgets(AdminState& state, Call call) {
    StoreWork work = [&](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto customer, whose(store, call));
        GLEANER_TRY(const auto budgets, store::Budgets(store).budgets(customer));
        return to_list(budgets);
    };
    co_return co_await state.needs.store.read<json::value>(std::move(work));
}

Result<std::int64_t> number_parameter(const Call& call, const char* name, std::int64_t absent,
                                      std::int64_t max) {
    const std::string text = call.parameter(name);
    if (text.empty()) return absent;
    std::int64_t number = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool good =
        problem == std::errc() && end == text.data() + text.size() && number >= 1 && number <= max;
    if (good) return number;
    return Error(
        ErrorCode::invalid_argument,
        "\"" + std::string(name) + "\" must be a whole number from 1 to " + std::to_string(max));
}

Answer list_alerts(AdminState& state, Call call) {
    GLEANER_CO_TRY(const auto limit, number_parameter(call, "limit", 100, alerts_max));
    GLEANER_CO_TRY(const auto before,
                   number_parameter(call, "before", 0, std::numeric_limits<std::int64_t>::max()));
    StoreWork work = [&](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto customer, whose(store, call));
        GLEANER_TRY(const auto alerts, store::Budgets(store).alerts(customer, before, limit));
        return to_list(alerts);
    };
    co_return co_await state.needs.store.read<json::value>(std::move(work));
}

}  // namespace

Result<Currency> read_currency(JsonBody& body) {
    GLEANER_TRY(const auto code, body.optional_text("currency"));
    return currency_of(code);
}

Result<store::Customer> customer_of_caller(Store& store, const Call& call, const CustomerId& id) {
    if (!call.by(PrincipalKind::project)) {
        if (id.empty()) return Error(ErrorCode::invalid_argument, "name a \"customer\"");
        return store.customer(id);
    }
    if (!id.empty() && id != call.principal.customer)
        return Error(ErrorCode::not_found, "no such customer");
    return store.customer(call.principal.customer);
}

Result<store::Project> project_of_caller(Store& store, const Call& call, const ProjectId& id) {
    GLEANER_TRY(auto project, store.project(id));
    const bool own =
        !call.by(PrincipalKind::project) || project.customer == call.principal.customer;
    if (!own) return Error(ErrorCode::not_found, "no such project");
    return project;
}

std::vector<AdminRoute> tenant_routes() {
    constexpr store::Scopes admin{Scope::admin};
    constexpr store::Scopes reading{Scope::usage, Scope::admin};
    constexpr unsigned both = operators | customers;
    return {
        {api::Method::post, "/api/v1/projects", both, add_project, nullptr, admin},
        {api::Method::get, "/api/v1/projects", both, list_projects, nullptr, admin},
        {api::Method::get, "/api/v1/customers/{id}/credit", both, get_credit, nullptr, reading},
        {api::Method::put, "/api/v1/customers/{id}/credit-limit", operators, set_credit_limit},
        {api::Method::post, "/api/v1/customers/{id}/refunds", operators, refund},
        {api::Method::put, "/api/v1/customers/{id}/weight", operators, set_weight},
        {api::Method::put, "/api/v1/budgets", both, set_budget, nullptr, admin},
        {api::Method::get, "/api/v1/budgets", both, list_budgets, nullptr, admin},
        {api::Method::delete_, "/api/v1/budgets", both, remove_budget, nullptr, admin},
        {api::Method::get, "/api/v1/alerts", both, list_alerts, nullptr, admin},
    };
}

}  // namespace gleaner::admin
