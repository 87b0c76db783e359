#include "coordinator/runtime/benchmark_verdict.h"

#include <algorithm>
#include <utility>

#include "shared/artefact/sha256.h"
#include "shared/model/gpu_catalogue.h"
#include "shared/tls/signed_report.h"

namespace gleaner::runtime {

namespace {

/// A clock may be a little fast. One that is far ahead would keep its report the newest for ever.
constexpr Duration future_max = std::chrono::hours(24);

wire::BenchmarkVerdict::Verdict wire_verdict(Plausibility verdict) {
    switch (verdict) {
        case Plausibility::unknown:
            return wire::BenchmarkVerdict::UNKNOWN;
        case Plausibility::plausible:
            return wire::BenchmarkVerdict::PLAUSIBLE;
        case Plausibility::too_good:
            return wire::BenchmarkVerdict::TOO_GOOD;
        case Plausibility::too_poor:
            return wire::BenchmarkVerdict::TOO_POOR;
    }
    return wire::BenchmarkVerdict::UNKNOWN;
}

/// What the wire takes, less room for the standing, in whole characters; a report's own words may
/// stand in it.
std::string shown(std::string text) {
    constexpr std::size_t bytes_max = 800;
    if (text.size() > bytes_max) {
        std::size_t end = bytes_max;
        while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
        text.resize(end);
    }
    std::replace_if(
        text.begin(), text.end(),
        [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
    return text;
}

/// In thousandths of the unit of the one figure that every device has, measured in one way.
std::int64_t score_of(const BenchReport& report) {
    constexpr double most = 1e12;  // a falsified one may be any number
    const Figure* found = report.find(figure::fp32);
    return found ? static_cast<std::int64_t>(std::min(found->median, most) * 1'000) : 0;
}

std::int64_t gflops_milli(const BenchReport& report) {
    const Figure* const found = report.find(figure::fp32);
    return found != nullptr && found->unit == "TFLOPS" ? score_of(report) * 1'000
                                                       : score_of(report);
}

std::int64_t copy_milli(const BenchReport& report) {
    constexpr double most = 1e12;
    const Figure* const found = report.find(figure::memory_copy);
    return found != nullptr ? static_cast<std::int64_t>(std::min(found->median, most) * 1'000) : 0;
}

struct OpenedReport {
    tls::SignedReport sealed;
    BenchReport report;
    const AnnouncedDevice* device = nullptr;
};

Result<OpenedReport> open(const std::string& signed_report, const NodeId& node, EVP_PKEY* key,
                          std::span<const AnnouncedDevice> devices, WallTime now) {
    OpenedReport opened;
    GLEANER_TRY(opened.sealed, tls::parse_signed_report(signed_report));
    GLEANER_TRY(opened.report, tls::open_report(opened.sealed, node, key));
    const auto found = std::ranges::find(devices, opened.report.device, &AnnouncedDevice::id);
    if (found == devices.end() || found->kind != opened.report.kind) {
        return Error(ErrorCode::not_found, "benchmark report: this node offers no " +
                                               opened.report.kind + " device '" +
                                               opened.report.device + "'");
    }
    opened.device = &*found;
    if (opened.report.measured_at > now + future_max) {
        return Error(ErrorCode::invalid_argument,
                     "benchmark report: it is dated in the future: set the machine's clock and "
                     "measure again");
    }
    return opened;
}

}  // namespace

Sentence words_of(const store::BenchStanding& standing) {
    constexpr std::int64_t others_least = 3;
    if (standing.others < others_least) return {};
    const std::string others = std::to_string(standing.others);
    const std::string slower = std::to_string(standing.slower);
    return {" Of " + others + " other PCs with such a device, it is faster than " + slower + ".",
            "与另外 " + others + " 台配有同型号设备的电脑相比，快于其中 " + slower + " 台。"};
}

WeighedReport weigh_report(const std::string& signed_report, const NodeId& node, EVP_PKEY* key,
                           std::span<const AnnouncedDevice> devices, WallTime now) {
    WeighedReport weighed;
    auto& verdict = weighed.verdict;
    verdict.set_report_sha256(hash_bytes(signed_report).get());
    auto opened = open(signed_report, node, key, devices, now);
    if (opened.has_error()) {
        verdict.set_verdict(wire::BenchmarkVerdict::REFUSED);
        verdict.set_english(shown(opened.error().message()));
        return weighed;
    }
    auto& [sealed, report, device] = opened.value();
    const Judgement judgement = judge(report, device->name);
    const Sentence sentence = sentence_of(judgement);
    verdict.set_device(device->id);
    verdict.set_verdict(wire_verdict(judgement.verdict));
    verdict.set_english(shown(sentence.en));
    verdict.set_chinese(shown(sentence.zh));

    auto& record = weighed.record.emplace();
    record.node = node;
    record.device = device->id;
    record.device_name = device->name;
    record.score = score_of(report);
    record.gflops_milli = gflops_milli(report);
    record.copy_milli = copy_milli(report);
    // Of the report alone: signed anew it is the same one.
    record.report_sha256 = hash_bytes(sealed.report_json).get();
    record.measured = report.measured_at;
    record.verdict = judgement.verdict;
    record.english = verdict.english();
    record.chinese = verdict.chinese();
    record.report_json = std::move(sealed.report_json);
    record.signature = std::move(sealed.signature);
    return weighed;
}

}  // namespace gleaner::runtime
