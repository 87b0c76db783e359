#pragma once
/// Customers as tenants: what they may owe and spend, their weight, their keys' limits, and money
/// that goes back to them.

#include <string_view>

#include "coordinator/ledger/allowance.h"
#include "coordinator/store/store.h"

namespace gleaner::store {

class Tenants {
public:
    explicit Tenants(Store& store) : store_(store), state_(store.state()) {}

    /// Errors: not_found.
    Result<ledger::Credit> credit(const CustomerId& customer, Currency currency);
    /// How far the customer's account may fall below zero, in that currency. A limit below what is
    /// owed already is allowed: it lets nothing new begin. Errors: not_found, invalid_argument
    /// (below zero).
    Status set_credit_limit(const CustomerId& customer, Currency currency, Money limit);
    /// Errors: not_found, invalid_argument unless 1 to 1000.
    Status set_weight(const CustomerId& customer, std::int32_t weight);
    /// What bounds a key's work now. `api_key` may be empty: the project's bounds only.
    Result<ledger::Allowance> allowance(const CustomerId& customer, const ProjectId& project,
                                        std::string_view api_key);
    /// Prepaid money goes back to where it came from, outside; at most the balance, never what is
    /// held or granted. `idempotency_key`: the repayment's own; repeated with another amount it is
    /// already_exists. Errors: not_found, invalid_argument, resource_exhausted.
    Status refund(const CustomerId& customer, Money amount, std::string_view idempotency_key,
                  Currency currency);

    Result<Credential> key(std::string_view id);
    /// What a project's key has spent this month (Shanghai's), in its project's currency.
    Result<Money> spent_this_month(const Credential& key);
    /// Replaces what a key may do and take, and its label. Errors: not_found, invalid_argument,
    /// failed_precondition (revoked).
    Result<Credential> set_key_limits(std::string_view id, std::string_view label,
                                      const KeyLimits& limits);

private:
    Store& store_;
    Store::State& state_;
};

}  // namespace gleaner::store
