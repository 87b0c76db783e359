/// What a customer may do with a signed contract: take lower prices, let it end, leave early.

#include "coordinator/ledger/price_book_json.h"
#include "coordinator/store/allowances.h"
#include "coordinator/store/contract_rows.h"

namespace gleaner::store {

namespace {

Error not_now(std::string why) {
    return {ErrorCode::failed_precondition, std::move(why)};
}

Status check_signed(const CustomerContract& contract, WallTime now) {
    if (!contract.signed_at) return not_now("this contract has not been signed");
    if (contract.state(now) == ContractState::ended) return not_now("this contract has ended");
    return ok();
}

Status check_expected(Money shown, Money is, const char* what) {
    if (shown == is) return ok();
    return not_now(std::string("the ") + what + " is " + to_decimal(is) + " now, not " +
                   to_decimal(shown) + ": look at it again and say that amount");
}

}  // namespace

Result<ContractChoices> CustomerContracts::choices(const std::string& id) {
    auto& state = store_.state();
    return state.atomically([&]() -> Result<ContractChoices> {
        GLEANER_TRY(const auto contract, read(id));
        const WallTime now = std::max(state.clock.wall(), contract.wish.from);
        ContractChoices choices;
        // Of an offer: as if it were signed, with its deposit, and had begun.
        const Money deposit = contract.signed_at ? contract.deposit_held : contract.terms.deposit;
        const WallTime at = contract.signed_at ? state.clock.wall() : now;
        choices.remaining = ledger::remaining(contract.wish.from, bound_until(contract, at), at);
        choices.terminate = ledger::terminate(contract.terms, still_to_pay(contract, at), deposit);
        auto terms = contract.terms;
        terms.monthly = contract.price_at(at).monthly;
        Money today = terms.monthly;
        if (contract.wish.months > 0) {
            GLEANER_TRY(const auto price, price_today(store_, contract));
            if (price) today = price->monthly;
        }
        choices.reprice = ledger::reprice_offer(terms, today, choices.remaining);
        return choices;
    });
}

Result<CustomerContract> CustomerContracts::reprice(const std::string& id, Money expected_fee) {
    auto& state = store_.state();
    const WallTime now = state.clock.wall();
    return state.atomically([&]() -> Result<CustomerContract> {
        GLEANER_TRY(const auto contract, read(id));
        GLEANER_TRY(check_signed(contract, now));
        if (contract.wish.months == 0)
            return not_now("hours have no repricing clause: it is part of contracts for months");
        GLEANER_TRY(const auto price, price_today(store_, contract));
        GLEANER_TRY(const auto choices, this->choices(id));
        const auto& offer = choices.reprice;
        if (!price || !offer.open)
            return not_now("the prices have not fallen by more than " +
                           ledger::factor_text(contract.terms.reprice_threshold * 100) +
                           " % below those of this contract: it stays as it is");
        GLEANER_TRY(check_expected(expected_fee, offer.fee, "fee"));
        GLEANER_TRY(const auto credit, credit_of(state, contract.customer, contract.currency));
        if (credit.available() < offer.fee)
            return Error(ErrorCode::resource_exhausted,
                         "the fee is " + to_decimal(offer.fee) + ", and " +
                             to_decimal(credit.available()) + " are left: top up first");
        GLEANER_TRY(state.journal.transfer(
            ledger::EntryKind::fee, "reprice:" + id + ":" + std::to_string(contract.prices.size()),
            ledger::customer_account(contract.customer, contract.currency),
            ledger::platform_account(contract.currency), offer.fee));
        GLEANER_TRY(state.database->run(sql::insert_contract_price, id, now, price->hour.version,
                                        ledger::to_text(price->hour), offer.monthly_after,
                                        offer.fee));
        return read(id);
    });
}

Result<CustomerContract> CustomerContracts::end(const std::string& id) {
    auto& state = store_.state();
    const WallTime now = state.clock.wall();
    return state.atomically([&]() -> Result<CustomerContract> {
        GLEANER_TRY(const auto contract, read(id));
        GLEANER_TRY(check_signed(contract, now));
        if (contract.ends) return contract;
        GLEANER_TRY(state.database->run(sql::end_customer_contract, id, bound_until(contract, now),
                                        "not renewed"));
        return read(id);
    });
}

Result<CustomerContract> CustomerContracts::terminate(const std::string& id, Money expected_penalty,
                                                      std::string_view by) {
    auto& state = store_.state();
    const WallTime now = state.clock.wall();
    return state.atomically([&]() -> Result<CustomerContract> {
        GLEANER_TRY(const auto contract, read(id));
        const std::string reason = "terminated by " + std::string(by);
        if (contract.state(now) == ContractState::ended && contract.end_reason == reason)
            return contract;
        GLEANER_TRY(check_signed(contract, now));
        const auto settled =
            ledger::terminate(contract.terms, still_to_pay(contract, now), contract.deposit_held);
        GLEANER_TRY(check_expected(expected_penalty, settled.penalty, "penalty"));
        // The deposit goes back whole and pays from there, so that the customer sees all of it.
        GLEANER_TRY(return_deposit(contract));
        GLEANER_TRY(
            state.journal.transfer(ledger::EntryKind::fee, "terminate:" + id,
                                   ledger::customer_account(contract.customer, contract.currency),
                                   ledger::platform_account(contract.currency), settled.penalty));
        GLEANER_TRY(state.database->run(sql::end_customer_contract, id, now, reason));
        if (now <= contract.wish.from) {  // nothing of it will ever be billed
            GLEANER_TRY(state.database->run(sql::settle_customer_contract, id));
        }
        return read(id);
    });
}

Status CustomerContracts::return_deposit(const CustomerContract& contract) {
    auto& state = store_.state();
    const auto deposit = ledger::deposit_account(contract.id, contract.currency);
    GLEANER_TRY(const auto account, state.journal.account(deposit));
    GLEANER_TRY(const auto held, state.journal.balance(account));
    return state.journal.transfer(
        ledger::EntryKind::deposit_return, "deposit_return:" + contract.id, deposit,
        ledger::customer_account(contract.customer, contract.currency), held);
}

}  // namespace gleaner::store
