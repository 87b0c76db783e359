// What a node checks: messages of the coordinator, and both halves of enrolment.
#include <algorithm>
#include <vector>

#include "shared/proto/wire_check.h"
#include "shared/proto/wire_fields.h"

namespace gleaner::wire {

namespace {

Status check_endpoint(std::string_view field, Endpoint endpoint) {
    if (endpoint == ENDPOINT_UNSPECIFIED || !Endpoint_IsValid(endpoint)) {
        return refusal(field, "is unknown");
    }
    return ok();
}

Status check_body(const SitePolicy& policy) {
    return check_lines("site_policy.toml", policy.toml(), 16'384);
}

Status check_body(const Welcome& welcome) {
    GLEANER_TRY(check_name("welcome.node_id", welcome.node_id(), 64));
    GLEANER_TRY(check_range("welcome.heartbeat_interval_ms", welcome.heartbeat_interval_ms(), 50,
                            3'600'000));
    GLEANER_TRY(check_range("welcome.certificate_renew_after_s",
                            welcome.certificate_renew_after_s(), 0, duration_s_max));
    GLEANER_TRY(check_count("welcome.keep_leases", welcome.keep_leases_size(), held_max));
    if (welcome.has_site_policy()) {
        GLEANER_TRY(check_body(welcome.site_policy()));
    }
    if (!welcome.has_engine()) return ok();
    const auto& engine = welcome.engine();
    GLEANER_TRY(check_sha256("engine.sha256", engine.sha256()));
    GLEANER_TRY(check_range("engine.size_bytes", engine.size_bytes(), 1, bytes_max));
    GLEANER_TRY(check_text("engine.name", engine.name(), 128));
    GLEANER_TRY(check_text("engine.version", engine.version(), 64));
    return check_text("engine.backend", engine.backend(), 32);
}

Status check_body(const Lease& lease) {
    GLEANER_TRY(check_range("lease.lease_id", lease.lease_id(), 1, UINT64_MAX));
    GLEANER_TRY(check_sha256("lease.model_sha256", lease.model_sha256()));
    GLEANER_TRY(check_range("lease.deadline_ms", lease.deadline_ms(), 1, duration_ms_max));
    GLEANER_TRY(check_count("lease.items", lease.items_size(), items_per_message_max));
    std::vector<std::uint32_t> indices;
    indices.reserve(static_cast<std::size_t>(lease.items_size()));
    for (const auto& item : lease.items()) {
        GLEANER_TRY(check_range("item.index", item.index(), 0, item_index_max));
        GLEANER_TRY(check_endpoint("item.endpoint", item.endpoint()));
        if (item.body().empty()) return refusal("item.body", "is empty");
        GLEANER_TRY(check_size("item.body", item.body().size(), item_bytes_max));
        indices.push_back(item.index());
    }
    std::sort(indices.begin(), indices.end());
    if (std::adjacent_find(indices.begin(), indices.end()) != indices.end()) {
        return refusal("lease.items", "names one index twice");
    }
    return ok();
}

Status check_body(const LeaseRevoke& revoke) {
    GLEANER_TRY(check_range("lease_revoke.lease_id", revoke.lease_id(), 1, UINT64_MAX));
    return check_text("lease_revoke.reason", revoke.reason(), 512);
}

Status check_body(const StreamStart& start) {
    GLEANER_TRY(check_range("stream_start.stream_id", start.stream_id(), 1, UINT64_MAX));
    GLEANER_TRY(check_sha256("stream_start.model_sha256", start.model_sha256()));
    GLEANER_TRY(check_endpoint("stream_start.endpoint", start.endpoint()));
    if (start.body().empty()) return refusal("stream_start.body", "is empty");
    GLEANER_TRY(check_size("stream_start.body", start.body().size(), item_bytes_max));
    return check_range("stream_start.deadline_ms", start.deadline_ms(), 0, duration_ms_max);
}

Status check_body(const LoadModel& load) {
    const auto& model = load.model();
    GLEANER_TRY(check_sha256("model.sha256", model.sha256()));
    GLEANER_TRY(check_range("model.size_bytes", model.size_bytes(), 1, bytes_max));
    GLEANER_TRY(check_range("model.context_tokens", model.context_tokens(), 1, tokens_max));
    GLEANER_TRY(check_range("model.memory_bytes", model.memory_bytes(), 0, bytes_max));
    GLEANER_TRY(check_range("model.slots", model.slots(), 0, 4'096));
    return check_text("load_model.device", load.device(), 64);
}

Status check_body(const RenewResponse& renew) {
    if (renew.certificate_pem().empty()) return refusal("renew_response", "has no certificate");
    GLEANER_TRY(check_lines("renew_response.certificate_pem", renew.certificate_pem(), 16 * 1024));
    return check_range("renew_response.renew_after_s", renew.renew_after_s(), 0, duration_s_max);
}

Status check_body(const Goodbye& goodbye) {
    GLEANER_TRY(check_text("goodbye.reason", goodbye.reason(), 512));
    return check_range("goodbye.retry_after_ms", goodbye.retry_after_ms(), 0, duration_ms_max);
}

Status check_body(const BenchmarkVerdict& verdict) {
    GLEANER_TRY(check_sha256("benchmark_verdict.report_sha256", verdict.report_sha256()));
    GLEANER_TRY(check_text("benchmark_verdict.device", verdict.device(), 64));
    if (verdict.verdict() == BenchmarkVerdict::VERDICT_UNSPECIFIED ||
        !BenchmarkVerdict::Verdict_IsValid(verdict.verdict())) {
        return refusal("benchmark_verdict.verdict", "is unknown");
    }
    GLEANER_TRY(check_text("benchmark_verdict.english", verdict.english(), 1'024));
    return check_text("benchmark_verdict.chinese", verdict.chinese(), 1'024);
}

Status check_class(const NodeMoney::DeviceClass& device_class) {
    GLEANER_TRY(check_text("device_class.name", device_class.name(), 128));
    GLEANER_TRY(check_count("device_class.devices", device_class.devices_size(), devices_max));
    for (const auto& device : device_class.devices()) {
        GLEANER_TRY(check_name("device_class.devices", device, 64));
    }
    GLEANER_TRY(check_count("device_class.days", device_class.days_size(), grid_days_max));
    for (const auto& day : device_class.days()) {
        GLEANER_TRY(check_date("grid_day.date", day.date()));
        GLEANER_TRY(
            check_range("grid_day.offered_seconds", day.offered_seconds(), 0, device_seconds_max));
        GLEANER_TRY(
            check_range("grid_day.sold_seconds", day.sold_seconds(), 0, device_seconds_max));
        GLEANER_TRY(check_range("grid_day.paid_micros", day.paid_micros(), 0, money_micros_max));
    }
    return ok();
}

/// Either sign: what was paid by mistake is taken back.
Status check_money(std::string_view field, std::int64_t micros) {
    constexpr auto most = static_cast<std::int64_t>(money_micros_max);
    return micros < -most || micros > most ? refusal(field, "is out of range") : ok();
}

Status check_body(const NodeMoney& money) {
    GLEANER_TRY(check_count("node_money.classes", money.classes_size(), devices_max));
    for (const auto& device_class : money.classes()) {
        GLEANER_TRY(check_class(device_class));
    }
    GLEANER_TRY(check_count("node_money.days", money.days_size(), money_days_max));
    for (const auto& day : money.days()) {
        GLEANER_TRY(check_date("node_money.date", day.date()));
        GLEANER_TRY(check_money("node_money.pending_micros", day.pending_micros()));
        GLEANER_TRY(check_money("node_money.confirmed_micros", day.confirmed_micros()));
        GLEANER_TRY(
            check_range("node_money.sold_seconds", day.sold_seconds(), 0, device_seconds_max));
    }
    GLEANER_TRY(check_date("node_money.since", money.since()));
    GLEANER_TRY(check_date("node_money.today", money.today()));
    GLEANER_TRY(check_text("node_money.payout_account", money.payout_account(), 128));
    return check_text("node_money.currency", money.currency(), 8);
}

}  // namespace

Status check(const ToNode& message) {
    switch (message.body_case()) {
        case ToNode::kWelcome:
            return check_body(message.welcome());
        case ToNode::kSitePolicy:
            return check_body(message.site_policy());
        case ToNode::kLease:
            return check_body(message.lease());
        case ToNode::kLeaseRevoke:
            return check_body(message.lease_revoke());
        case ToNode::kStreamStart:
            return check_body(message.stream_start());
        case ToNode::kStreamCancel:
            return check_range("stream_cancel.stream_id", message.stream_cancel().stream_id(), 1,
                               UINT64_MAX);
        case ToNode::kLoadModel:
            return check_body(message.load_model());
        case ToNode::kUnloadModel:
            return check_sha256("unload_model.sha256", message.unload_model().sha256());
        case ToNode::kRenewResponse:
            return check_body(message.renew_response());
        case ToNode::kDrain:
            return check_text("drain.reason", message.drain().reason(), 512);
        case ToNode::kDisenrolled:
            return check_text("disenrolled.reason", message.disenrolled().reason(), 512);
        case ToNode::kGoodbye:
            return check_body(message.goodbye());
        case ToNode::kBenchmarkVerdict:
            return check_body(message.benchmark_verdict());
        case ToNode::kNodeMoney:
            return check_body(message.node_money());
        case ToNode::BODY_NOT_SET:
            break;
    }
    return refusal("the message", "is empty or of a kind this version does not know");
}

Status check(const EnrolRequest& message) {
    GLEANER_TRY(check_name("token", message.token(), 256));
    if (message.csr_pem().empty()) return refusal("csr_pem", "is missing");
    GLEANER_TRY(check_lines("csr_pem", message.csr_pem(), 16 * 1024));
    GLEANER_TRY(check_sha256("hardware_fingerprint", message.hardware_fingerprint()));
    GLEANER_TRY(check_text("hostname", message.hostname(), 253));
    GLEANER_TRY(check_text("os", message.os(), 64));
    GLEANER_TRY(check_text("arch", message.arch(), 64));
    return check_text("software_version", message.software_version(), 64);
}

Status check(const EnrolResponse& message) {
    GLEANER_TRY(check_name("node_id", message.node_id(), 64));
    GLEANER_TRY(check_name("site_id", message.site_id(), 64));
    if (message.certificate_pem().empty()) return refusal("certificate_pem", "is missing");
    GLEANER_TRY(check_lines("certificate_pem", message.certificate_pem(), 16 * 1024));
    if (message.authority_pem().empty()) return refusal("authority_pem", "is missing");
    GLEANER_TRY(check_lines("authority_pem", message.authority_pem(), 16 * 1024));
    GLEANER_TRY(check_sha256("release_public_key", message.release_public_key()));
    return check_range("renew_after_s", message.renew_after_s(), 0, duration_s_max);
}

Status check(const ChunkList& message) {
    GLEANER_TRY(check_sha256("sha256", message.sha256()));
    GLEANER_TRY(check_range("size_bytes", message.size_bytes(), 0, bytes_max));
    GLEANER_TRY(check_range("chunk_bytes", message.chunk_bytes(), 1, 1u << 30));
    const auto chunks = (message.size_bytes() + message.chunk_bytes() - 1) / message.chunk_bytes();
    if (static_cast<std::uint64_t>(message.chunk_sha256_size()) != chunks) {
        return refusal("chunk_sha256", "has not one entry per chunk");
    }
    for (const auto& hash : message.chunk_sha256()) {
        if (hash.size() != 32) return refusal("chunk_sha256", "has an entry that is not 32 bytes");
    }
    return ok();
}

}  // namespace gleaner::wire
