#include "shared/tls/signed_report.h"

#include <utility>

#include <boost/json.hpp>

#include "shared/tls/message_signature.h"

namespace gleaner::tls {

namespace json = boost::json;

namespace {

constexpr std::size_t envelope_bytes_max = 256 << 10;

/// Of a signature that has been looked at: nothing is parsed before it holds.
Result<BenchReport> open_if(const Status& holds, const SignedReport& sealed, const NodeId& node) {
    if (!holds) return holds.error().within("benchmark report");
    GLEANER_TRY(BenchReport report, parse_bench_report(sealed.report_json));
    if (report.node != node.get()) {
        return Error(ErrorCode::data_corrupt,
                     "benchmark report: it is of node '" + report.node + "', not of " + node.get());
    }
    return report;
}

}  // namespace

Result<SignedReport> sign_report(BenchReport report, const NodeId& node, std::string device,
                                 const KeyPair& key) {
    report.node = node.get();
    report.device = std::move(device);
    SignedReport sealed;
    sealed.report_json = to_json(report);
    GLEANER_TRY(sealed.signature, sign_message(key, bench_report_purpose, sealed.report_json));
    return sealed;
}

Result<BenchReport> open_report(const SignedReport& sealed, const NodeId& node,
                                std::string_view certificate_pem) {
    return open_if(
        verify_message(certificate_pem, bench_report_purpose, sealed.report_json, sealed.signature),
        sealed, node);
}

Result<BenchReport> open_report(const SignedReport& sealed, const NodeId& node, EVP_PKEY* key) {
    return open_if(verify_message(key, bench_report_purpose, sealed.report_json, sealed.signature),
                   sealed, node);
}

std::string to_json(const SignedReport& sealed) {
    return json::serialize(
        json::object{{"report", sealed.report_json}, {"signature", sealed.signature}});
}

Result<SignedReport> parse_signed_report(std::string_view text) {
    if (text.size() > envelope_bytes_max) {
        return Error(ErrorCode::too_large, "signed benchmark report: more than 256 KiB");
    }
    boost::system::error_code ec;
    const json::value value = json::parse(text, ec);
    const json::object* const object = ec ? nullptr : value.if_object();
    const auto text_at = [&](std::string_view name) -> const json::string* {
        const json::value* const found = object ? object->if_contains(name) : nullptr;
        return found ? found->if_string() : nullptr;
    };
    const json::string* const report = text_at("report");
    const json::string* const signature = text_at("signature");
    if (report == nullptr || signature == nullptr) {
        return Error(ErrorCode::data_corrupt,
                     "signed benchmark report: no JSON object with report and signature");
    }
    return SignedReport{std::string(*report), std::string(*signature)};
}

}  // namespace gleaner::tls
