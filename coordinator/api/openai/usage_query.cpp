#include "coordinator/api/openai/usage_query.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace gleaner::api {

namespace {

using openai::invalid_request;
using store::BucketWidth;

struct WidthRow {
    std::string_view name;
    BucketWidth width;
    std::int64_t limit_usual;
    std::int64_t limit_max;
};
constexpr std::array widths{WidthRow{"1m", BucketWidth::minute, 60, 1'440},
                            WidthRow{"1h", BucketWidth::hour, 24, 168},
                            WidthRow{"1d", BucketWidth::day, 7, 31}};
constexpr std::int64_t costs_limit_max = 180;
constexpr std::int64_t seconds_max = 253'402'300'800;  // the year 10000
constexpr std::string_view page_prefix = "page_";

std::optional<std::int64_t> whole_number(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

/// "name=a&name=b", "name[]=a" and "name=a,b" all name the same list.
std::vector<std::string> list_of(const RequestHead& request, std::string_view name) {
    std::vector<std::string> values;
    const std::string bracketed = std::string(name) + "[]";
    for (const auto& [key, text] : request.query) {
        if (key != name && key != bracketed) continue;
        for (std::size_t at = 0; at <= text.size();) {
            const auto end = std::min(text.find(',', at), text.size());
            if (end > at) values.push_back(text.substr(at, end - at));
            at = end + 1;
        }
    }
    return values;
}

ApiResult<std::optional<WallTime>> seconds_of(const RequestHead& request, const char* name) {
    const auto text = request.query_value(name);
    if (!text) return std::nullopt;
    const auto seconds = whole_number(*text);
    if (!seconds || *seconds < 0 || *seconds >= seconds_max)
        return invalid_request(
            "'" + std::string(name) + "' must be a time in whole seconds since 1970.", name);
    return WallTime{*seconds * 1'000'000};
}

ApiStatus read_groups(const RequestHead& request, UsageQuery& query) {
    const bool costs = query.kind == UsageKind::costs;
    for (const auto& group : list_of(request, "group_by")) {
        if (group == "project_id") {
            query.by_project = true;
        } else if (group == "api_key_id" && !costs) {
            query.by_api_key = true;
        } else if (group == (costs ? "line_item" : "model")) {
            query.by_model = true;
        } else if (group == "batch" && query.kind == UsageKind::completions) {
            query.by_batch = true;
        } else if (group != "user_id" || costs) {
            return invalid_request(
                costs ? "'group_by' takes project_id and line_item here."
                      : "'group_by' takes project_id, api_key_id, model, user_id and, for "
                        "completions, batch here.",
                "group_by", "invalid_value");
        }
    }
    return api_ok();
}

ApiResult<const WidthRow*> width_of(const RequestHead& request, UsageKind kind) {
    const auto asked = request.query_value("bucket_width").value_or("1d");
    const auto found = std::ranges::find(widths, asked, &WidthRow::name);
    const bool known = found != widths.end() && (kind != UsageKind::costs || asked == "1d");
    if (known) return &*found;
    return invalid_request(kind == UsageKind::costs ? "'bucket_width' must be \"1d\"."
                                                    : "'bucket_width' must be \"1m\", \"1h\" or "
                                                      "\"1d\".",
                           "bucket_width", "invalid_value");
}

ApiResult<std::int64_t> limit_of(const RequestHead& request, std::int64_t usual, std::int64_t max) {
    const auto text = request.query_value("limit");
    if (!text) return usual;
    const auto limit = whole_number(*text);
    if (limit && *limit >= 1 && *limit <= max) return *limit;
    return invalid_request("'limit' must be a number of buckets from 1 to " + std::to_string(max) +
                               " with this 'bucket_width'.",
                           "limit");
}

/// The page's first bucket: what the page before handed out.
ApiResult<WallTime> page_start(std::string_view page, WallTime from, std::int64_t length) {
    const auto wrong = invalid_request("'page' is not one that this list handed out.", "page");
    if (!page.starts_with(page_prefix)) return wrong;
    const auto seconds = whole_number(page.substr(page_prefix.size()));
    if (!seconds || *seconds < 0 || *seconds >= seconds_max) return wrong;
    const WallTime start{*seconds * 1'000'000};
    if (start < from || start.micros % length != 0) return wrong;
    return start;
}

}  // namespace

ApiResult<UsageQuery> parse_usage_query(const RequestHead& request, UsageKind kind, WallTime now) {
    UsageQuery query;
    query.kind = kind;
    GLEANER_TRY(const auto* const width, width_of(request, kind));
    query.width = width->width;
    const auto max = kind == UsageKind::costs ? costs_limit_max : width->limit_max;
    GLEANER_TRY(const auto limit, limit_of(request, width->limit_usual, max));
    GLEANER_TRY(const auto start, seconds_of(request, "start_time"));
    if (!start)
        return invalid_request("Missing required parameter: 'start_time'.", "start_time",
                               "missing_required_parameter");
    GLEANER_TRY(const auto end, seconds_of(request, "end_time"));
    const WallTime until = end.value_or(now);
    if (end && until <= *start)
        return invalid_request("'end_time' must be after 'start_time'.", "end_time");
    const std::int64_t length = store::length_of(query.width).count();
    query.from = WallTime{start->micros / length * length};
    if (const auto page = request.query_value("page")) {
        GLEANER_TRY(query.from, page_start(*page, query.from, length));
    }
    const WallTime bound{(until.micros + length - 1) / length * length};
    query.to = std::max(query.from, std::min(bound, WallTime{query.from.micros + limit * length}));
    query.more = query.to < bound;
    GLEANER_TRY(read_groups(request, query));
    query.projects = list_of(request, "project_ids");
    query.api_keys = list_of(request, "api_key_ids");
    query.models = list_of(request, "models");
    if (const auto batch = request.query_value("batch")) {
        if (*batch != "true" && *batch != "false")
            return invalid_request("'batch' must be true or false.", "batch");
        query.batch = *batch == "true";
    }
    return query;
}

}  // namespace gleaner::api
