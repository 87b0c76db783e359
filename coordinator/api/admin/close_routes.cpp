/// Closed days and months, and the archive of old ones, for operators.

#include <boost/json.hpp>

#include "coordinator/api/admin/blocking_work.h"
#include "coordinator/api/admin/call.h"
#include "coordinator/store/archive.h"
#include "coordinator/store/closes.h"
#include "shared/model/civil_time.h"

namespace gleaner::admin {

namespace json = boost::json;
using ledger::Period;
using ledger::PeriodKind;
using store::ClosedPeriod;
using store::Closes;
using store::Store;

namespace {

constexpr std::int64_t closes_max = 1'000;

json::object to_json(const ClosedPeriod& closed) {
    json::object shown{
        {"period", store::to_text(closed.period)},
        {"kind", ledger::to_string(closed.period.kind)},
        {"closed", utc_text(closed.closed)},
        {"by", closed.by},
        {"mismatches", closed.mismatches},
        {"despite", closed.despite.empty() ? json::value(nullptr) : json::value(closed.despite)},
        {"audit_head", closed.audit.number == 0 ? json::value(nullptr)
                                                : json::value(ledger::to_text(closed.audit))},
        {"sha256", closed.sha256}};
    if (closed.report_json.empty()) return shown;
    boost::system::error_code problem;
    shown["report"] = json::parse(closed.report_json, problem);
    // What its hash is of, byte by byte.
    shown["report_text"] = closed.report_json;
    return shown;
}

Result<Period> period_of(const std::string& text) {
    const auto period = store::parse_period(text);
    if (period) return *period;
    return Error(ErrorCode::invalid_argument,
                 "'" + text + "' is no day like 2026-11-30 and no month like 2026-11");
}

Answer list(AdminState& state, Call call) {
    auto kind = PeriodKind::day;
    const auto kind_text = call.parameter("kind");
    if (kind_text == "month") kind = PeriodKind::month;
    if (!kind_text.empty() && kind_text != ledger::to_string(kind)) {
        co_return Error(ErrorCode::invalid_argument, "'kind' is day or month");
    }
    std::int64_t before = INT64_MAX;
    if (const auto text = call.parameter("before"); !text.empty()) {
        GLEANER_CO_TRY(const auto period, period_of(text));
        if (period.kind != kind) {
            co_return Error(ErrorCode::invalid_argument,
                            std::string("'before' is a ") + ledger::to_string(kind));
        }
        before = period.number;
    }
    GLEANER_CO_TRY(const auto limit, call.number("limit", 1, closes_max, 100));
    StoreWork work = [=](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto closes, Closes(store).list(kind, before, limit));
        json::array data;
        for (const auto& closed : closes) data.push_back(to_json(closed));
        return json::value(json::object{{"data", std::move(data)}});
    };
    co_return co_await state.needs.store.read<json::value>(std::move(work));
}

Answer show(AdminState& state, Call call) {
    GLEANER_CO_TRY(const auto period, period_of(call.captures[0]));
    StoreWork work = [period](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto closed, Closes(store).closed(period));
        return json::value(to_json(closed));
    };
    co_return co_await state.needs.store.read<json::value>(std::move(work));
}

/// Freezes on the writer, compares on a reader, records on the writer: see store/closes.h.
Answer close(AdminState& state, Call call) {
    GLEANER_CO_TRY(const auto text, call.body.text("period"));
    GLEANER_CO_TRY(const auto despite, call.body.optional_text("despite", 500));
    GLEANER_CO_TRY(call.body.no_more());
    GLEANER_CO_TRY(const auto period, period_of(text));
    std::function<Result<std::optional<ClosedPeriod>>(Store&)> freeze =
        [period](Store& store) -> Result<std::optional<ClosedPeriod>> {
        const auto known = Closes(store).closed(period);
        if (known.has_value()) return std::optional(known.value());
        GLEANER_TRY(Closes(store).freeze(period));
        return std::optional<ClosedPeriod>{};
    };
    const auto frozen = co_await state.needs.store.write(std::move(freeze));
    if (frozen.has_error()) co_return frozen.error();
    if (frozen.value()) co_return json::value(to_json(*frozen.value()));
    std::function<Result<ledger::Reconciliation>(Store&)> compare = [period](Store& store) {
        return Closes(store).reconcile(period);
    };
    const auto found = co_await state.needs.store.read(std::move(compare));
    if (found.has_error()) co_return found.error();
    const auto* const seen = &found.value();
    const auto* const who = &call.principal.subject;
    StoreWork record = [=](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto closed, Closes(store).close(period, *who, despite, *seen));
        return json::value(to_json(closed));
    };
    co_return co_await state.needs.store.write<json::value>(std::move(record));
}

json::value to_json(const std::optional<store::ArchivedMonth>& archived) {
    if (!archived) return nullptr;
    return json::object{
        {"month", month_text(archived->month)},     {"file", archived->file},
        {"archived", utc_text(archived->archived)}, {"entries", archived->entries},
        {"postings", archived->postings},           {"meter_records", archived->meter_records}};
}

/// The oldest month only, so that a call ends in time: it is called until "archived" is null.
Answer archive(AdminState& state, Call call) {
    GLEANER_CO_TRY(const auto text, call.body.text("before"));
    GLEANER_CO_TRY(call.body.no_more());
    const auto before = month_of_text(text);
    if (!before) {
        co_return Error(ErrorCode::invalid_argument,
                        "'before' is a month like 2027-01: older ones are archived");
    }
    if (state.archiving) {
        co_return Error(ErrorCode::failed_precondition,
                        "a month is being archived just now: wait until that is done");
    }
    state.archiving = true;
    const auto* const options = &state.options;
    const auto* const clock = &state.needs.clock;
    using Archived = std::optional<store::ArchivedMonth>;
    std::function<Result<Archived>()> work = [=] {
        return store::archive_month(options->database, *clock, *before);
    };
    const auto archived = co_await run_blocking<Archived>(state.needs.blocking, std::move(work));
    state.archiving = false;
    if (archived.has_error()) co_return archived.error();
    json::object shown{{"archived", to_json(archived.value())}};
    co_return json::value(std::move(shown));
}

Answer list_archives(AdminState& state, Call /*call*/) {
    StoreWork work = [](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto months, store::Archives(store).list());
        json::array data;
        for (const auto& month : months) data.push_back(to_json(std::optional(month)));
        return json::value(json::object{{"data", std::move(data)}});
    };
    co_return co_await state.needs.store.read<json::value>(std::move(work));
}

}  // namespace

std::vector<AdminRoute> close_routes() {
    return {
        {api::Method::get, "/api/v1/closes", operators, list},
        {api::Method::post, "/api/v1/closes", operators, close},
        {api::Method::get, "/api/v1/closes/{period}", operators, show},
        {api::Method::get, "/api/v1/ledger/archives", operators, list_archives},
        {api::Method::post, "/api/v1/ledger/archives", operators, archive},
    };
}

}  // namespace gleaner::admin
