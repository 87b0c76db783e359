#include "shared/model/bench_report.h"

#include <array>
#include <string>

#include <doctest/doctest.h>

namespace gleaner {
namespace {

BenchReport full_report() {
    BenchReport report;
    report.kind = "cuda";
    report.node = "node_1";
    report.device = "cuda0";
    report.name = "NVIDIA GeForce RTX 4060";
    report.uuid = "GPU-00000000-0000-0000-0000-000000000001";
    report.driver = "CUDA 13.0";
    report.program = "gleaner-gpu-bench 0.1.0";
    report.measured_at = {1'790'000'000'000'000};
    report.memory_total_bytes = 8ULL << 30;
    report.celsius_before = 41;
    report.celsius_after = 63;
    report.figures = {{"memory_copy", "GB/s", "memcpy", 240.5, 0.25, 9},
                      {"fp32", "TFLOPS", "fma", 15.0, 0.0, 9}};
    report.faults = {{"fp32", 64, 2, "thread 5: 1.000000 instead of 2.000000"}};
    report.soak = SoakResult{600, 12'345, 30.5, 29.0};
    return report;
}

TEST_CASE("a report survives its JSON, and the same report gives the same bytes") {
    const BenchReport report = full_report();
    const std::string text = to_json(report);
    const auto back = parse_bench_report(text);
    REQUIRE(back);
    CHECK(back.value() == report);
    CHECK(to_json(back.value()) == text);
    REQUIRE(back.value().find("fp32") != nullptr);
    CHECK(back.value().find("fp32")->median == 15.0);
    CHECK(back.value().find("int8") == nullptr);
}

TEST_CASE("what is not there stays unset") {
    const auto bare = parse_bench_report(R"({"version":1,"kind":"cpu","name":"EPYC"})");
    REQUIRE(bare);
    CHECK_FALSE(bare.value().celsius_before);
    CHECK_FALSE(bare.value().soak);
    CHECK(bare.value().figures.empty());
}

TEST_CASE("keys and figures of later programs are passed over, later versions are refused") {
    const auto later = parse_bench_report(
        R"({"version":1,"kind":"cuda","name":"A","new":{"x":1},"figures":[
            {"name":"fp4","unit":"TFLOPS","median":1,"spread":0,"repetitions":3,"more":[]}]})");
    REQUIRE(later);
    CHECK(later.value().figures.size() == 1);
    const auto refused = parse_bench_report(R"({"version":2,"kind":"cuda","name":"A"})");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == ErrorCode::unsupported);
}

TEST_CASE("a damaged report is refused with the name of its field") {
    const auto refusal_of = [](const std::string& inside) {
        const auto parsed =
            parse_bench_report(R"({"version":1,"kind":"cuda","name":"A",)" + inside + "}");
        REQUIRE_FALSE(parsed);
        CHECK(parsed.error().code() == ErrorCode::data_corrupt);
        return parsed.error().message();
    };
    const auto figure = [](const char* median) {
        return R"("figures":[{"name":"fp32","unit":"TFLOPS","spread":0,"median":)" +
               std::string(median) + "}]";
    };
    for (const char* const median : {"0", "-1", "\"9\"", "null", "1e999"}) {
        CAPTURE(median);
        CHECK(refusal_of(figure(median)).size() > 0);
    }
    CHECK(refusal_of(figure("0")).find("median") != std::string::npos);
    CHECK(refusal_of(R"("memory_total_bytes":-1)").find("memory_total_bytes") != std::string::npos);
    CHECK(refusal_of(R"("celsius_after":4294967296)").find("celsius_after") != std::string::npos);
    CHECK(refusal_of(R"("uuid":")" + std::string(201, 'x') + "\"").find("uuid") !=
          std::string::npos);
    CHECK(refusal_of(R"("figures":{})").find("figures") != std::string::npos);
    CHECK(refusal_of(R"("figures":[1])").find("figures") != std::string::npos);
    CHECK(refusal_of(R"("soak":[])").find("soak") != std::string::npos);
    CHECK(refusal_of(R"("faults":[{"figure":"fp32","checked":1,"wrong":2}])").find("wrong") !=
          std::string::npos);
    std::string many;
    for (int i = 0; i < 33; ++i) many += std::string(i > 0 ? "," : "") + "{}";
    CHECK(refusal_of("\"faults\":[" + many + "]").find("faults") != std::string::npos);
    for (const char* const text :
         {"", "[]", "{", R"({"kind":"cuda","name":"A"})",
          R"({"version":1,"kind":"GPU 0","name":"A"})", R"({"version":1,"kind":"cuda"})"}) {
        CAPTURE(text);
        REQUIRE_FALSE(parse_bench_report(text));
        CHECK(parse_bench_report(text).error().code() == ErrorCode::data_corrupt);
    }
    CHECK(parse_bench_report(std::string(65'537, ' ')).error().code() == ErrorCode::too_large);
}

TEST_CASE("a figure is the median, and its spread the median distance from it") {
    const std::array<double, 5> odd{10, 1, 3, 2, 100};
    const Figure of_odd = figure_of("fp32", "TFLOPS", "fma", odd);
    CHECK(of_odd.median == 3);
    CHECK(of_odd.spread == 2);  // distances 7 2 0 1 97
    CHECK(of_odd.repetitions == 5);
    const std::array<double, 2> even{1, 4};
    CHECK(figure_of("fp32", "TFLOPS", "fma", even).median == 2.5);
    CHECK(figure_of("fp32", "TFLOPS", "fma", even).spread == 1.5);
}

}  // namespace
}  // namespace gleaner
