/// GET /v1/organization/usage/… and /costs.

#include "coordinator/api/openai/usage_pages.h"

#include <algorithm>
#include <map>
#include <tuple>

#include <boost/json.hpp>

#include "coordinator/api/openai/routes.h"
#include "coordinator/store/executor.h"

namespace gleaner::api {

namespace json = boost::json;

namespace {

using store::UsageRow;
using store::UsageSums;

/// By what a result is told apart: empty where the query does not group. The currency always is:
/// amounts of two are never added.
struct Group {
    std::string project;
    std::string api_key;
    std::string model;
    bool batch = false;
    Currency currency = Currency::cny;
    friend auto operator<=>(const Group&, const Group&) = default;
};

bool passes(const std::vector<std::string>& filter, const std::string& value) {
    return filter.empty() || std::ranges::find(filter, value) != filter.end();
}

bool counts(const UsageQuery& query, const UsageRow& row) {
    // Reserved hours cost, but are no answers.
    const bool of_kind =
        query.kind == UsageKind::costs || (row.model != ledger::reserved_work &&
                                           row.embeddings == (query.kind == UsageKind::embeddings));
    return of_kind && passes(query.projects, row.project.get()) &&
           passes(query.api_keys, row.api_key) && passes(query.models, row.model) &&
           (!query.batch || *query.batch == row.batch);
}

Group group_of(const UsageQuery& query, const UsageRow& row) {
    Group group;
    if (query.by_project) group.project = row.project.get();
    if (query.by_api_key) group.api_key = row.api_key;
    if (query.by_model) group.model = row.model;
    if (query.by_batch) group.batch = row.batch;
    if (query.kind == UsageKind::costs) group.currency = row.currency;
    return group;
}

json::value text_or_null(bool grouped, const std::string& text) {
    if (!grouped || text.empty()) return nullptr;
    return json::value(text);
}

json::object cost_result(const UsageQuery& query, const Group& group, const UsageSums& sums) {
    std::string currency(code_of(group.currency));
    std::ranges::transform(currency, currency.begin(),
                           [](char c) { return static_cast<char>(c | 0x20); });
    // OpenAI's field is a decimal number; the exact one is beside it.
    const json::object amount{{"value", json::parse(to_decimal(sums.price))},
                              {"currency", currency},
                              {"value_micros", sums.price.micros}};
    return {{"object", "organization.costs.result"},
            {"amount", amount},
            {"line_item", text_or_null(query.by_model, group.model)},
            {"project_id", text_or_null(query.by_project, group.project)}};
}

json::object usage_result(const UsageQuery& query, const Group& group, const UsageSums& sums) {
    const bool embeddings = query.kind == UsageKind::embeddings;
    json::object result{{"object", embeddings ? "organization.usage.embeddings.result"
                                              : "organization.usage.completions.result"},
                        {"input_tokens", sums.prompt_tokens},
                        {"num_model_requests", sums.requests},
                        {"project_id", text_or_null(query.by_project, group.project)},
                        {"user_id", nullptr},
                        {"api_key_id", text_or_null(query.by_api_key, group.api_key)},
                        {"model", text_or_null(query.by_model, group.model)}};
    if (embeddings) return result;
    result["output_tokens"] = sums.generated_tokens;
    result["input_cached_tokens"] = sums.cached_tokens;
    result["input_audio_tokens"] = 0;
    result["output_audio_tokens"] = 0;
    result["batch"] = query.by_batch ? json::value(group.batch) : json::value(nullptr);
    return result;
}

json::array results_of(const UsageQuery& query, const std::map<Group, UsageSums>& groups) {
    json::array results;
    for (const auto& [group, sums] : groups) {
        results.push_back(query.kind == UsageKind::costs ? cost_result(query, group, sums)
                                                         : usage_result(query, group, sums));
    }
    return results;
}

Handled answer_usage(const Services& services, UsageKind kind, Request& request, Reply& reply) {
    const auto query = parse_usage_query(request, kind, services.clock.wall());
    if (query.has_error()) co_return query.error();
    const auto& caller = *request.caller;
    // Without `admin` a key sees its own project's.
    std::optional<ProjectId> only;
    if (!caller.principal.scopes.has(store::Scope::admin)) only = caller.project;
    std::function<Result<std::vector<UsageRow>>(store::Store&)> load = [&](store::Store& s) {
        return store::Usage(s).buckets(caller.customer, only, query.value().from, query.value().to,
                                       query.value().width);
    };
    const auto rows = co_await services.store.read(std::move(load));
    if (rows.has_error()) co_return ApiError(rows.error());
    if (rows.value().size() > store::Usage::rows_max)
        co_return openai::invalid_request(
            "This is too much usage for one page: ask for fewer buckets ('limit').", "limit");
    auto text = json::serialize(usage_page(query.value(), rows.value()));
    (void)co_await reply.send_json(200, std::move(text));
    co_return api_ok();
}

}  // namespace

json::object usage_page(const UsageQuery& query, const std::vector<UsageRow>& rows) {
    const std::int64_t length = store::length_of(query.width).count();
    json::array buckets;
    auto row = rows.begin();
    for (auto at = query.from; at < query.to; at = WallTime{at.micros + length}) {
        std::map<Group, UsageSums> groups;
        for (; row != rows.end() && row->bucket == at; ++row) {
            if (counts(query, *row)) groups[group_of(query, *row)] += row->sums;
        }
        buckets.push_back(json::object{{"object", "bucket"},
                                       {"start_time", at.seconds()},
                                       {"end_time", (at.micros + length) / 1'000'000},
                                       {"results", results_of(query, groups)}});
    }
    json::object page{{"object", "page"}, {"data", std::move(buckets)}, {"has_more", query.more}};
    page["next_page"] = query.more ? json::value("page_" + std::to_string(query.to.seconds()))
                                   : json::value(nullptr);
    return page;
}

Handled usage_completions(const Services& services, Request& request, Reply& reply) {
    return answer_usage(services, UsageKind::completions, request, reply);
}

Handled usage_embeddings(const Services& services, Request& request, Reply& reply) {
    return answer_usage(services, UsageKind::embeddings, request, reply);
}

Handled costs(const Services& services, Request& request, Reply& reply) {
    return answer_usage(services, UsageKind::costs, request, reply);
}

}  // namespace gleaner::api
