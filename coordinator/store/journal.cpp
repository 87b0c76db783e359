#include "coordinator/store/journal.h"

#include <algorithm>

#include "shared/model/civil_day.h"
#include "shared/util/check.h"

namespace gleaner::store {

namespace {

/// More than entries of one moment can be; less than a clock's error that matters.
constexpr Duration ahead_max = 60s;

/// unavailable: what is to be posted is kept and tried again once the clock is right.
Error clock_is_back(WallTime now, std::string_view books, WallTime end) {
    return {ErrorCode::unavailable,
            "the clock reads " + local_time_text(now) + " in Shanghai, and the books " +
                std::string(books) + " " + local_time_text(end) +
                ": it has jumped back, nothing is posted; set the coordinator's clock",
            Blame::platform};
}

}  // namespace

Result<AccountNumber> Journal::account(const ledger::Account& account) {
    const auto& [name, currency] = account;
    const auto known = accounts_.find(name);
    if (known != accounts_.end()) return AccountNumber{known->second, currency};
    GLEANER_TRY(auto inserted, database_.change(sql::insert_account, name, code_of(currency)));
    std::int64_t number = database_.last_row();
    if (inserted > 0) {
        GLEANER_TRY(database_.run(sql::insert_balance, number));
    } else {
        Query query(database_, sql::select_account, name);
        GLEANER_TRY(auto found, query.next());
        GLEANER_CHECK(found, "an account that conflicts exists");
        number = query.integer("number");
    }
    accounts_.emplace(name, number);
    return AccountNumber{number, currency};
}

Result<Money> Journal::balance(AccountNumber account) {
    Query query(database_, sql::select_balance, account.value);
    GLEANER_TRY(auto found, query.next());
    const std::int64_t kept = found ? query.integer("micros") : 0;
    return Money{kept + balances_.of(account.value)};
}

Result<std::int64_t> Journal::next_number() {
    if (!last_number_) {
        Query query(database_, sql::select_last_number);
        GLEANER_TRY(auto found, query.next());
        last_number_ = found ? query.integer("number") : 0;
        frozen_until_ = found ? query.integer("frozen_until") : 0;
        has_archive_ = found && query.integer("archived_until") > 0;
    }
    const WallTime now = clock_.wall();
    if (now.micros < frozen_until_) {
        return clock_is_back(now, "are closed up to", {frozen_until_});
    }
    // An entry's number may run ahead of the clock by the entries of the same moment.
    const WallTime last{*last_number_};
    if (last - now > ahead_max && month_of(day_of(last)) > month_of(day_of(now))) {
        return clock_is_back(now, "have entries of the month that begins at",
                             start_of_day(first_day(month_of(day_of(last)))));
    }
    last_number_ = std::max(now.micros, *last_number_ + 1);
    return *last_number_;
}

Result<bool> Journal::billed_before(std::string_view attempt_key) {
    if (!has_archive_) return false;
    Query query(database_, sql::select_archived_attempt, attempt_key);
    return query.next();
}

Status Journal::post(ledger::EntryKind kind, std::optional<std::string_view> key,
                     std::span<const Line> lines) {
    GLEANER_TRY(const auto number, next_number());
    return post(number, kind, key, lines);
}

Status Journal::transfer(ledger::EntryKind kind, std::string_view key, const ledger::Account& from,
                         const ledger::Account& to, Money amount) {
    if (amount == Money{}) return ok();
    GLEANER_TRY(const auto source, account(from));
    GLEANER_TRY(const auto target, account(to));
    const Line lines[] = {{source, -amount}, {target, amount}};
    return post(kind, key, lines);
}

Status Journal::post(std::int64_t number, ledger::EntryKind kind,
                     std::optional<std::string_view> key, std::span<const Line> lines) {
    Money sum;
    for (const auto& line : lines) {
        GLEANER_CHECK(line.account.currency == lines.front().account.currency,
                      "an entry has one currency");
        sum += line.amount;
    }
    GLEANER_CHECK(sum == Money{}, "an entry is balanced");
    if (key && has_archive_) {
        GLEANER_TRY(const auto before, archived(*key, {}));
        if (before) {
            return Error(ErrorCode::already_exists,
                         "an entry with the key " + std::string(*key) + " is archived already");
        }
    }
    GLEANER_TRY(database_.run(sql::insert_entry, number, ledger::to_string(kind), key));
    for (const auto& line : lines) {
        GLEANER_CHECK(line.amount != Money{}, "a posting moves something");
        GLEANER_TRY(
            database_.run(sql::insert_posting, line.account.value, number, line.amount.micros));
        balances_.add(line.account.value, line.amount.micros);
    }
    return ok();
}

Result<std::optional<Money>> Journal::posted(std::string_view key, AccountNumber account) {
    std::optional<Money> amount;
    Query entry(database_, sql::select_entry_by_key, key);
    GLEANER_TRY(auto found, entry.next());
    if (!found) return archived(key, account);
    Query posting(database_, sql::select_posting, account.value, entry.integer("number"));
    GLEANER_TRY(auto posted, posting.next());
    amount = posted ? posting.money("micros") : Money{};
    return amount;
}

Result<std::optional<Money>> Journal::archived(std::string_view key, AccountNumber account) {
    std::optional<Money> amount;
    Query lines(database_, sql::list_archived_key, key);
    for (;;) {
        GLEANER_TRY(auto more, lines.next());
        if (!more) return amount;
        if (!amount) amount = Money{};
        if (lines.integer("account") == account.value) *amount += lines.money("micros");
    }
}

void Journal::count_items(std::int64_t job_number, std::int64_t completed, std::int64_t failed) {
    if (completed != 0) completed_.add(job_number, completed);
    if (failed != 0) failed_.add(job_number, failed);
}

Status Journal::flush() {
    for (const auto& [account, delta] : balances_.take()) {
        GLEANER_TRY(database_.run(sql::add_balance, account, delta));
    }
    for (const auto& [job, delta] : completed_.take()) {
        GLEANER_TRY(database_.run(sql::add_job_progress, job, delta, 0));
    }
    for (const auto& [job, delta] : failed_.take()) {
        GLEANER_TRY(database_.run(sql::add_job_progress, job, 0, delta));
    }
    return ok();
}

void Journal::on_savepoint() {
    balances_.mark();
    completed_.mark();
    failed_.mark();
}

void Journal::on_release() {
    balances_.release();
    completed_.release();
    failed_.release();
}

void Journal::on_savepoint_undone() {
    balances_.undo();
    completed_.undo();
    failed_.undo();
    accounts_.clear();
    last_number_.reset();
}

void Journal::on_transaction_end() {
    balances_.clear();
    completed_.clear();
    failed_.clear();
    last_number_.reset();
}

void Journal::on_transaction_undone() {
    on_transaction_end();
    accounts_.clear();
}

}  // namespace gleaner::store
