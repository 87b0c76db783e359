#include "coordinator/store/statement_records.h"

#include <algorithm>

#include "coordinator/store/archive.h"
#include "coordinator/store/state.h"
#include "shared/model/civil_day.h"

namespace gleaner::store {

namespace {

using ledger::PartyKind;

constexpr std::int64_t records_of_entry = 1024;  ///< see the schema

/// [first, end) of entry numbers.
struct Span {
    std::int64_t first = 0;
    std::int64_t end = 0;
};

Result<Span> span_of(const StatementOf& of, const LineFilter& line) {
    Span span{of.from.micros, of.to.micros};
    if (line.date.empty()) return span;
    const auto day = day_of_date(line.date);
    if (!day) {
        return Error(ErrorCode::invalid_argument,
                     "\"" + line.date.substr(0, 40) + "\" is not a day: write it as 2026-11-25");
    }
    span.first = std::max(span.first, start_of_day(*day).micros);
    span.end = std::min(span.end, start_of_day(*day + 1).micros);
    return span;
}

LineRecord record_row(const Query& row) {
    LineRecord record;
    record.number = row.integer("number");
    record.at = WallTime{record.number / records_of_entry};
    record.request = row.text("request");
    record.attempt = row.text("attempt_key");
    record.node = row.text("node");
    record.hostname = row.text("hostname");
    record.device_class = row.text("device_class");
    record.model = row.text("model");
    record.prompt_tokens = row.integer("prompt_tokens");
    record.cached_tokens = row.integer("cached_tokens");
    record.generated_tokens = row.integer("generated_tokens");
    record.device_micros = row.integer("device_micros");
    record.reference_micros = row.integer("reference_micros");
    record.price = row.money("price");
    record.amount = row.money("amount");
    record.owner = row.text("owner");
    record.customer = row.text("customer");
    return record;
}

LineEntry entry_row(const Query& row) {
    const std::int64_t number = row.integer("number");
    return {number, WallTime{number}, row.text("kind"), row.text("key"), row.money("amount")};
}

LineEntry hold_row(const Query& row) {
    return {row.integer("number"), row.time("at"), "held", row.text("job"), row.money("amount")};
}

sql::StatementId records_statement(PartyKind kind, const LineFilter& line) {
    switch (kind) {
        case PartyKind::owner:
            return sql::owner_records;
        case PartyKind::partner:
            return line.referred_customers ? sql::partner_records_by_customer
                                           : sql::partner_records_by_owner;
        case PartyKind::customer:
            return sql::customer_records;
        case PartyKind::platform:
            return sql::platform_records;
    }
    return sql::platform_records;
}

/// The statement's accounts; the second repeats the first where there is one.
std::pair<ledger::Account, ledger::Account> accounts_of(const StatementOf& of) {
    switch (of.kind) {
        case PartyKind::owner:
            return {ledger::owner_account(OwnerId(of.id), of.currency),
                    ledger::pending_account(OwnerId(of.id), of.currency)};
        case PartyKind::partner:
            return {ledger::partner_account(PartnerId(of.id), of.currency),
                    ledger::pending_account(PartnerId(of.id), of.currency)};
        case PartyKind::customer: {
            const auto account = ledger::customer_account(CustomerId(of.id), of.currency);
            return {account, account};
        }
        case PartyKind::platform:
            break;
    }
    const auto account = ledger::platform_account(of.currency);
    return {account, account};
}

Status check_party(Store& store, const StatementOf& of) {
    switch (of.kind) {
        case PartyKind::owner: {
            GLEANER_TRY(store.owner(OwnerId(of.id)));
            return ok();
        }
        case PartyKind::partner: {
            GLEANER_TRY(store.partner(PartnerId(of.id)));
            return ok();
        }
        case PartyKind::customer: {
            GLEANER_TRY(store.customer(CustomerId(of.id)));
            return ok();
        }
        case PartyKind::platform:
            return ok();
    }
    return ok();
}

Status check_limit(std::int64_t limit) {
    if (limit >= 1 && limit <= line_rows_max) return ok();
    return Error(ErrorCode::invalid_argument,
                 "a page has 1 to " + std::to_string(line_rows_max) + " rows");
}

/// Of archived months only sums are here.
Status check_not_archived(Store::State& state, WallTime from, WallTime to) {
    GLEANER_TRY(const auto months, Archives(state).touched(from, to));
    if (months.empty()) return ok();
    return Error(ErrorCode::failed_precondition,
                 "what is behind this line is archived: " + months.front().file +
                     ", beside the coordinator's database, has it; ask for a later period");
}

/// -1, which is nobody's, for an account that nothing was ever posted to.
Result<std::int64_t> account_number(Store::State& state, const ledger::Account& account) {
    Query query(*state.database, sql::select_account, account.name);
    GLEANER_TRY(auto found, query.next());
    return found ? query.integer("number") : std::int64_t{-1};
}

}  // namespace

Result<ledger::Statement> StatementRecords::statement(const StatementOf& of) {
    switch (of.kind) {
        case PartyKind::owner:
            return store_.owner_statement(OwnerId(of.id), of.from, of.to, of.currency);
        case PartyKind::partner:
            return store_.partner_statement(PartnerId(of.id), of.from, of.to, of.currency);
        case PartyKind::customer:
            return store_.customer_statement(CustomerId(of.id), of.from, of.to, of.currency);
        case PartyKind::platform:
            break;
    }
    return store_.platform_statement(of.from, of.to, of.currency);
}

Result<std::vector<LineRecord>> StatementRecords::records(const StatementOf& of,
                                                          const LineFilter& line,
                                                          std::int64_t after, std::int64_t limit) {
    GLEANER_TRY(check_limit(limit));
    GLEANER_TRY(const auto span, span_of(of, line));
    Store::State& state = store_.state();
    return state.atomically([&]() -> Result<std::vector<LineRecord>> {
        GLEANER_TRY(check_party(store_, of));
        GLEANER_TRY(check_not_archived(state, WallTime{span.first}, WallTime{span.end}));
        const std::int64_t first = std::max(span.first * records_of_entry, after + 1);
        return state.all(record_row, records_statement(of.kind, line), of.id, code_of(of.currency),
                         first, span.end * records_of_entry, line.subject, line.device_class,
                         limit);
    });
}

Result<std::vector<LineEntry>> StatementRecords::entries(const StatementOf& of,
                                                         const std::string& kind,
                                                         std::int64_t after, std::int64_t limit) {
    GLEANER_TRY(check_limit(limit));
    Store::State& state = store_.state();
    return state.atomically([&]() -> Result<std::vector<LineEntry>> {
        GLEANER_TRY(check_party(store_, of));
        GLEANER_TRY(check_not_archived(state, of.from, of.to));
        if (kind == "held") {
            return state.all(hold_row, sql::list_statement_holds, of.id, code_of(of.currency),
                             of.from, of.to, after, limit);
        }
        const auto [first, second] = accounts_of(of);
        GLEANER_TRY(const auto first_number, account_number(state, first));
        GLEANER_TRY(const auto second_number, account_number(state, second));
        return state.all(entry_row, sql::list_statement_entries, first_number, second_number,
                         std::max(of.from.micros, after + 1), of.to, kind, limit);
    });
}

}  // namespace gleaner::store
