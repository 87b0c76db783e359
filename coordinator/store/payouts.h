#pragma once
/// Payouts: verbs of the store. Each is atomic and safe to repeat; the money of each payout moves
/// out of the party's account once, and from there out of the platform or back, once.
///
/// That nothing is paid twice rests on four things that do not know of each other: an entry's key
/// is unique ("payout:<id>" asks, "payout_end:<id>" settles or returns), a payout's state goes one
/// way and a batch is kept once (triggers of the database), a payout's account is never below zero
/// (the ledger's check), and each line of a bank's file has the payout's id as its serial.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/ledger/payout.h"
#include "coordinator/store/payout_accounts.h"
#include "coordinator/store/store.h"

namespace gleaner::store {

/// Who asked.
enum class PayoutOrigin : std::uint8_t { party, operator_, schedule };
[[nodiscard]] std::string_view to_string(PayoutOrigin origin);

struct PayoutRequest {
    PayoutParty party;
    Currency currency = Currency::cny;
    std::optional<Money> amount;  ///< nothing: all that is payable
    std::string key;              ///< the same one asks once
    PayoutOrigin origin = PayoutOrigin::party;
    std::string requested_by;  ///< the operator's name, when one asks on the party's behalf
};

struct Payout {
    std::string id;  ///< pay_…
    std::int64_t number = 0;
    PayoutParty party;
    std::int64_t account_version = 0;  ///< where it goes, whatever the party sets later
    ledger::PayoutMethod method = ledger::PayoutMethod::bank;
    std::string masked;
    std::string sealed;
    Currency currency = Currency::cny;
    Money amount;
    ledger::PayoutState state = ledger::PayoutState::requested;
    PayoutOrigin origin = PayoutOrigin::party;
    ledger::Approvals approvals;
    std::optional<std::int64_t> batch;
    WallTime requested;
    std::optional<WallTime> approved;
    std::optional<WallTime> sent;
    std::optional<WallTime> ended;
    std::string ended_by;
    std::string note;  ///< the reason of a rejection or failure, the reference of a settlement
};

/// A file for a bank, Alipay or WeChat.
struct PayoutBatch {
    std::int64_t number = 0;
    Currency currency = Currency::cny;
    ledger::PayoutMethod method = ledger::PayoutMethod::bank;
    std::int64_t payouts = 0;
    Money total;
    std::string payer_login;  ///< of Alipay's files
    std::string payer_name;
    WallTime exported;
    std::string exported_by;
};

struct BatchRequest {
    Currency currency = Currency::cny;
    ledger::PayoutMethod method = ledger::PayoutMethod::bank;
    std::string key;  ///< the same one gives the same batch
    std::string by;
    std::string payer_login;
    std::string payer_name;
};

struct PayoutFilter {
    std::optional<ledger::PayoutState> state;
    std::string party;  ///< an id; empty: all
    std::string after;  ///< a payout's id: those before it in time
    std::int64_t limit = 100;
};

class Payouts {
public:
    explicit Payouts(Store& store) : store_(store) {}

    /// What of a party's confirmed balance can be paid now.
    Result<Money> payable(const PayoutParty& party, Currency currency);
    /// Errors, after which nothing is posted: failed_precondition (no account, one that is not
    /// verified, a method that does not pay that currency, less than the minimum or more than is
    /// payable), invalid_argument (an amount that is not whole), already_exists (the key asked for
    /// something else).
    Result<Payout> request(const PayoutRequest& request, const ledger::PayoutPolicy& policy);
    /// A second operator's approval counts, a repeated one changes nothing.
    Result<Payout> approve(std::string_view id, std::string_view by);
    /// Back to the party, with the reason.
    Result<Payout> reject(std::string_view id, std::string_view by, std::string_view reason);
    /// Takes what is approved of one currency and method, at most a file's worth, and marks it
    /// sent. failed_precondition when nothing is. Fails whole when an account cannot be opened.
    Result<PayoutBatch> export_batch(const BatchRequest& request, const Unseal& unseal);
    /// The file of a batch: always the same bytes.
    Result<std::string> batch_text(std::int64_t number, const Unseal& unseal);
    /// It arrived: out of the platform.
    Result<Payout> settle(std::string_view id, std::string_view by, std::string_view reference);
    /// All of the batch that is still under way; returns how many.
    Result<std::int64_t> settle_batch(std::int64_t number, std::string_view by,
                                      std::string_view reference);
    /// The bank could not pay it: back to the party, with the reason.
    Result<Payout> fail(std::string_view id, std::string_view by, std::string_view reason);

    Result<Payout> read(std::string_view id);
    /// Newest first.
    Result<std::vector<Payout>> list(const PayoutFilter& filter);
    Result<PayoutBatch> batch(std::int64_t number);
    /// Newest first, those before `before`.
    Result<std::vector<PayoutBatch>> batches(std::int64_t before, std::int64_t limit);
    /// In the file's order.
    Result<std::vector<Payout>> payouts_of(std::int64_t batch);

private:
    Result<Payout> end(std::string_view id, ledger::PayoutAction action, std::string_view by,
                       std::string_view note);
    Store& store_;
};

/// Requests what the schedule makes due on `day`: for each party with a verified account and a
/// balance of at least the minimum, all of it, once for each period. To be called once for each
/// day; calling it again asks for nothing again.
Status run_due_payouts(Store& store, const ledger::PayoutPolicy& policy, std::int64_t day);

}  // namespace gleaner::store
