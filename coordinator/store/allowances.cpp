#include "coordinator/store/allowances.h"

#include "coordinator/store/state.h"
#include "shared/model/civil_day.h"

namespace gleaner::store {

namespace {

/// The one number of the first row; zero when there is none.
template <class... Values>
Result<Money> sum(Store::State& state, sql::StatementId id, const Values&... values) {
    Query query(*state.database, id, values...);
    GLEANER_TRY(auto found, query.next());
    return found ? query.money("micros") : Money{};
}

class Reader {
public:
    Reader(Store::State& state, Currency currency)
        : state_(state), currency_(currency), month_(month_of(day_of(state.clock.wall())).number) {}

    Result<std::optional<ledger::MonthlyCap>> key(std::string_view id, const ProjectId& project) {
        if (id.empty()) return std::nullopt;
        Query query(*state_.database, sql::select_key_cap, id, project);
        GLEANER_TRY(auto found, query.next());
        if (!found) return std::nullopt;
        return used(query.money("monthly_cap"), SpenderKind::key, id,
                    sum(state_, sql::sum_open_holds_of_key, id));
    }
    Result<std::optional<ledger::MonthlyCap>> project(const ProjectId& id) {
        GLEANER_TRY(const auto amount, hard_budget(SpenderKind::project, id.get()));
        if (!amount) return std::nullopt;
        return used(*amount, SpenderKind::project, id.get(),
                    sum(state_, sql::sum_open_holds_of_project, id));
    }
    Result<std::optional<ledger::MonthlyCap>> customer(const CustomerId& id) {
        GLEANER_TRY(const auto amount, hard_budget(SpenderKind::customer, id.get()));
        if (!amount) return std::nullopt;
        return used(*amount, SpenderKind::customer, id.get(),
                    sum(state_, sql::sum_open_holds_of_customer, id, code_of(currency_)));
    }

private:
    Result<std::optional<Money>> hard_budget(SpenderKind kind, std::string_view id) {
        Query query(*state_.database, sql::select_hard_budget, to_string(kind), id,
                    code_of(currency_));
        GLEANER_TRY(auto found, query.next());
        return found ? std::optional(query.money("amount")) : std::nullopt;
    }
    Result<std::optional<ledger::MonthlyCap>> used(Money amount, SpenderKind kind,
                                                   std::string_view id, Result<Money> held) {
        GLEANER_TRY(const auto holds, std::move(held));
        GLEANER_TRY(const auto spent, sum(state_, sql::select_spent, to_string(kind), id,
                                          code_of(currency_), month_));
        return ledger::MonthlyCap{amount, spent + holds};
    }

    Store::State& state_;
    Currency currency_;
    std::int64_t month_;
};

}  // namespace

Result<ledger::Credit> credit_of(Store::State& state, const CustomerId& customer,
                                 Currency currency) {
    GLEANER_TRY(state.journal.flush());
    ledger::Credit credit;
    GLEANER_TRY(credit.balance, sum(state, sql::select_balance_by_name,
                                    ledger::customer_account(customer, currency).name));
    GLEANER_TRY(credit.limit, sum(state, sql::select_credit_limit, customer, code_of(currency)));
    return credit;
}

Result<ledger::Allowance> allowance(Store::State& state, const CustomerId& customer,
                                    const ProjectId& project, std::string_view api_key) {
    GLEANER_TRY(state.flush());
    GLEANER_TRY(const auto bought_by,
                state.one("project", project_row, sql::select_project, project));
    ledger::Allowance allowance;
    allowance.currency = bought_by.currency;
    GLEANER_TRY(allowance.credit, credit_of(state, customer, bought_by.currency));
    Reader reader(state, bought_by.currency);
    GLEANER_TRY(allowance.key, reader.key(api_key, project));
    GLEANER_TRY(allowance.project, reader.project(project));
    GLEANER_TRY(allowance.customer, reader.customer(customer));
    return allowance;
}

}  // namespace gleaner::store
