#include <doctest/doctest.h>

#include "coordinator/api/metrics/api_metrics.h"
#include "coordinator/api/metrics/prometheus_text.h"

using namespace gleaner;
using namespace gleaner::api;

TEST_CASE("a histogram's buckets count all that is not above them") {
    Histogram histogram;
    histogram.add(1ms);
    histogram.add(3ms);
    histogram.add(60s);
    PrometheusText text;
    text.histogram("t", "help", histogram);
    const auto written = text.take();
    CHECK(written.find("t_bucket{le=\"0.001\"} 1\n") != std::string::npos);
    CHECK(written.find("t_bucket{le=\"0.005\"} 2\n") != std::string::npos);
    CHECK(written.find("t_bucket{le=\"30\"} 2\n") != std::string::npos);
    CHECK(written.find("t_bucket{le=\"+Inf\"} 3\n") != std::string::npos);
    CHECK(written.find("t_count 3\n") != std::string::npos);
    CHECK(written.starts_with("# HELP t help\n# TYPE t histogram\n"));
}

TEST_CASE("label values are escaped") {
    PrometheusText text;
    text.sample("a", {{"l", "x\"y\\z\n"}}, std::uint64_t{1});
    CHECK(text.take() == "a{l=\"x\\\"y\\\\z\\n\"} 1\n");
}

TEST_CASE("requests are counted by method, route and status") {
    ApiMetrics metrics;
    metrics.request({"GET", "/v1/models", 200, 5ms});
    metrics.request({"GET", "/v1/models", 200, 5ms});
    metrics.request({"GET", "none", 404, 5ms});
    CHECK(metrics.requests().size() == 2);
    CHECK(metrics.requests().at({"GET", "/v1/models", 200}) == 2);
}
