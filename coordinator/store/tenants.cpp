#include "coordinator/store/tenants.h"

#include "coordinator/store/allowances.h"
#include "coordinator/store/key_limits.h"
#include "coordinator/store/state.h"
#include "shared/model/civil_day.h"

namespace gleaner::store {

Result<ledger::Credit> Tenants::credit(const CustomerId& customer, Currency currency) {
    GLEANER_TRY(store_.customer(customer));
    return credit_of(state_, customer, currency);
}

Status Tenants::set_credit_limit(const CustomerId& customer, Currency currency, Money limit) {
    if (limit < Money{}) {
        return Error(ErrorCode::invalid_argument,
                     "a credit limit is not negative: 0 means prepaid only");
    }
    return state_.atomically([&]() -> Status {
        GLEANER_TRY(store_.customer(customer));
        return state_.database->run(sql::put_credit_limit, customer, code_of(currency), limit,
                                    state_.clock.wall());
    });
}

Status Tenants::set_weight(const CustomerId& customer, std::int32_t weight) {
    if (weight < 1 || weight > customer_weight_max) {
        return Error(ErrorCode::invalid_argument,
                     "a customer's weight is a whole number from 1 to 1000; 100 is usual");
    }
    return changed_one(state_.database->change(sql::set_customer_weight, customer, weight),
                       "customer");
}

Result<ledger::Allowance> Tenants::allowance(const CustomerId& customer, const ProjectId& project,
                                             std::string_view api_key) {
    return store::allowance(state_, customer, project, api_key);
}

Status Tenants::refund(const CustomerId& customer, Money amount, std::string_view idempotency_key,
                       Currency currency) {
    if (amount <= Money{} || idempotency_key.empty()) {
        return Error(ErrorCode::invalid_argument,
                     "a refund has an amount above zero and a key that makes it unique");
    }
    return state_.atomically([&]() -> Status {
        GLEANER_TRY(store_.customer(customer));
        Journal& journal = state_.journal;
        GLEANER_TRY(const auto cash, journal.account(ledger::cash_account(currency)));
        GLEANER_TRY(const auto account,
                    journal.account(ledger::customer_account(customer, currency)));
        const std::string key =
            std::string("refund:").append(customer.get()).append(":").append(idempotency_key);
        GLEANER_TRY(const auto posted, journal.posted(key, cash));
        if (posted == amount) return ok();
        if (posted) {
            return Error(ErrorCode::already_exists,
                         "a refund with this key was made already, of " + to_decimal(*posted));
        }
        GLEANER_TRY(const auto balance, journal.balance(account));
        if (balance < amount) {
            return Error(ErrorCode::resource_exhausted,
                         "only prepaid money that is not held or spent goes back: the balance is " +
                             to_decimal(balance) + ", asked for are " + to_decimal(amount));
        }
        const Line lines[] = {{account, -amount}, {cash, amount}};
        return journal.post(ledger::EntryKind::refund, key, lines);
    });
}

Result<Credential> Tenants::key(std::string_view id) {
    return state_.one("key", credential_row, sql::select_credential, id);
}

Result<Money> Tenants::spent_this_month(const Credential& key) {
    GLEANER_TRY(const auto project, store_.project(ProjectId{key.subject}));
    GLEANER_TRY(state_.flush());
    Query query(*state_.database, sql::select_spent, to_string(SpenderKind::key), key.id,
                code_of(project.currency), month_of(day_of(state_.clock.wall())).number);
    GLEANER_TRY(auto found, query.next());
    return found ? query.money("micros") : Money{};
}

Result<Credential> Tenants::set_key_limits(std::string_view id, std::string_view label,
                                           const KeyLimits& limits) {
    return state_.atomically([&]() -> Result<Credential> {
        GLEANER_TRY(auto credential, key(id));
        if (credential.revoked) {
            return Error(ErrorCode::failed_precondition,
                         "the key was revoked: make a new one instead");
        }
        GLEANER_TRY(check_key_limits(credential.kind, limits, state_.clock.wall()));
        GLEANER_TRY(
            state_.database->run(sql::set_key_limits, id, to_string(limits.scopes),
                                 limits.monthly_cap, unless_zero(limits.requests_per_minute),
                                 unless_zero(limits.tokens_per_minute), limits.expires, label));
        return key(id);
    });
}

}  // namespace gleaner::store
