/// What operators did, for operators.

#include <boost/json.hpp>

#include "coordinator/api/admin/call.h"
#include "coordinator/store/audit.h"
#include "shared/model/civil_time.h"

namespace gleaner::admin {

namespace json = boost::json;
using store::Store;

namespace {

constexpr std::int64_t rows_max = 1'000;

json::value text_or_null(const std::string& text) {
    return text.empty() ? json::value(nullptr) : json::value(text);
}

json::object to_json(const ledger::AuditRow& row) {
    return {{"number", row.number},
            {"at", utc_text(row.at)},
            {"operator", row.who},
            {"key", row.credential},
            {"action", row.action},
            {"sent", row.sent},
            {"intent", row.intent == 0 ? json::value(nullptr) : json::value(row.intent)},
            {"outcome", text_or_null(row.outcome)},
            {"hash", row.hash}};
}

Result<store::AuditFilter> filter_of(const Call& call) {
    store::AuditFilter filter;
    filter.who = call.parameter("operator");
    if (const auto from = call.parameter("from"); !from.empty()) {
        GLEANER_TRY(filter.from, parse_time(from));
    }
    if (const auto to = call.parameter("to"); !to.empty()) {
        GLEANER_TRY(filter.to, parse_time(to));
    }
    GLEANER_TRY(filter.before, call.number("before", 1, INT64_MAX, INT64_MAX));
    GLEANER_TRY(filter.limit, call.number("limit", 1, rows_max, 100));
    return filter;
}

Answer list(AdminState& state, Call call) {
    GLEANER_CO_TRY(const auto filter, filter_of(call));
    StoreWork work = [filter](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto rows, store::Audit(store).rows(filter));
        json::array data;
        for (const auto& row : rows) data.push_back(to_json(row));
        const bool more = static_cast<std::int64_t>(rows.size()) == filter.limit;
        return json::value(json::object{{"data", std::move(data)}, {"has_more", more}});
    };
    co_return co_await state.needs.store.read<json::value>(std::move(work));
}

Answer verify(AdminState& state, Call call) {
    std::optional<ledger::AuditHead> expected;
    if (const auto text = call.parameter("expect"); !text.empty()) {
        expected = ledger::parse_audit_head(text);
        if (!expected) {
            co_return Error(ErrorCode::invalid_argument,
                            "'expect' is a row's number, a colon and its hash of 64 hexadecimal "
                            "characters, as an earlier check gave it");
        }
    }
    StoreWork work = [expected](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto checked, store::Audit(store).verify(expected));
        const bool good = checked.first_bad == 0;
        return json::value(json::object{
            {"good", good},
            {"rows", checked.rows},
            {"unfinished", checked.unfinished},
            {"head",
             checked.rows == 0 ? json::value(nullptr) : json::value(ledger::to_text(checked.head))},
            {"first_bad", good ? json::value(nullptr) : json::value(checked.first_bad)},
            {"problem", text_or_null(checked.problem)}});
    };
    co_return co_await state.needs.store.read<json::value>(std::move(work));
}

}  // namespace

std::vector<AdminRoute> audit_routes() {
    return {
        {api::Method::get, "/api/v1/audit", operators, list},
        {api::Method::get, "/api/v1/audit/verify", operators, verify},
    };
}

}  // namespace gleaner::admin
