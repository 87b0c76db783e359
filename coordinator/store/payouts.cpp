#include "coordinator/store/payouts.h"

#include <limits>

#include "coordinator/store/payout_rows.h"
#include "coordinator/store/state.h"
#include "shared/util/random.h"

namespace gleaner::store {

namespace {

using ledger::EntryKind;
using ledger::PayoutAction;
using ledger::PayoutState;

/// With its prefix at most 22 characters: what Alipay takes as a serial.
constexpr std::size_t id_characters = 18;

Result<Payout> read_payout(Store::State& state, std::string_view id) {
    return state.one("payout", payout_row, sql::select_payout, id);
}

/// What a payout under the key was asked for, if there is one.
Result<std::optional<Payout>> asked_before(Store::State& state, const std::string& key,
                                           const PayoutRequest& request) {
    std::optional<Payout> payout;
    Query query(*state.database, sql::select_payout_by_key, key);
    GLEANER_TRY(const bool found, query.next());
    if (!found) return payout;
    GLEANER_TRY(payout, read_payout(state, query.text("id")));
    const bool same = payout->currency == request.currency &&
                      (!request.amount || *request.amount == payout->amount);
    if (!same)
        return Error(ErrorCode::already_exists,
                     "a payout of " + std::string(code_of(payout->currency)) + " " +
                         ledger::payable_text(payout->amount) +
                         " was requested with this idempotency key: take another key for another "
                         "payout");
    return payout;
}

/// The account that a new payout goes to.
Result<PayoutAccount> account_to_pay(Store& store, const PayoutParty& party, Currency currency) {
    GLEANER_TRY(auto account, PayoutAccounts(store).newest(party));
    if (!account.verified)
        return Error(ErrorCode::failed_precondition,
                     "the account " + account.masked +
                         " is not verified: a finance operator verifies it first (gleanerctl "
                         "payout account verify)");
    if (!ledger::pays_in(account.method, currency))
        return Error(ErrorCode::failed_precondition,
                     "the account " + account.masked + " takes CNY only: set a bank account for " +
                         std::string(code_of(currency)));
    return account;
}

}  // namespace

Result<Money> Payouts::payable(const PayoutParty& party, Currency currency) {
    auto& state = store_.state();
    GLEANER_TRY(state.flush());
    Query query(*state.database, sql::select_balance_by_name, account_of(party, currency).name);
    GLEANER_TRY(const bool found, query.next());
    return found ? ledger::payable(query.money("micros")) : Money{};
}

Result<Payout> Payouts::request(const PayoutRequest& request, const ledger::PayoutPolicy& policy) {
    GLEANER_TRY(require_payout_key(request.key));
    auto& state = store_.state();
    return state.atomically([&]() -> Result<Payout> {
        GLEANER_TRY(PayoutAccounts(store_).party(request.party.id));
        const std::string key =
            std::string(to_string(request.origin)) + ":" + request.party.id + ":" + request.key;
        GLEANER_TRY(auto before, asked_before(state, key, request));
        if (before) return std::move(*before);
        GLEANER_TRY(const auto account, account_to_pay(store_, request.party, request.currency));
        auto& journal = state.journal;
        GLEANER_TRY(const auto from, journal.account(account_of(request.party, request.currency)));
        GLEANER_TRY(const auto balance, journal.balance(from));
        const Money amount = request.amount.value_or(ledger::payable(balance));
        if (!request.amount && amount == Money{})
            return Error(ErrorCode::failed_precondition,
                         "nothing is confirmed yet that could be paid out");
        GLEANER_TRY(ledger::check_amount(amount, balance, request.currency, policy));
        const std::string id = random_token("pay_", id_characters);
        GLEANER_TRY(const auto to, journal.account(ledger::payout_account(id, request.currency)));
        const Line lines[] = {{from, -amount}, {to, amount}};
        GLEANER_TRY(journal.post(EntryKind::payout, "payout:" + id, lines));
        GLEANER_TRY(state.database->run(
            sql::insert_payout, id, key, ledger::to_string(request.party.kind), request.party.id,
            account.version, code_of(request.currency), amount,
            policy.approvals_for(amount, request.currency), to_string(request.origin),
            request.requested_by, state.clock.wall()));
        return read_payout(state, id);
    });
}

Result<Payout> Payouts::approve(std::string_view id, std::string_view by) {
    auto& state = store_.state();
    return state.atomically([&]() -> Result<Payout> {
        GLEANER_TRY(auto payout, read_payout(state, id));
        GLEANER_TRY(const auto moved, ledger::step(payout.state, PayoutAction::approve));
        if (!moved.changes) return payout;
        GLEANER_TRY(state.database->run(sql::insert_payout_approval, payout.number, by,
                                        state.clock.wall()));
        GLEANER_TRY(payout, read_payout(state, id));
        if (!ledger::enough(payout.approvals)) return payout;
        GLEANER_TRY(state.database->run(sql::approve_payout, payout.number, state.clock.wall()));
        return read_payout(state, id);
    });
}

/// Ends a payout: its money leaves its account, out of the platform or back.
Result<Payout> Payouts::end(std::string_view id, PayoutAction action, std::string_view by,
                            std::string_view note) {
    auto& state = store_.state();
    return state.atomically([&]() -> Result<Payout> {
        GLEANER_TRY(auto payout, read_payout(state, id));
        GLEANER_TRY(const auto moved, ledger::step(payout.state, action));
        if (!moved.changes) return payout;
        auto& journal = state.journal;
        const bool arrived = moved.to == PayoutState::settled;
        GLEANER_TRY(const auto from,
                    journal.account(ledger::payout_account(payout.id, payout.currency)));
        GLEANER_TRY(const auto to,
                    journal.account(arrived ? ledger::cash_account(payout.currency)
                                            : account_of(payout.party, payout.currency)));
        GLEANER_TRY(const auto balance, journal.balance(from));
        if (balance != payout.amount)
            return Error(ErrorCode::data_corrupt,
                         "payout " + payout.id + " is of " + to_decimal(payout.amount) +
                             " and its account holds " + to_decimal(balance) +
                             ": stop payouts and run gleanerctl ledger check");
        const Line lines[] = {{from, -payout.amount}, {to, payout.amount}};
        // One key for both ways: the database itself refuses to go the second.
        GLEANER_TRY(journal.post(arrived ? EntryKind::payout_sent : EntryKind::payout_return,
                                 "payout_end:" + payout.id, lines));
        GLEANER_TRY(state.database->run(sql::end_payout, payout.number, ledger::to_string(moved.to),
                                        state.clock.wall(), by, note));
        return read_payout(state, id);
    });
}

Result<Payout> Payouts::reject(std::string_view id, std::string_view by, std::string_view reason) {
    return end(id, PayoutAction::reject, by, reason);
}

Result<Payout> Payouts::settle(std::string_view id, std::string_view by,
                               std::string_view reference) {
    return end(id, PayoutAction::settle, by, reference);
}

Result<Payout> Payouts::fail(std::string_view id, std::string_view by, std::string_view reason) {
    return end(id, PayoutAction::fail, by, reason);
}

Result<Payout> Payouts::read(std::string_view id) {
    return read_payout(store_.state(), id);
}

Result<std::vector<Payout>> Payouts::list(const PayoutFilter& filter) {
    auto& state = store_.state();
    std::int64_t before = std::numeric_limits<std::int64_t>::max();
    if (!filter.after.empty()) {
        GLEANER_TRY(const auto last, read_payout(state, filter.after));
        before = last.number;
    }
    std::optional<std::string_view> wanted;
    if (filter.state) wanted = ledger::to_string(*filter.state);
    if (!filter.party.empty())
        return state.all(payout_row, sql::list_payouts_of_party, before, filter.limit, filter.party,
                         wanted);
    if (wanted)
        return state.all(payout_row, sql::list_payouts_in_state, before, filter.limit, *wanted);
    return state.all(payout_row, sql::list_payouts, before, filter.limit);
}

namespace {

PayoutParty payable_row(const Query& row) {
    return payout_party(row);
}

/// Each party on its own: one that cannot be paid keeps nobody else from it.
Status request_due(Store& store, const ledger::PayoutPolicy& policy, Currency currency,
                   const std::string& period) {
    auto& state = store.state();
    // What ends the names of accounts in this currency.
    const std::string suffix = ledger::cash_account(currency).name.substr(4);
    // Below a hundredth nothing can be paid, even without a minimum.
    const Money least = std::max(policy.minimum_of(currency), Money{10'000});
    GLEANER_TRY(const auto parties,
                state.all(payable_row, sql::list_payable_parties, suffix, least));
    for (const auto& party : parties) {
        PayoutRequest due;
        due.party = party;
        due.currency = currency;
        due.key = period + ":" + std::string(code_of(currency));
        due.origin = PayoutOrigin::schedule;
        const auto asked = Payouts(store).request(due, policy);
        if (asked.has_error() && asked.error().code() != ErrorCode::failed_precondition)
            return asked.error();
    }
    return ok();
}

}  // namespace

Status run_due_payouts(Store& store, const ledger::PayoutPolicy& policy, std::int64_t day) {
    if (!ledger::is_due(policy.schedule, day)) return ok();
    auto& state = store.state();
    return state.atomically([&]() -> Status {
        GLEANER_TRY(state.flush());
        for (const auto& name : currency_names) {
            GLEANER_TRY(request_due(store, policy, name.currency,
                                    ledger::due_period(policy.schedule, day)));
        }
        return ok();
    });
}

}  // namespace gleaner::store
