#pragma once
/// The journal's rows: accounts, entries, postings and the running balances beside them.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "coordinator/ledger/accounts.h"
#include "coordinator/store/pending_sums.h"
#include "coordinator/store/sqlite/database.h"
#include "shared/model/money.h"
#include "shared/util/clock.h"
#include "shared/util/result.h"

namespace gleaner::store {

/// An entry's number leaves this many places for its meter records (see the schema).
inline constexpr std::int64_t meters_per_entry = 1024;

/// An account's row number and the currency of all that is posted to it.
struct AccountNumber {
    std::int64_t value = 0;
    Currency currency = Currency::cny;
    friend bool operator==(AccountNumber, AccountNumber) = default;
};

struct Line {
    AccountNumber account;
    Money amount;
};

class Journal {
public:
    Journal(Database& database, const Clock& clock) : database_(database), clock_(clock) {}

    /// The account's number; made when there is none.
    Result<AccountNumber> account(const ledger::Account& account);
    /// With what the open transaction has posted.
    Result<Money> balance(AccountNumber account);

    /// The part of it that is not in the balances table yet.
    [[nodiscard]] Money pending(AccountNumber account) const {
        return {balances_.of(account.value)};
    }

    /// The next entry's number: now in microseconds, or one more than the last. Never one of a
    /// closed day: unavailable when the clock reads a closed day, or a month before the books'.
    Result<std::int64_t> next_number();
    /// Was the attempt billed in a month that is archived? Call after next_number(). Costs nothing
    /// while there is no archive.
    Result<bool> billed_before(std::string_view attempt_key);
    /// The open transaction has closed a day.
    void on_freeze() { last_number_.reset(); }
    /// Posts a balanced entry of one currency without lines of zero (checked) under a number from
    /// next_number().
    Status post(std::int64_t number, ledger::EntryKind kind, std::optional<std::string_view> key,
                std::span<const Line> lines);
    /// Posts under the next number.
    Status post(ledger::EntryKind kind, std::optional<std::string_view> key,
                std::span<const Line> lines);
    /// Moves `amount` from one account to another of the same currency; zero posts nothing.
    Status transfer(ledger::EntryKind kind, std::string_view key, const ledger::Account& from,
                    const ledger::Account& to, Money amount);
    /// The amount posted to `account` by the entry with that key; nothing when there is no entry.
    Result<std::optional<Money>> posted(std::string_view key, AccountNumber account);

    void count_items(std::int64_t job_number, std::int64_t completed, std::int64_t failed);

    /// Writes what is gathered in memory, so that a SELECT sees it.
    Status flush();

    // The transaction's events, in step with Database::begin/commit/rollback.
    void on_savepoint();
    void on_release();
    void on_savepoint_undone();
    void on_transaction_end();
    void on_transaction_undone();

private:
    /// The same as posted(), of an entry that is archived.
    Result<std::optional<Money>> archived(std::string_view key, AccountNumber account);

    Database& database_;
    const Clock& clock_;
    std::unordered_map<std::string, std::int64_t> accounts_;
    PendingSums<std::int64_t> balances_;
    PendingSums<std::int64_t> completed_;
    PendingSums<std::int64_t> failed_;
    // Of this transaction: read at its first entry.
    std::optional<std::int64_t> last_number_;
    std::int64_t frozen_until_ = 0;
    bool has_archive_ = false;
};

}  // namespace gleaner::store
