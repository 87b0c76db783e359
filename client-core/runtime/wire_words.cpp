#include "client-core/runtime/wire_words.h"

#include <algorithm>
#include <utility>

#include "shared/proto/wire.pb.h"

namespace gleaner {

namespace {

constexpr std::size_t failure_message_max = 4'000;
constexpr std::size_t failure_body_max = 64 * 1024;

work::Endpoint endpoint_of(wire::Endpoint endpoint) {
    if (endpoint == wire::EMBEDDINGS) return work::Endpoint::embeddings;
    if (endpoint == wire::COMPLETIONS) return work::Endpoint::completions;
    return work::Endpoint::chat_completions;
}

Duration duration_of(std::uint32_t millis) {
    return std::chrono::milliseconds(millis);
}

}  // namespace

std::string printable(std::string_view text, std::size_t max, bool lines) {
    std::string out;
    out.reserve(std::min(text.size(), max));
    for (const char c : text.substr(0, max)) {
        const bool kept = (c >= 0x20 && c < 0x7f) || (lines && (c == '\n' || c == '\t'));
        out += kept ? c : (lines ? '?' : ' ');
    }
    return out;
}

work::LeaseReceived to_event(wire::Lease&& message) {
    work::LeaseReceived event;
    event.lease = LeaseId(message.lease_id());
    event.model = Sha256(message.model_sha256());
    event.deadline = duration_of(message.deadline_ms());
    event.last = message.last();
    event.items.reserve(static_cast<std::size_t>(message.items_size()));
    for (wire::Item& item : *message.mutable_items()) {
        event.items.push_back(
            {item.index(), endpoint_of(item.endpoint()), std::move(*item.mutable_body())});
    }
    return event;
}

work::StreamReceived to_event(wire::StreamStart&& message) {
    work::StreamReceived event;
    event.stream = StreamId(message.stream_id());
    event.model = Sha256(message.model_sha256());
    event.endpoint = endpoint_of(message.endpoint());
    event.body = std::move(*message.mutable_body());
    // The wire allows 0 for "none"; a day is as good, and every stream has an end.
    event.deadline =
        message.deadline_ms() == 0 ? Duration{24h} : duration_of(message.deadline_ms());
    return event;
}

void to_wire(const work::Failure& failure, wire::Failure& out) {
    out.set_code(static_cast<wire::Failure::Code>(failure.code));
    out.set_message(printable(failure.message, failure_message_max, true));
    out.set_http_status(failure.http_status);
    if (failure.body.size() <= failure_body_max) out.set_body(failure.body);
}

void to_wire(work::SendResults&& command, wire::ItemResults& out) {
    for (auto& [lease, index, outcome] : command.results) {
        wire::ItemResult& result = *out.add_results();
        result.set_lease_id(lease.get());
        result.set_index(index);
        if (outcome.failure.code != work::FailureCode::none) {
            to_wire(outcome.failure, *result.mutable_failure());
        } else {
            result.set_body(std::move(outcome.body));
        }
        result.set_prompt_tokens(outcome.prompt_tokens);
        result.set_generated_tokens(outcome.generated_tokens);
        result.set_device_micros(outcome.device_micros);
    }
}

void to_wire(work::SendLeaseReturn&& command, wire::LeaseReturn& out) {
    out.set_lease_id(command.lease.get());
    out.mutable_unfinished()->Add(command.unfinished.begin(), command.unfinished.end());
    to_wire(command.reason, *out.mutable_reason());
}

void to_wire(work::SendStreamEnd&& command, wire::StreamEnd& out) {
    out.set_stream_id(command.stream.get());
    if (command.outcome.failure.code != work::FailureCode::none) {
        to_wire(command.outcome.failure, *out.mutable_failure());
    }
    out.set_body(std::move(command.outcome.body));
    out.set_prompt_tokens(command.outcome.prompt_tokens);
    out.set_generated_tokens(command.outcome.generated_tokens);
    out.set_device_micros(command.outcome.device_micros);
}

void to_wire(work::SendCapacity&& command, wire::Capacity& out) {
    for (const work::SendCapacity::Window& window : command.windows) {
        wire::Capacity::Window& w = *out.add_windows();
        w.set_model_sha256(window.model.get());
        w.set_items(window.items);
        w.set_streams(window.streams);
    }
    out.set_paused(command.paused);
    out.set_paused_reason(printable(command.paused_reason, 512, false));
    for (const auto& [device, reason] : command.paused_devices) {
        auto& paused = *out.add_paused_devices();
        paused.set_device(device);
        paused.set_reason(printable(reason, 512, false));
    }
    out.set_idle_forecast(static_cast<wire::Capacity::IdleForecast>(command.idle_forecast));
}

work::Failure to_failure(const Error& error) {
    using work::FailureCode;
    const auto code = [&error] {
        switch (error.code()) {
            case ErrorCode::data_corrupt:
                return FailureCode::artefact_corrupt;
            case ErrorCode::disk_full:
                return FailureCode::disk_full;
            case ErrorCode::resource_exhausted:
                return FailureCode::out_of_memory;
            case ErrorCode::cancelled:
                return FailureCode::cancelled;
            case ErrorCode::unavailable:
            case ErrorCode::not_found:
            case ErrorCode::unauthenticated:
            case ErrorCode::permission_denied:
                return FailureCode::artefact_unavailable;
            case ErrorCode::unsupported:
            case ErrorCode::invalid_argument:
                return FailureCode::unsupported;
            case ErrorCode::timeout:
                return FailureCode::timed_out;
            case ErrorCode::already_exists:
            case ErrorCode::failed_precondition:
            case ErrorCode::too_large:
            case ErrorCode::io_failed:
            case ErrorCode::internal:
                return FailureCode::engine_crashed;
        }
        return FailureCode::engine_crashed;
    };
    return {.code = code(), .message = error.message()};
}

}  // namespace gleaner
