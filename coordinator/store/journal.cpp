#include "coordinator/store/journal.h"

#include <algorithm>

#include "shared/util/check.h"

namespace gleaner::store {

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
    }
    last_number_ = std::max(clock_.wall().micros, *last_number_ + 1);
    return *last_number_;
}

Status Journal::post(ledger::EntryKind kind, std::optional<std::string_view> key,
                     std::span<const Line> lines) {
    GLEANER_TRY(const auto number, next_number());
    return post(number, kind, key, lines);
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
    if (!found) return amount;
    Query posting(database_, sql::select_posting, account.value, entry.integer("number"));
    GLEANER_TRY(auto posted, posting.next());
    amount = posted ? posting.money("micros") : Money{};
    return amount;
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
