/// A customer's usage by time, project, key and model, as operators and its own keys see it. Times
/// are UTC's buckets, as in /v1/organization/usage.

#include <boost/json.hpp>

#include "coordinator/api/admin/call.h"
#include "coordinator/store/usage.h"
#include "shared/model/civil_time.h"

namespace gleaner::admin {

namespace json = boost::json;
using store::BucketWidth;
using store::PrincipalKind;
using store::Store;

namespace {

constexpr std::int64_t buckets_max = 1'500;

Result<BucketWidth> width_of(const Call& call) {
    const std::string width = call.parameter("width");
    if (width == "1m") return BucketWidth::minute;
    if (width == "1h") return BucketWidth::hour;
    if (width.empty() || width == "1d") return BucketWidth::day;
    return Error(ErrorCode::invalid_argument, "\"width\" must be 1m, 1h or 1d");
}

struct Span {
    WallTime from;
    WallTime to;
};

/// Whole buckets around what is asked for; the last thirty days when nothing is.
Result<Span> span_of(const AdminState& state, const Call& call, BucketWidth width) {
    const WallTime now = state.needs.clock.wall();
    Span span{now - std::chrono::hours(24 * 30), now};
    if (const auto from = call.parameter("from"); !from.empty()) {
        GLEANER_TRY(span.from, parse_time(from));
    }
    if (const auto to = call.parameter("to"); !to.empty()) {
        GLEANER_TRY(span.to, parse_time(to));
    }
    if (span.to < span.from || span.from.micros < 0)
        return Error(ErrorCode::invalid_argument, "the period ends before it begins");
    const std::int64_t length = store::length_of(width).count();
    span.from = WallTime{span.from.micros / length * length};
    span.to = WallTime{(span.to.micros + length - 1) / length * length};
    if ((span.to - span.from).count() / length > buckets_max)
        return Error(ErrorCode::invalid_argument,
                     "ask for at most 1500 buckets: a shorter period, or a greater \"width\"");
    return span;
}

json::object shown(const store::UsageRow& row) {
    return {{"time", utc_text(row.bucket)},
            {"project", row.project.get()},
            {"api_key", row.api_key},
            {"model", row.model},
            {"batch", row.batch},
            {"currency", code_of(row.currency)},
            {"requests", row.sums.requests},
            {"prompt_tokens", row.sums.prompt_tokens},
            {"cached_tokens", row.sums.cached_tokens},
            {"generated_tokens", row.sums.generated_tokens},
            {"price_micros", row.sums.price.micros}};
}

Answer usage(AdminState& state, Call call) {
    GLEANER_CO_TRY(const auto width, width_of(call));
    GLEANER_CO_TRY(const auto span, span_of(state, call, width));
    // Without `admin` a project's key sees its own project.
    const bool one_project =
        call.by(PrincipalKind::project) && !call.principal.scopes.has(store::Scope::admin);
    std::string project = call.parameter("project");
    if (one_project && project.empty()) project = call.principal.subject;
    StoreWork work = [&](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto customer,
                    customer_of_caller(store, call, CustomerId(call.parameter("customer"))));
        std::optional<ProjectId> only;
        if (!project.empty()) {
            GLEANER_TRY(const auto found, project_of_caller(store, call, ProjectId(project)));
            const bool hidden = one_project && found.id.get() != call.principal.subject;
            if (hidden || found.customer != customer.id)
                return Error(ErrorCode::not_found, "no such project");
            only = found.id;
        }
        GLEANER_TRY(const auto rows,
                    store::Usage(store).buckets(customer.id, only, span.from, span.to, width));
        if (rows.size() > store::Usage::rows_max)
            return Error(ErrorCode::too_large, "this is too much usage: ask for a shorter period");
        json::array data;
        for (const auto& row : rows) data.push_back(shown(row));
        return json::value(json::object{{"data", std::move(data)}});
    };
    co_return co_await state.needs.store.read<json::value>(std::move(work));
}

}  // namespace

std::vector<AdminRoute> usage_routes() {
    return {
        {api::Method::get,
         "/api/v1/usage",
         operators | customers,
         usage,
         nullptr,
         {store::Scope::usage, store::Scope::admin}},
    };
}

}  // namespace gleaner::admin
