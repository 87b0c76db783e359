#pragma once
/// What tests of payouts need beside a StoreWorld: confirmed earnings, account data, a seal that
/// hides nothing but notices a wrong context, and a policy.

#include <string>
#include <vector>

#include "coordinator/store/operators.h"
#include "coordinator/store/payouts.h"
#include "coordinator/store/state.h"

namespace gleaner::testing {

constexpr std::int64_t yuan = 1'000'000;

inline ledger::Payee bank_payee(const std::string& number = "6222021234567896789") {
    return {ledger::PayoutMethod::bank, "王小明", number, "ICBC", "Chaoyang"};
}

inline ledger::Payee alipay_payee() {
    return {ledger::PayoutMethod::alipay, "王小明", "wang@example.com", "", ""};
}

inline store::Seal plain_seal() {
    return [](std::string_view plain, std::string_view context) {
        return std::string(context).append("|").append(plain);
    };
}

inline store::Unseal plain_unseal() {
    return [](std::string_view sealed, std::string_view context) -> Result<std::string> {
        const std::string start = std::string(context) + "|";
        if (!sealed.starts_with(start))
            return Error(ErrorCode::data_corrupt, "sealed for another context");
        return std::string(sealed.substr(start.size()));
    };
}

inline ledger::PayoutPolicy payout_policy() {
    ledger::PayoutPolicy policy;
    const std::vector<std::string> minimum{"CNY 100", "USD 20"};
    const std::vector<std::string> limit{"CNY 5000", "USD 500"};
    ledger::set_amounts(minimum, policy.minimum).value();
    ledger::set_amounts(limit, policy.two_person_above).value();
    return policy;
}

inline store::PayoutParty party_of(const store::Owner& owner) {
    return {ledger::PartyKind::owner, owner.id.get()};
}

inline store::PayoutParty party_of(const store::Partner& partner) {
    return {ledger::PartyKind::partner, partner.id.get()};
}

inline ledger::Account confirmed_account(const store::PayoutParty& party, Currency currency) {
    if (party.kind == ledger::PartyKind::owner)
        return ledger::owner_account(OwnerId{party.id}, currency);
    return ledger::partner_account(PartnerId{party.id}, currency);
}

/// Confirmed earnings, as from the platform.
inline void earn(store::Store& store, const store::PayoutParty& party, Money amount,
                 Currency currency = Currency::cny) {
    auto& state = store.state();
    const auto earned = state.atomically([&]() -> Status {
        GLEANER_TRY(const auto from, state.journal.account(ledger::platform_account(currency)));
        GLEANER_TRY(const auto to, state.journal.account(confirmed_account(party, currency)));
        const store::Line lines[] = {{from, -amount}, {to, amount}};
        return state.journal.post(ledger::EntryKind::confirm, std::nullopt, lines);
    });
    earned.value();
}

inline Money balance(store::Store& store, const ledger::Account& account) {
    auto& state = store.state();
    const auto number = state.journal.account(account).value();
    return state.journal.balance(number).value();
}

/// Operators ann and bob (finance), and sue (support); root is admin.
inline void add_operators(store::Store& store) {
    store::Operators operators(store);
    (void)operators.add("root", store::OperatorRole::admin).value();
    (void)operators.add("ann", store::OperatorRole::finance).value();
    (void)operators.add("bob", store::OperatorRole::finance).value();
    (void)operators.add("sue", store::OperatorRole::support).value();
}

/// Sets and verifies an account.
inline store::PayoutAccount verified_account(store::Store& store, const store::PayoutParty& party,
                                             const ledger::Payee& payee = bank_payee()) {
    store::PayoutAccounts accounts(store);
    const auto account = accounts.set(party, payee, plain_seal()).value();
    return accounts.verify(party, account.version, "ann").value();
}

inline store::PayoutRequest payout_request(const store::PayoutParty& party, std::string key,
                                           std::optional<Money> amount = std::nullopt) {
    store::PayoutRequest request;
    request.party = party;
    request.key = std::move(key);
    request.amount = amount;
    return request;
}

inline store::BatchRequest batch_request(std::string key,
                                         ledger::PayoutMethod method = ledger::PayoutMethod::bank) {
    return {Currency::cny, method, std::move(key), "ann", "pay@platform.example", "Platform"};
}

}  // namespace gleaner::testing
