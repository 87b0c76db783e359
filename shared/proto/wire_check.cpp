#include "shared/proto/wire_check.h"

#include <set>
#include <string>

#include <google/protobuf/stubs/logging.h>

#include "shared/proto/wire_fields.h"

namespace gleaner::wire {

namespace {

Status check_device(const Device& device) {
    GLEANER_TRY(check_name("device.id", device.id(), 64));
    GLEANER_TRY(check_name("device.kind", device.kind(), 32));
    GLEANER_TRY(check_text("device.name", device.name(), 128));
    GLEANER_TRY(check_text("device.driver", device.driver(), 128));
    GLEANER_TRY(check_range("device.memory_bytes", device.memory_bytes(), 0, bytes_max));
    GLEANER_TRY(check_number("device.copy_gib_per_s", device.copy_gib_per_s(), 1e6));
    return check_number("device.fp32_gflops", device.fp32_gflops(), 1e9);
}

template <class Indices>
Status check_indices(std::string_view field, const Indices& indices) {
    GLEANER_TRY(check_count(field, indices.size(), 1'000'000));
    for (const auto index : indices) {
        GLEANER_TRY(check_range(field, index, 0, item_index_max));
    }
    return ok();
}

Status check_body(const Hello& hello) {
    GLEANER_TRY(check_text("hello.software_version", hello.software_version(), 64));
    GLEANER_TRY(check_text("hello.os", hello.os(), 64));
    GLEANER_TRY(check_text("hello.arch", hello.arch(), 64));
    GLEANER_TRY(check_count("hello.devices", hello.devices_size(), devices_max));
    std::set<std::string_view> ids;
    for (const auto& device : hello.devices()) {
        GLEANER_TRY(check_device(device));
        if (!ids.insert(device.id()).second) return refusal("hello.devices", "names one id twice");
    }
    GLEANER_TRY(
        check_count("hello.cached_artefacts", hello.cached_artefacts_size(), artefacts_max));
    for (const auto& sha256 : hello.cached_artefacts()) {
        GLEANER_TRY(check_sha256("hello.cached_artefacts", sha256));
    }
    GLEANER_TRY(check_count("hello.held_leases", hello.held_leases_size(), held_max));
    for (const auto& lease : hello.held_leases()) {
        GLEANER_TRY(check_range("held_lease.lease_id", lease.lease_id(), 1, UINT64_MAX));
        GLEANER_TRY(check_indices("held_lease.unfinished", lease.unfinished()));
    }
    return check_count("hello.held_streams", hello.held_streams_size(), held_max);
}

Status check_body(const Capacity& capacity) {
    GLEANER_TRY(check_count("capacity.windows", capacity.windows_size(), windows_max));
    for (const auto& window : capacity.windows()) {
        GLEANER_TRY(check_sha256("window.model_sha256", window.model_sha256()));
        GLEANER_TRY(check_range("window.items", window.items(), 0, 65'536));
        GLEANER_TRY(check_range("window.streams", window.streams(), 0, 65'536));
    }
    GLEANER_TRY(check_text("capacity.paused_reason", capacity.paused_reason(), 512));
    GLEANER_TRY(
        check_count("capacity.paused_devices", capacity.paused_devices_size(), devices_max));
    for (const auto& paused : capacity.paused_devices()) {
        GLEANER_TRY(check_name("paused_device.device", paused.device(), 64));
        GLEANER_TRY(check_text("paused_device.reason", paused.reason(), 512));
    }
    return check_range("capacity.disk_free_bytes", capacity.disk_free_bytes(), 0, bytes_max);
}

Status check_usage(std::string_view what, std::uint32_t prompt, std::uint32_t generated,
                   std::uint64_t device_micros) {
    GLEANER_TRY(check_range(what, prompt, 0, tokens_max));
    GLEANER_TRY(check_range(what, generated, 0, tokens_max));
    return check_range(what, device_micros, 0, device_micros_max);
}

Status check_body(const ItemResults& results) {
    if (results.results_size() == 0) return refusal("results", "is empty");
    GLEANER_TRY(check_count("results", results.results_size(), items_per_message_max));
    for (const auto& result : results.results()) {
        GLEANER_TRY(check_range("result.lease_id", result.lease_id(), 1, UINT64_MAX));
        GLEANER_TRY(check_range("result.index", result.index(), 0, item_index_max));
        GLEANER_TRY(check_size("result.body", result.body().size(), item_bytes_max));
        if (result.has_failure() != result.body().empty()) {
            return refusal("result", "must have either a body or a failure");
        }
        if (result.has_failure()) {
            GLEANER_TRY(check_failure("result.failure", result.failure()));
        }
        GLEANER_TRY(check_usage("result's usage", result.prompt_tokens(), result.generated_tokens(),
                                result.device_micros()));
    }
    return ok();
}

Status check_body(const LeaseReturn& lease) {
    GLEANER_TRY(check_range("lease_return.lease_id", lease.lease_id(), 1, UINT64_MAX));
    GLEANER_TRY(check_indices("lease_return.unfinished", lease.unfinished()));
    if (!lease.has_reason()) return ok();
    return check_failure("lease_return.reason", lease.reason());
}

Status check_body(const StreamDelta& delta) {
    GLEANER_TRY(check_range("stream_delta.stream_id", delta.stream_id(), 1, UINT64_MAX));
    if (delta.data().empty()) return refusal("stream_delta.data", "is empty");
    GLEANER_TRY(check_size("stream_delta.data", delta.data().size(), 1u << 20));
    return check_range("stream_delta.generated_tokens", delta.generated_tokens(), 0, tokens_max);
}

Status check_body(const StreamEnd& end) {
    GLEANER_TRY(check_range("stream_end.stream_id", end.stream_id(), 1, UINT64_MAX));
    GLEANER_TRY(check_size("stream_end.body", end.body().size(), item_bytes_max));
    if (end.has_failure()) {
        GLEANER_TRY(check_failure("stream_end.failure", end.failure()));
    }
    return check_usage("stream_end's usage", end.prompt_tokens(), end.generated_tokens(),
                       end.device_micros());
}

Status check_body(const ModelState& model) {
    GLEANER_TRY(check_sha256("model_state.sha256", model.sha256()));
    if (model.state() == ModelState::STATE_UNSPECIFIED ||
        !ModelState::State_IsValid(model.state())) {
        return refusal("model_state.state", "is unknown");
    }
    GLEANER_TRY(check_text("model_state.device", model.device(), 64));
    GLEANER_TRY(check_range("model_state.slots", model.slots(), 0, 4'096));
    GLEANER_TRY(check_number("model_state.prompt_tokens_per_s", model.prompt_tokens_per_s(), 1e8));
    GLEANER_TRY(
        check_number("model_state.generated_tokens_per_s", model.generated_tokens_per_s(), 1e8));
    GLEANER_TRY(
        check_range("model_state.downloaded_bytes", model.downloaded_bytes(), 0, bytes_max));
    if (model.has_failure() != (model.state() == ModelState::FAILED)) {
        return refusal("model_state.failure", "belongs to the state FAILED and to no other");
    }
    if (!model.has_failure()) return ok();
    return check_failure("model_state.failure", model.failure());
}

Status check_body(const Heartbeat& heartbeat) {
    GLEANER_TRY(check_range("heartbeat.gpu_percent", heartbeat.gpu_percent(), 0, 100));
    GLEANER_TRY(check_range("heartbeat.celsius", heartbeat.celsius(), 0, 1'000));
    GLEANER_TRY(check_count("heartbeat.power", heartbeat.power_size(), devices_max));
    for (const auto& power : heartbeat.power()) {
        GLEANER_TRY(check_text("power.device", power.device(), 64));
        GLEANER_TRY(check_range("power.watts", power.watts(), 0, device_watts_max));
    }
    return ok();
}

Status check_body(const RenewRequest& renew) {
    if (renew.csr_pem().empty()) return refusal("renew_request.csr_pem", "is missing");
    return check_lines("renew_request.csr_pem", renew.csr_pem(), 16 * 1024);
}

Status check_body(const Goodbye& goodbye) {
    GLEANER_TRY(check_text("goodbye.reason", goodbye.reason(), 512));
    return check_range("goodbye.retry_after_ms", goodbye.retry_after_ms(), 0, duration_ms_max);
}

Status check_body(const BenchmarkReport& report) {
    if (report.signed_report().empty()) {
        return refusal("benchmark_report.signed_report", "is empty");
    }
    return check_size("benchmark_report.signed_report", report.signed_report().size(),
                      signed_report_bytes_max);
}

Status check_body(const MoneyRequest& request) {
    return check_range("money_request.days", request.days(), 1, money_days_max);
}

/// protobuf writes a line on stderr for text that is not UTF-8: an outsider could fill the log.
void silence_protobuf() {
    static const auto previous = google::protobuf::SetLogHandler(nullptr);
    (void)previous;
}

template <class Message>
Status decode_any(std::string_view bytes, std::size_t max, std::string_view name,
                  Message& message) {
    if (bytes.size() > max) {
        return Error(ErrorCode::too_large,
                     std::string(name) + " is longer than " + std::to_string(max) + " bytes");
    }
    silence_protobuf();
    if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
        return refusal(name, "is not the protocol buffer it should be");
    }
    return check(message);
}

}  // namespace

Status check(const ToCoordinator& message) {
    switch (message.body_case()) {
        case ToCoordinator::kHello:
            return check_body(message.hello());
        case ToCoordinator::kCapacity:
            return check_body(message.capacity());
        case ToCoordinator::kResults:
            return check_body(message.results());
        case ToCoordinator::kLeaseReturn:
            return check_body(message.lease_return());
        case ToCoordinator::kStreamDelta:
            return check_body(message.stream_delta());
        case ToCoordinator::kStreamEnd:
            return check_body(message.stream_end());
        case ToCoordinator::kModelState:
            return check_body(message.model_state());
        case ToCoordinator::kHeartbeat:
            return check_body(message.heartbeat());
        case ToCoordinator::kRenewRequest:
            return check_body(message.renew_request());
        case ToCoordinator::kGoodbye:
            return check_body(message.goodbye());
        case ToCoordinator::kBenchmarkReport:
            return check_body(message.benchmark_report());
        case ToCoordinator::kMoneyRequest:
            return check_body(message.money_request());
        case ToCoordinator::BODY_NOT_SET:
            break;
    }
    return refusal("the message", "is empty or of a kind this version does not know");
}

Status decode(std::string_view bytes, ToCoordinator& message) {
    return decode_any(bytes, message_bytes_max, "the message", message);
}

Status decode(std::string_view bytes, ToNode& message) {
    return decode_any(bytes, message_bytes_max, "the message", message);
}

Status decode(std::string_view bytes, EnrolRequest& message) {
    return decode_any(bytes, enrolment_bytes_max, "the enrolment request", message);
}

Status decode(std::string_view bytes, EnrolResponse& message) {
    return decode_any(bytes, enrolment_bytes_max, "the enrolment response", message);
}

Status decode(std::string_view bytes, ChunkList& message) {
    return decode_any(bytes, chunk_list_bytes_max, "the chunk list", message);
}

}  // namespace gleaner::wire
