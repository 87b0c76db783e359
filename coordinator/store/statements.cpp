/// Periods' accounts of owners, partners, customers and the platform. A period [from, to) is a
/// range of entry numbers; opening + lines = closing, because the lines' shares were posted too.

#include "coordinator/store/state.h"
#include "coordinator/store/store.h"

namespace gleaner::store {

namespace {

class StatementBuilder {
public:
    /// Both ends in whole microseconds; all that is read comes from one snapshot.
    StatementBuilder(Store::State& state, std::string party, WallTime from, WallTime to)
        : state_(state) {
        statement_.party = std::move(party);
        statement_.from = from;
        statement_.to = to;
    }

    /// Reads the account's balance at both ends and its entries that are not charges.
    Status read_account(const std::string& name, bool with_holds) {
        GLEANER_TRY(state_.journal.flush());
        Query account(*state_.database, sql::select_balance_by_name, name);
        GLEANER_TRY(auto found, account.next());
        if (!found) return ok();
        const std::int64_t number = account.integer("number");
        GLEANER_TRY(const auto since_from, posted_since(number, statement_.from));
        GLEANER_TRY(const auto since_to, posted_since(number, statement_.to));
        statement_.opening = account.money("micros") - since_from;
        statement_.closing = account.money("micros") - since_to;
        return add_lines([](const Query& row) { return row.text("kind"); },
                         [&](const Query& row) {
                             const std::string kind = row.text("kind");
                             return with_holds || (kind != "hold" && kind != "release");
                         },
                         sql::sum_postings_by_kind, number, statement_.from, statement_.to);
    }

    template <class Label, class... Values>
    Status add_lines(Label label, sql::StatementId id, const Values&... values) {
        return add_lines(
            label, [](const Query&) { return true; }, id, values...);
    }

    void add(ledger::StatementLine line) { statement_.lines.push_back(std::move(line)); }
    [[nodiscard]] ledger::Statement finish() && { return std::move(statement_); }

private:
    template <class Label, class Wanted, class... Values>
    requires std::is_invocable_r_v<bool, Wanted, const Query&> Status
    add_lines(Label label, Wanted wanted, sql::StatementId id, const Values&... values) {
        Query query(*state_.database, id, values...);
        for (;;) {
            GLEANER_TRY(auto more, query.next());
            if (!more) return ok();
            if (!wanted(query)) continue;
            auto line = line_row(query);
            line.label = label(query);
            add(std::move(line));
        }
    }

    Result<Money> posted_since(std::int64_t account, WallTime when) {
        Query query(*state_.database, sql::sum_postings_from, account, when);
        GLEANER_TRY(auto found, query.next());
        return found ? query.money("micros") : Money{};
    }

    Store::State& state_;
    ledger::Statement statement_;
};

std::string node_label(const Query& row) {
    return row.text("node") + " (" + row.text("hostname") + "), " + row.text("device_class");
}

std::string model_label(const Query& row) {
    return "model " + row.text("model");
}

}  // namespace

Result<ledger::Statement> Store::owner_statement(const OwnerId& id, WallTime from, WallTime to) {
    return state_->atomically([&]() -> Result<ledger::Statement> {
        GLEANER_TRY(const auto owner, this->owner(id));
        StatementBuilder builder(*state_, "owner " + owner.name, from, to);
        GLEANER_TRY(builder.read_account(ledger::owner_account(id), true));
        GLEANER_TRY(builder.add_lines(node_label, sql::owner_lines, id, from, to));
        return std::move(builder).finish();
    });
}

Result<ledger::Statement> Store::partner_statement(const PartnerId& id, WallTime from,
                                                   WallTime to) {
    return state_->atomically([&]() -> Result<ledger::Statement> {
        GLEANER_TRY(const auto partner, this->partner(id));
        StatementBuilder builder(*state_, "partner " + partner.name, from, to);
        GLEANER_TRY(builder.read_account(ledger::partner_account(id), true));
        GLEANER_TRY(builder.add_lines([](const Query& row) { return "owner " + row.text("name"); },
                                      sql::partner_lines_by_owner, id, from, to));
        GLEANER_TRY(
            builder.add_lines([](const Query& row) { return "customer " + row.text("name"); },
                              sql::partner_lines_by_customer, id, from, to));
        return std::move(builder).finish();
    });
}

Result<ledger::Statement> Store::customer_statement(const CustomerId& id, WallTime from,
                                                    WallTime to) {
    return state_->atomically([&]() -> Result<ledger::Statement> {
        GLEANER_TRY(const auto customer, this->customer(id));
        StatementBuilder builder(*state_, "customer " + customer.name, from, to);
        GLEANER_TRY(builder.read_account(ledger::customer_account(id), false));
        GLEANER_TRY(builder.add_lines(
            [](const Query& row) { return row.text("day") + ", model " + row.text("model"); },
            sql::customer_lines, id, from, to));
        // Work is shown at its price wherever it was paid from. What went into holds and has
        // neither come back nor paid for work is one line, and gone once all batches have ended.
        Query holds(*state_->database, sql::sum_customer_holds, id, from, to);
        GLEANER_TRY(auto found, holds.next());
        const Money held = found ? holds.money("amount") : Money{};
        if (held != Money{}) {
            ledger::StatementLine line;
            line.label = "held for batches";
            line.items = holds.integer("items");
            line.amount = -held;
            builder.add(std::move(line));
        }
        return std::move(builder).finish();
    });
}

Result<ledger::Statement> Store::platform_statement(WallTime from, WallTime to) {
    return state_->atomically([&]() -> Result<ledger::Statement> {
        StatementBuilder builder(*state_, "platform", from, to);
        GLEANER_TRY(builder.read_account("platform", true));
        GLEANER_TRY(builder.add_lines(model_label, sql::platform_lines, from, to));
        return std::move(builder).finish();
    });
}

}  // namespace gleaner::store
