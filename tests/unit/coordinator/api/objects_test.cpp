#include "coordinator/api/openai/objects.h"

#include <boost/json.hpp>
#include <doctest/doctest.h>

using namespace gleaner;
using namespace gleaner::api;
namespace json = boost::json;

TEST_CASE("a completion window is read and written the same") {
    CHECK(parse_window("24h") == Duration(24h));
    CHECK(parse_window("90m") == Duration(90min));
    CHECK(parse_window("2d") == Duration(48h));
    for (const auto* wrong : {"", "h", "24", "0m", "8d", "1s", "-1h", "1.5h", "999999h"})
        CHECK_FALSE(parse_window(wrong).has_value());
    CHECK(window_text(24h) == "24h");
    CHECK(window_text(90min) == "90m");
}

TEST_CASE("a batch shows the newest counts and the time of the state it is in") {
    store::Job job;
    job.id = JobId{"batch_1"};
    job.state = store::JobState::cancelled;
    job.created = WallTime{1'000'000};
    job.deadline = job.created + Duration(24h);
    job.ended = WallTime{9'000'000};
    job.metadata_json = R"({"a":"b"})";
    job.counts = {10, 1, 0};
    const auto batch = batch_object(job, store::JobCounts{10, 4, 1});
    CHECK(batch.at("status") == "cancelled");
    CHECK(batch.at("cancelled_at") == 9);
    CHECK(batch.at("completed_at").is_null());
    CHECK(batch.at("completion_window") == "24h");
    CHECK(batch.at("request_counts").at("completed") == 4);
    CHECK(batch.at("metadata").at("a") == "b");
    CHECK(batch.at("output_file_id").is_null());
    CHECK(batch_object(job, std::nullopt).at("request_counts").at("completed") == 1);
}

TEST_CASE("a list names its first and last element") {
    json::array data{json::object{{"id", "a"}}, json::object{{"id", "b"}}};
    const auto list = json::parse(list_text(data, true));
    CHECK(list.at("first_id") == "a");
    CHECK(list.at("last_id") == "b");
    CHECK(list.at("has_more") == true);
    CHECK(json::parse(list_text({}, false)).at("first_id").is_null());
}
