/// Usage and costs as OpenAI's clients ask for them and read them.

#include "coordinator/api/openai/usage_pages.h"

#include <boost/json.hpp>
#include <doctest/doctest.h>

using namespace gleaner;
using namespace gleaner::api;
namespace json = boost::json;

namespace {

constexpr std::int64_t day_s = 86'400;
const WallTime now{20'000 * day_s * 1'000'000 + 5};

RequestHead request(std::vector<Header> query) {
    RequestHead head;
    head.query = std::move(query);
    return head;
}

ApiResult<UsageQuery> parse(std::vector<Header> query, UsageKind kind = UsageKind::completions) {
    return parse_usage_query(request(std::move(query)), kind, now);
}

std::string days_ago(std::int64_t days, std::int64_t seconds = 0) {
    return std::to_string((20'000 - days) * day_s + seconds);
}

store::UsageRow row(std::int64_t day, const char* project, const char* key, const char* model,
                    std::int64_t price) {
    store::UsageRow row;
    row.bucket = WallTime{day * day_s * 1'000'000};
    row.project = ProjectId{project};
    row.api_key = key;
    row.model = model;
    row.sums = {2, 30, 5, 10, {price}};
    return row;
}

}  // namespace

TEST_CASE("a page has whole buckets from the one that the start lies in") {
    const auto query = parse({{"start_time", days_ago(3, 100)}}).value();
    CHECK(query.from.seconds() == (20'000 - 3) * day_s);
    CHECK(query.to.seconds() == (20'000 + 1) * day_s);
    CHECK(!query.more);
    const auto paged = parse({{"start_time", days_ago(30)}}).value();
    CHECK(paged.to.seconds() - paged.from.seconds() == 7 * day_s);
    CHECK(paged.more);
    const auto page = usage_page(paged, {});
    CHECK(page.at("data").as_array().size() == 7);
    CHECK(page.at("has_more").as_bool());
    const std::string next = page.at("next_page").as_string().c_str();
    const auto second = parse({{"start_time", days_ago(30)}, {"page", next}}).value();
    CHECK(second.from == paged.to);
    const auto hours =
        parse(
            {{"start_time", days_ago(1)}, {"end_time", days_ago(1, 7'201)}, {"bucket_width", "1h"}})
            .value();
    CHECK(hours.to.seconds() - hours.from.seconds() == 3 * 3'600);
}

TEST_CASE("lists come in every way that clients write them") {
    const auto query = parse({{"start_time", days_ago(1)},
                              {"group_by", "project_id,model"},
                              {"group_by[]", "api_key_id"},
                              {"api_key_ids[]", "key_1"},
                              {"api_key_ids[]", "key_2"},
                              {"batch", "true"}})
                           .value();
    CHECK(query.by_project);
    CHECK(query.by_model);
    CHECK(query.by_api_key);
    CHECK(!query.by_batch);
    CHECK(query.api_keys == std::vector<std::string>{"key_1", "key_2"});
    CHECK(query.batch == true);
}

TEST_CASE("what cannot be answered is refused by name") {
    const auto param = [](std::vector<Header> query, UsageKind kind = UsageKind::completions) {
        const auto parsed = parse(std::move(query), kind);
        REQUIRE(parsed.has_error());
        CHECK(parsed.error().status() == 400);
        return parsed.error().param();
    };
    const auto start = days_ago(1);
    CHECK(param({}) == "start_time");
    CHECK(param({{"start_time", "soon"}}) == "start_time");
    CHECK(param({{"start_time", "-5"}}) == "start_time");
    CHECK(param({{"start_time", "999999999999999"}}) == "start_time");
    CHECK(param({{"start_time", start}, {"end_time", start}}) == "end_time");
    CHECK(param({{"start_time", start}, {"bucket_width", "1w"}}) == "bucket_width");
    CHECK(param({{"start_time", start}, {"bucket_width", "1h"}}, UsageKind::costs) ==
          "bucket_width");
    CHECK(param({{"start_time", start}, {"limit", "32"}}) == "limit");
    CHECK(param({{"start_time", start}, {"limit", "0"}}) == "limit");
    CHECK(param({{"start_time", start}, {"group_by", "colour"}}) == "group_by");
    CHECK(param({{"start_time", start}, {"group_by", "model"}}, UsageKind::costs) == "group_by");
    CHECK(param({{"start_time", start}, {"batch", "yes"}}) == "batch");
    CHECK(param({{"start_time", start}, {"page", "page_x"}}) == "page");
    CHECK(param({{"start_time", start}, {"page", "page_5"}}) == "page");
    CHECK(parse({{"start_time", start}, {"limit", "180"}}, UsageKind::costs).has_value());
}

TEST_CASE("results are grouped as asked, and buckets without any are there") {
    auto query = parse({{"start_time", days_ago(2)}, {"group_by", "model"}}).value();
    std::vector<store::UsageRow> rows{
        row(19'998, "p1", "k1", "a", 7), row(19'998, "p2", "k2", "a", 1),
        row(19'998, "p1", "k1", "b", 2), row(20'000, "p1", "k1", "a", 4)};
    rows.push_back(row(20'000, "p1", "k1", "embedder", 9));
    rows.back().embeddings = true;
    rows.push_back(row(20'000, "p1", "", "reserved", 9));  // hours of machines: no answers
    const auto page = usage_page(query, rows);
    const auto& buckets = page.at("data").as_array();
    REQUIRE(buckets.size() == 3);
    const auto& first = buckets[0].at("results").as_array();
    REQUIRE(first.size() == 2);
    CHECK(first[0].at("object").as_string() == "organization.usage.completions.result");
    CHECK(first[0].at("model").as_string() == "a");
    CHECK(first[0].at("input_tokens").as_int64() == 60);
    CHECK(first[0].at("input_cached_tokens").as_int64() == 10);
    CHECK(first[0].at("output_tokens").as_int64() == 20);
    CHECK(first[0].at("num_model_requests").as_int64() == 4);
    CHECK(first[0].at("project_id").is_null());
    CHECK(buckets[1].at("results").as_array().empty());
    CHECK(buckets[2].at("results").as_array().size() == 1);

    query.projects = {"p2"};
    CHECK(usage_page(query, rows).at("data").at(0).at("results").as_array().size() == 1);
    query.projects = {};
    query.kind = UsageKind::embeddings;
    const auto embedded = usage_page(query, rows);
    CHECK(embedded.at("data").at(0).at("results").as_array().empty());
    CHECK(embedded.at("data").at(2).at("results").at(0).at("object").as_string() ==
          "organization.usage.embeddings.result");
}

TEST_CASE("costs are exact beside OpenAI's number, and never add two currencies") {
    const auto query =
        parse({{"start_time", days_ago(2)}, {"group_by", "line_item"}}, UsageKind::costs).value();
    std::vector<store::UsageRow> rows{row(19'998, "p1", "k1", "a", 1'250'000),
                                      row(19'998, "p2", "k2", "a", 3)};
    rows[1].currency = Currency::usd;
    const auto page = usage_page(query, rows);
    const auto& results = page.at("data").at(0).at("results").as_array();
    REQUIRE(results.size() == 2);
    CHECK(results[0].at("object").as_string() == "organization.costs.result");
    CHECK(results[0].at("amount").at("value").as_double() == 1.25);
    CHECK(results[0].at("amount").at("value_micros").as_int64() == 1'250'000);
    CHECK(results[0].at("amount").at("currency").as_string() == "cny");
    CHECK(results[0].at("line_item").as_string() == "a");
    CHECK(results[1].at("amount").at("currency").as_string() == "usd");
}
