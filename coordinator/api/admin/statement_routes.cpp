/// Statements, and what is behind their lines. Everybody sees their own account and no other.

#include <boost/json.hpp>

#include "coordinator/api/admin/blocking_work.h"
#include "coordinator/api/admin/call.h"
#include "coordinator/api/admin/record_json.h"
#include "coordinator/api/admin/wanted_document.h"
#include "coordinator/documents/statement_paper.h"
#include "coordinator/store/statement_records.h"
#include "shared/artefact/sha256.h"
#include "shared/model/civil_day.h"

namespace gleaner::admin {

namespace json = boost::json;
using ledger::PartyKind;
using store::PrincipalKind;
using store::StatementOf;
using store::StatementRecords;
using store::Store;

namespace {

bool is_own(const Call& call, PartyKind kind) {
    const auto& who = call.principal;
    switch (kind) {
        case PartyKind::owner:
            return who.kind == PrincipalKind::owner && who.subject == call.captures[0];
        case PartyKind::partner:
            return who.kind == PrincipalKind::partner && who.subject == call.captures[0];
        case PartyKind::customer:
            return who.kind == PrincipalKind::project && who.customer.get() == call.captures[0];
        case PartyKind::platform:
            return false;
    }
    return false;
}

/// A key of another party gets the same answer as for one that does not exist.
Result<StatementOf> wanted_of(const AdminState& state, const Call& call, PartyKind kind) {
    if (!is_own(call, kind) && !call.by(PrincipalKind::operator_))
        return Error(ErrorCode::not_found, "no such " + std::string(to_string(kind)));
    GLEANER_TRY(const auto period, period_of(call, state.needs.clock.wall()));
    GLEANER_TRY(const auto currency, currency_of(call.parameter("currency")));
    const std::string id = call.captures.empty() ? std::string() : call.captures[0];
    return StatementOf{kind, id, currency, period.from, period.to};
}

/// "statement-owner-own_x-2026-11", or the days or moments of another period.
std::string name_of(const StatementOf& of) {
    std::string name = "statement-" + std::string(to_string(of.kind));
    if (!of.id.empty()) name += "-" + of.id;
    const Month month = month_of(day_of(of.from));
    const bool whole =
        of.from == start_of_day(first_day(month)) && of.to == start_of_day(first_day(month.next()));
    if (whole) return name + "-" + month_text(month);
    if (of.from.micros > 0) name += "-" + date_text(day_of(of.from));
    return name + "-until-" + date_text(day_of(of.to - Duration(1)));
}

Result<Document> in_form(const ledger::Statement& statement, const StatementOf& of, Form form,
                         documents::Language language, bool is_over) {
    const std::string name = name_of(of);
    if (form == Form::csv) {
        return Document(content_type(form), file_name(name, form),
                        documents::statement_csv(statement, language));
    }
    auto object = to_json(statement);
    // The reference stays what it was when the period is archived.
    object.erase("archives");
    std::string text = json::serialize(object);
    if (form == Form::json) return Document(content_type(form), {}, std::move(text));
    const documents::StatementNote note{hash_bytes(std::string_view(text)).get(), is_over};
    return set_paper(documents::statement_paper(statement, note, language), name, form);
}

DocumentAnswer statement(AdminState& state, Call call, PartyKind kind) {
    GLEANER_CO_TRY(const auto of, wanted_of(state, call, kind));
    GLEANER_CO_TRY(const auto form, form_of(call));
    GLEANER_CO_TRY(const auto language, language_of(call));
    std::function<Result<ledger::Statement>(Store&)> reading = [of](Store& store) {
        return StatementRecords(store).statement(of);
    };
    auto answer = co_await state.needs.store.read<ledger::Statement>(std::move(reading));
    if (answer.has_error()) co_return std::move(answer).error();
    if (call.parameter("format").empty())
        co_return Document(content_type(form), {}, json::serialize(to_json(answer.value())));
    const bool is_over = of.to <= state.needs.clock.wall();
    std::function<Result<Document>()> setting = [of, form, language, is_over,
                                                 statement = std::move(answer).value()] {
        return in_form(statement, of, form, language, is_over);
    };
    co_return co_await run_blocking<Document>(state.needs.blocking, std::move(setting));
}

/// A page of a list: `has_more` says whether another one is worth asking for.
template <class Rows>
json::value page_json(const Rows& rows, std::int64_t limit) {
    auto page = to_list(rows);
    page.get_object()["has_more"] = static_cast<std::int64_t>(rows.size()) == limit;
    return page;
}

Answer records(AdminState& state, Call call, PartyKind kind) {
    GLEANER_CO_TRY(const auto of, wanted_of(state, call, kind));
    GLEANER_CO_TRY(const auto page, page_of(call));
    store::LineFilter line;
    line.subject = call.parameter("subject");
    line.device_class = call.parameter("device_class");
    line.date = call.parameter("date");
    line.referred_customers = call.parameter("subject_kind") == "customer";
    StoreWork work = [=](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto found,
                    StatementRecords(store).records(of, line, page.after, page.limit));
        return page_json(found, page.limit);
    };
    co_return co_await state.needs.store.read<json::value>(std::move(work));
}

/// Keys may name whose work an entry corrects: a party sees those of its own dealings only.
bool shows_key(const store::LineEntry& entry, PartyKind kind) {
    if (kind == PartyKind::partner) return entry.kind.starts_with("payout");
    return entry.kind != "reversal" && entry.kind != "confirm";
}

Answer entries(AdminState& state, Call call, PartyKind kind) {
    GLEANER_CO_TRY(const auto of, wanted_of(state, call, kind));
    GLEANER_CO_TRY(const auto page, page_of(call));
    const std::string line = call.parameter("kind");
    const bool all_keys = call.by(PrincipalKind::operator_);
    StoreWork work = [=](Store& store) -> Result<json::value> {
        GLEANER_TRY(auto found, StatementRecords(store).entries(of, line, page.after, page.limit));
        for (auto& entry : found)
            if (!all_keys && !shows_key(entry, kind)) entry.key.clear();
        return page_json(found, page.limit);
    };
    co_return co_await state.needs.store.read<json::value>(std::move(work));
}

// As a table of routes wants them.
template <PartyKind kind>
DocumentAnswer statement_of(AdminState& state, Call call) {
    return statement(state, std::move(call), kind);
}
template <PartyKind kind>
Answer records_of(AdminState& state, Call call) {
    return records(state, std::move(call), kind);
}
template <PartyKind kind>
Answer entries_of(AdminState& state, Call call) {
    return entries(state, std::move(call), kind);
}

/// A project's key sees its customer's accounts with one of these.
constexpr store::Scopes account_scopes{store::Scope::usage, store::Scope::admin};

AdminRoute document_route(const char* pattern, unsigned who,
                          DocumentAnswer (*handler)(AdminState&, Call)) {
    return {.method = api::Method::get,
            .pattern = pattern,
            .who = who,
            .handler = nullptr,
            .one_of = account_scopes,
            .document = handler};
}

AdminRoute list_route(const char* pattern, unsigned who, Answer (*handler)(AdminState&, Call)) {
    return {.method = api::Method::get,
            .pattern = pattern,
            .who = who,
            .handler = handler,
            .one_of = account_scopes};
}

}  // namespace

std::vector<AdminRoute> statement_routes() {
    constexpr unsigned of_owner = operators | owners;
    constexpr unsigned of_partner = operators | partners;
    constexpr unsigned of_customer = operators | customers;
    return {
        document_route("/api/v1/statements/owners/{id}", of_owner, statement_of<PartyKind::owner>),
        document_route("/api/v1/statements/partners/{id}", of_partner,
                       statement_of<PartyKind::partner>),
        document_route("/api/v1/statements/customers/{id}", of_customer,
                       statement_of<PartyKind::customer>),
        document_route("/api/v1/statements/platform", operators, statement_of<PartyKind::platform>),
        list_route("/api/v1/statements/owners/{id}/records", of_owner,
                   records_of<PartyKind::owner>),
        list_route("/api/v1/statements/partners/{id}/records", of_partner,
                   records_of<PartyKind::partner>),
        list_route("/api/v1/statements/customers/{id}/records", of_customer,
                   records_of<PartyKind::customer>),
        list_route("/api/v1/statements/platform/records", operators,
                   records_of<PartyKind::platform>),
        list_route("/api/v1/statements/owners/{id}/entries", of_owner,
                   entries_of<PartyKind::owner>),
        list_route("/api/v1/statements/partners/{id}/entries", of_partner,
                   entries_of<PartyKind::partner>),
        list_route("/api/v1/statements/customers/{id}/entries", of_customer,
                   entries_of<PartyKind::customer>),
        list_route("/api/v1/statements/platform/entries", operators,
                   entries_of<PartyKind::platform>),
    };
}

}  // namespace gleaner::admin
