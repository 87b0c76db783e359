/// Periods' accounts of owners, partners, customers and the platform. A period [from, to) is a
/// range of entry numbers; opening + lines = closing, because the lines' shares were posted too.

#include <algorithm>

#include "coordinator/ledger/reconciliation.h"
#include "coordinator/store/archive.h"
#include "coordinator/store/state.h"
#include "coordinator/store/store.h"
#include "shared/model/civil_day.h"

namespace gleaner::store {

namespace {

using ledger::PartyKind;
using ledger::StatementLine;

/// The whole days of a period, and what is left at its ends (see sql/statements.sql).
struct Days {
    std::int64_t first = 0;
    std::int64_t end = 0;
    WallTime head_end;
    WallTime tail_start;
};

Days whole_days(WallTime from, WallTime to) {
    Days days;
    days.first = day_of(from);
    if (start_of_day(days.first) < from) ++days.first;
    days.end = day_of(to);
    if (days.first >= days.end) {
        days.end = days.first;
        days.head_end = days.tail_start = to;
    } else {
        days.head_end = start_of_day(days.first);
        days.tail_start = start_of_day(days.end);
    }
    return days;
}

class StatementBuilder {
public:
    /// Both ends in whole microseconds; all that is read comes from one snapshot.
    StatementBuilder(Store::State& state, ledger::Statement empty)
        : state_(state),
          statement_(std::move(empty)),
          days_(whole_days(statement_.from, statement_.to)) {}

    /// Adds the account's balance at both ends; returns the one at the period's.
    Result<Money> read_balance(const ledger::Account& account) {
        GLEANER_TRY(state_.flush());
        GLEANER_TRY(note_archives());
        Query row(*state_.database, sql::select_balance_by_name, account.name);
        GLEANER_TRY(auto found, row.next());
        if (!found) return Money{};
        const std::int64_t number = row.integer("number");
        const Money now = row.money("micros");
        GLEANER_TRY(const auto opening, balance_at(number, now, statement_.from));
        GLEANER_TRY(const auto closing, balance_at(number, now, statement_.to));
        statement_.opening += opening;
        statement_.closing += closing;
        GLEANER_TRY(add_entries(number));
        return closing;
    }

    /// Lines of the kinds that only move money between accounts of the same statement sum to
    /// nothing and are left out; so are `unwanted` ones.
    void add_entry_lines(std::initializer_list<std::string_view> unwanted) {
        for (auto& line : entries_) {
            const bool left_out = std::ranges::find(unwanted, line.kind) != unwanted.end();
            if (line.amount != Money{} && !left_out) add(std::move(line));
        }
    }

    /// Lines of work: `name` fills in what the row sums over.
    template <class Name>
    Status add_work(sql::StatementId id, Name name) {
        Query query(*state_.database, id, statement_.id, statement_.from, statement_.to,
                    days_.first, days_.end, days_.head_end, days_.tail_start,
                    code_of(statement_.currency));
        for (;;) {
            GLEANER_TRY(auto more, query.next());
            if (!more) return ok();
            auto line = line_row(query);
            line.kind = "work";
            name(query, line);
            add(std::move(line));
        }
    }

    void add(StatementLine line) { statement_.lines.push_back(std::move(line)); }
    void set_pending(Money pending) { statement_.pending = pending; }

    /// Lines that do not lead to the balance are never shown: something is wrong with the books.
    [[nodiscard]] Result<ledger::Statement> finish() && {
        const auto wrong = ledger::imbalance(statement_);
        if (wrong) return Error(ErrorCode::internal, *wrong + ": run gleanerctl ledger check");
        return std::move(statement_);
    }

private:
    /// Once: months of the period that are archived.
    Status note_archives() {
        if (!statement_.archives.empty()) return ok();
        GLEANER_TRY(const auto months, Archives(state_).touched(statement_.from, statement_.to));
        for (const auto& month : months) statement_.archives.push_back(month.file);
        return ok();
    }

    /// By kind, over all accounts that were read.
    Status add_entries(std::int64_t account) {
        Query query(*state_.database, sql::sum_postings_by_kind, account, statement_.from,
                    statement_.to);
        for (;;) {
            GLEANER_TRY(auto more, query.next());
            if (!more) return ok();
            auto line = line_row(query);
            line.kind = line.label = query.text("kind");
            const auto same = std::ranges::find(entries_, line.kind, &StatementLine::kind);
            if (same == entries_.end()) {
                entries_.push_back(std::move(line));
            } else {
                same->items = std::max(same->items, line.items);
                same->amount += line.amount;
            }
        }
    }

    /// From the end of the closed month before, if there is one; else back from `now`.
    Result<Money> balance_at(std::int64_t account, Money now, WallTime when) {
        const Month month = month_of(day_of(when));
        GLEANER_TRY(const auto closed, last_closed_month());
        if (month.previous().number <= closed) {
            Query query(*state_.database, sql::sum_balance_at, account, when, month.number,
                        start_of_day(first_day(month)), first_day(month));
            GLEANER_TRY(auto found, query.next());
            return found ? query.money("micros") : Money{};
        }
        Query query(*state_.database, sql::sum_postings_from, account, when);
        GLEANER_TRY(auto found, query.next());
        return now - (found ? query.money("micros") : Money{});
    }

    Result<std::int64_t> last_closed_month() {
        Query query(*state_.database, sql::select_close_range,
                    ledger::to_string(ledger::PeriodKind::month));
        GLEANER_TRY(auto found, query.next());
        return found && !query.null("last") ? query.integer("last") : INT64_MIN;
    }

    Store::State& state_;
    ledger::Statement statement_;
    Days days_;
    std::vector<StatementLine> entries_;
};

ledger::Statement empty_statement(PartyKind kind, std::string id, std::string name, WallTime from,
                                  WallTime to, Currency currency) {
    ledger::Statement statement;
    statement.party = to_string(kind);
    if (!name.empty()) statement.party += " " + name;
    statement.kind = kind;
    statement.id = std::move(id);
    statement.name = std::move(name);
    statement.currency = currency;
    statement.from = from;
    statement.to = to;
    return statement;
}

void name_node(const Query& row, StatementLine& line) {
    line.site = row.text("site");
    line.site_name = row.text("site_name");
    line.subject = row.text("node");
    line.subject_kind = "node";
    line.name = row.text("hostname");
    line.device_class = row.text("device_class");
    line.label = line.subject + " (" + line.name + "), " + line.device_class;
}

void name_model(const Query& row, StatementLine& line) {
    line.subject_kind = "model";
    line.name = row.text("model");
    line.label = "model " + line.name;
}

void name_model_of_day(const Query& row, StatementLine& line) {
    line.subject_kind = "model";
    line.name = row.text("model");
    line.date = date_text(row.integer("day"));
    line.label = line.date + ", model " + line.name;
}

auto name_party(std::string_view kind) {
    return [kind](const Query& row, StatementLine& line) {
        line.subject = row.text("id");
        line.subject_kind = kind;
        line.name = row.text("name");
        line.label = std::string(kind) + " " + line.name;
    };
}

}  // namespace

Result<ledger::Statement> Store::owner_statement(const OwnerId& id, WallTime from, WallTime to,
                                                 Currency currency) {
    return state_->atomically([&]() -> Result<ledger::Statement> {
        GLEANER_TRY(const auto owner, this->owner(id));
        StatementBuilder builder(
            *state_, empty_statement(PartyKind::owner, id.get(), owner.name, from, to, currency));
        GLEANER_TRY(builder.read_balance(ledger::owner_account(id, currency)));
        GLEANER_TRY(const auto pending,
                    builder.read_balance(ledger::pending_account(id, currency)));
        builder.set_pending(pending);
        builder.add_entry_lines({});
        GLEANER_TRY(builder.add_work(sql::owner_lines, name_node));
        return std::move(builder).finish();
    });
}

Result<ledger::Statement> Store::partner_statement(const PartnerId& id, WallTime from, WallTime to,
                                                   Currency currency) {
    return state_->atomically([&]() -> Result<ledger::Statement> {
        GLEANER_TRY(const auto partner, this->partner(id));
        StatementBuilder builder(*state_, empty_statement(PartyKind::partner, id.get(),
                                                          partner.name, from, to, currency));
        GLEANER_TRY(builder.read_balance(ledger::partner_account(id, currency)));
        GLEANER_TRY(const auto pending,
                    builder.read_balance(ledger::pending_account(id, currency)));
        builder.set_pending(pending);
        builder.add_entry_lines({});
        GLEANER_TRY(builder.add_work(sql::partner_lines_by_owner, name_party("owner")));
        GLEANER_TRY(builder.add_work(sql::partner_lines_by_customer, name_party("customer")));
        return std::move(builder).finish();
    });
}

Result<ledger::Statement> Store::customer_statement(const CustomerId& id, WallTime from,
                                                    WallTime to, Currency currency) {
    return state_->atomically([&]() -> Result<ledger::Statement> {
        GLEANER_TRY(const auto customer, this->customer(id));
        StatementBuilder builder(*state_, empty_statement(PartyKind::customer, id.get(),
                                                          customer.name, from, to, currency));
        GLEANER_TRY(builder.read_balance(ledger::customer_account(id, currency)));
        builder.add_entry_lines({"hold", "release"});
        GLEANER_TRY(builder.add_work(sql::customer_lines, name_model_of_day));
        // Work is shown at its price wherever it was paid from. What went into holds and has
        // neither come back nor paid for work is one line, and gone once all batches have ended.
        Query holds(*state_->database, sql::sum_customer_holds, id, from, to, code_of(currency));
        GLEANER_TRY(auto found, holds.next());
        const Money held = found ? holds.money("amount") : Money{};
        if (held != Money{}) {
            StatementLine line;
            line.kind = "held";
            line.label = "held for batches";
            line.items = holds.integer("items");
            line.amount = -held;
            builder.add(std::move(line));
        }
        return std::move(builder).finish();
    });
}

Result<ledger::Statement> Store::platform_statement(WallTime from, WallTime to, Currency currency) {
    return state_->atomically([&]() -> Result<ledger::Statement> {
        StatementBuilder builder(*state_,
                                 empty_statement(PartyKind::platform, {}, {}, from, to, currency));
        GLEANER_TRY(builder.read_balance(ledger::platform_account(currency)));
        builder.add_entry_lines({});
        GLEANER_TRY(builder.add_work(sql::platform_lines, name_model));
        return std::move(builder).finish();
    });
}

}  // namespace gleaner::store
