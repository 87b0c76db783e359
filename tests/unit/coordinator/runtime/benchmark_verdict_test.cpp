// Aim: a report is taken only from the node that made it, of a device that it has, and weighed by
// what such a device can do; what is refused is told why.
#include "coordinator/runtime/benchmark_verdict.h"

#include <doctest/doctest.h>

#include "shared/artefact/sha256.h"
#include "shared/proto/wire_check.h"
#include "shared/tls/signed_report.h"

using namespace gleaner;
using namespace gleaner::runtime;

namespace {

const NodeId me{"node_1"};
const WallTime now{1'790'000'000'000'000};

/// As an L4 measures itself: 300 GB/s and 30.3 TFLOPS are published of it.
BenchReport report_of_card() {
    BenchReport report;
    report.kind = "cuda";
    report.name = "NVIDIA L4";
    report.measured_at = now;
    report.memory_total_bytes = 24ULL << 30U;
    report.figures = {{"memory_copy", "GB/s", "cuda", 270, 1, 9},
                      {"fp32", "TFLOPS", "fma", 26, 0.1, 9},
                      {"usable_memory", "GiB", "cuda", 23, 0, 1}};
    return report;
}

struct Desk {
    tls::KeyPair key = tls::KeyPair::generate().value();
    std::vector<AnnouncedDevice> devices{{"cpu", "cpu", "AMD EPYC", false},
                                         {"cuda0", "cuda", "NVIDIA L4", true}};

    [[nodiscard]] tls::SignedReport sealed(BenchReport report,
                                           const std::string& device = "cuda0") const {
        return tls::sign_report(std::move(report), me, device, key).value();
    }
    [[nodiscard]] WeighedReport weigh(const std::string& bytes, const NodeId& node = me) const {
        auto weighed = weigh_report(bytes, node, key.native(), devices, now);
        wire::ToNode message;
        *message.mutable_benchmark_verdict() = weighed.verdict;
        CHECK(wire::check(message).has_value());
        CHECK(weighed.verdict.report_sha256() == hash_bytes(bytes).get());
        return weighed;
    }
    void refused(const std::string& bytes, const char* why, const NodeId& node = me) const {
        const auto weighed = weigh(bytes, node);
        CHECK(weighed.verdict.verdict() == wire::BenchmarkVerdict::REFUSED);
        CHECK_FALSE(weighed.record);
        CHECK_MESSAGE(weighed.verdict.english().find(why) != std::string::npos,
                      weighed.verdict.english());
    }
};

}  // namespace

TEST_CASE_FIXTURE(Desk, "a card that does what it should is plausible, and its report is kept") {
    const auto weighed = weigh(to_json(sealed(report_of_card())));
    CHECK(weighed.verdict.verdict() == wire::BenchmarkVerdict::PLAUSIBLE);
    CHECK(weighed.verdict.device() == "cuda0");
    CHECK_FALSE(weighed.verdict.chinese().empty());
    REQUIRE(weighed.record);
    CHECK(weighed.record->node == me);
    CHECK(weighed.record->verdict == Plausibility::plausible);
    CHECK(weighed.record->measured == now);
    CHECK(parse_bench_report(weighed.record->report_json).value().name == "NVIDIA L4");
}

TEST_CASE_FIXTURE(Desk, "a card that does more than it can, or less than it should") {
    auto falsified = report_of_card();
    falsified.figures[0].median = 1'500;
    CHECK(weigh(to_json(sealed(falsified))).verdict.verdict() == wire::BenchmarkVerdict::TOO_GOOD);
    auto failing = report_of_card();
    failing.figures[1].median = 3;
    const auto weighed = weigh(to_json(sealed(failing)));
    CHECK(weighed.verdict.verdict() == wire::BenchmarkVerdict::TOO_POOR);
    CHECK(weighed.record->verdict == Plausibility::too_poor);
    auto other = report_of_card();
    other.name = "NVIDIA H100 80GB HBM3";  // not what Hello said
    CHECK(weigh(to_json(sealed(other))).verdict.verdict() == wire::BenchmarkVerdict::TOO_GOOD);
}

TEST_CASE_FIXTURE(Desk, "nothing is known of a processor, and its report is kept all the same") {
    BenchReport report;
    report.kind = "cpu";
    report.name = "AMD EPYC";
    report.measured_at = now;
    report.figures = {{"fp32", "GFLOPS", "avx2", 300, 1, 9}};
    const auto weighed = weigh(to_json(sealed(report, "cpu")));
    CHECK(weighed.verdict.verdict() == wire::BenchmarkVerdict::UNKNOWN);
    CHECK(weighed.record);
}

TEST_CASE_FIXTURE(Desk, "a tampered report is refused") {
    auto tampered = sealed(report_of_card());
    const auto at = tampered.report_json.find("2.7E2");
    REQUIRE(at != std::string::npos);
    tampered.report_json[at] = '3';  // GB/s
    refused(to_json(tampered), "signature");
    auto unsigned_one = sealed(report_of_card());
    unsigned_one.signature.clear();
    refused(to_json(unsigned_one), "signature");
    refused("", "signed benchmark report");
    refused("{}", "signed benchmark report");
    refused(std::string(300'000, '['), "256 KiB");
}

TEST_CASE_FIXTURE(Desk, "another node's report, another key's, and one of a device not here") {
    refused(to_json(sealed(report_of_card())), "of node 'node_1'", NodeId{"node_2"});
    const auto stolen =
        tls::sign_report(report_of_card(), me, "cuda0", tls::KeyPair::generate().value()).value();
    refused(to_json(stolen), "signature");
    refused(to_json(sealed(report_of_card(), "cuda7")), "no cuda device 'cuda7'");
    refused(to_json(sealed(report_of_card(), "cpu")), "no cuda device 'cpu'");
}

TEST_CASE_FIXTURE(Desk, "a report of the future would be the newest for ever") {
    auto report = report_of_card();
    report.measured_at = now + 23h;
    CHECK(weigh(to_json(sealed(report))).record);
    report.measured_at = now + 25h;
    refused(to_json(sealed(report)), "clock");
}

TEST_CASE_FIXTURE(Desk, "a report's own words reach nobody's terminal as commands") {
    auto report = report_of_card();
    report.name = "NVIDIA \x1b[2J L4";
    const auto weighed = weigh(to_json(sealed(report)));
    CHECK(weighed.verdict.english().find('\x1b') == std::string::npos);
}

TEST_CASE_FIXTURE(Desk, "signed anew a report is the same one") {
    const auto first = weigh(to_json(sealed(report_of_card())));
    const auto second = weigh(to_json(sealed(report_of_card())));
    CHECK(first.record->report_sha256 == second.record->report_sha256);
    CHECK(first.record->signature != second.record->signature);
}

TEST_CASE_FIXTURE(Desk, "a device is compared with its like, however false its report") {
    auto report = report_of_card();
    const auto weighed = weigh(to_json(sealed(report)));
    CHECK(weighed.record->device_name == "NVIDIA L4");
    CHECK(weighed.record->score > 0);
    for (auto& figure : report.figures) figure.median = 1e300;
    CHECK(weigh(to_json(sealed(report))).record->score > weighed.record->score);
}

TEST_CASE("few others tell nothing") {
    CHECK(words_of({2, 1}).en.empty());
    CHECK(words_of({41, 23}).en == " Of 41 other PCs with such a device, it is faster than 23.");
    CHECK(words_of({41, 23}).zh.find("41 台") != std::string::npos);
}
