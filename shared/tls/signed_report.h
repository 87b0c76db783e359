#pragma once
/// Benchmark reports with the node's signature under them: what a node keeps and hands in, and what
/// the coordinator opens. The report itself is shared/model/bench_report.h.

#include <string>
#include <string_view>

#include "shared/model/bench_report.h"
#include "shared/model/ids.h"
#include "shared/tls/key_pair.h"
#include "shared/util/result.h"

namespace gleaner::tls {

/// What the signature says it is for (shared/tls/message_signature.h).
inline constexpr std::string_view bench_report_purpose = "gleaner-bench-report";

/// The report's very bytes and the signature over them: never serialised anew between the two ends.
struct SignedReport {
    std::string report_json;
    std::string signature;  ///< lower-case hex

    friend bool operator==(const SignedReport&, const SignedReport&) = default;
};

/// Puts the node's and its device's id into the report, so that nobody else can hand it in, and
/// signs. Errors: those of sign_message.
[[nodiscard]] Result<SignedReport> sign_report(BenchReport report, const NodeId& node,
                                               std::string device, const KeyPair& key);

/// The report, if `certificate_pem`'s key signed it and it names `node`. data_corrupt otherwise;
/// and the errors of parse_bench_report. How old it may be is the caller's to say.
[[nodiscard]] Result<BenchReport> open_report(const SignedReport& sealed, const NodeId& node,
                                              std::string_view certificate_pem);

/// The same with a bare key, borrowed for the call.
[[nodiscard]] Result<BenchReport> open_report(const SignedReport& sealed, const NodeId& node,
                                              EVP_PKEY* key);

/// One JSON object, for a file: {"report": "…", "signature": "…"}.
[[nodiscard]] std::string to_json(const SignedReport& sealed);
/// data_corrupt or too_large. Says nothing of the signature.
[[nodiscard]] Result<SignedReport> parse_signed_report(std::string_view json);

}  // namespace gleaner::tls
