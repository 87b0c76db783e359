#include "client-core/runtime/sent_book.h"

#include "client-core/runtime/enrol.h"
#include "shared/proto/control.pb.h"
#include "shared/proto/wire.pb.h"

namespace gleaner {

using wire::ToCoordinator;
using words::SentField;

namespace {

std::string size_of(std::size_t bytes) {
    return std::to_string(bytes) + " bytes";
}

std::string failure_of(const wire::Failure& failure) {
    return wire::Failure::Code_Name(failure.code()) +
           (failure.message().empty() ? "" : ": " + failure.message());
}

std::string device_of(const wire::Device& device) {
    std::string text = device.id() + ", " + device.kind() + ", " + device.name();
    if (!device.driver().empty()) text += ", driver " + device.driver();
    text += ", " + std::to_string(device.memory_bytes() >> 20) + " MiB";
    if (device.copy_gib_per_s() > 0)
        text += ", copies " + std::to_string(device.copy_gib_per_s()) + " GiB/s, " +
                std::to_string(device.fp32_gflops()) + " GFLOPS";
    return text;
}

std::string load_of(const wire::Heartbeat& beat) {
    std::string text =
        std::to_string(beat.gpu_percent()) + " %, " + std::to_string(beat.celsius()) + " °C";
    for (const auto& power : beat.power())
        text += ", " + power.device() + " " + std::to_string(power.watts()) + " W";
    return text;
}

std::string window_of(const wire::Capacity& capacity) {
    std::string text;
    for (const auto& window : capacity.windows())
        text += (text.empty() ? "" : "; ") + window.model_sha256().substr(0, 12) + ": " +
                std::to_string(window.items()) + " items, " + std::to_string(window.streams()) +
                " streams";
    return text.empty() ? "none" : text;
}

std::string results_of(const wire::ItemResults& results) {
    std::size_t bytes = 0;
    std::uint64_t tokens = 0;
    int failed = 0;
    for (const auto& result : results.results()) {
        bytes += result.body().size();
        tokens += result.prompt_tokens() + result.generated_tokens();
        failed += result.has_failure() ? 1 : 0;
    }
    return std::to_string(results.results_size()) + " answers, " + std::to_string(failed) +
           " failed, " + std::to_string(tokens) + " tokens, " + size_of(bytes);
}

std::string model_of(const wire::ModelState& state) {
    std::string text = state.sha256().substr(0, 12) + " on " + state.device() + ": " +
                       wire::ModelState::State_Name(state.state()) + ", " +
                       std::to_string(state.slots()) + " slots, " +
                       std::to_string(state.downloaded_bytes()) + " bytes downloaded";
    if (state.has_failure()) text += ", " + failure_of(state.failure());
    return text;
}

}  // namespace

SentBook::Message& SentBook::begin(std::size_t kind) {
    Message& last = last_.at(kind);
    last.fields.clear();
    last.at_s = clock_.wall().seconds();
    return last;
}

void SentBook::note(const Applicant& applicant) {
    begin(0).fields = {{SentField::host_name, applicant.hostname},
                       {SentField::hardware, applicant.hardware_fingerprint}};
}

void SentBook::note(const ToCoordinator& message) {
    const auto kind = static_cast<std::size_t>(message.body_case());
    if (kind == 0 || kind >= kinds_max) return;
    Message& last = begin(kind);
    const auto add = [&last](SentField what, std::string value) {
        last.fields.push_back({what, std::move(value)});
    };
    switch (message.body_case()) {
        case ToCoordinator::kHello: {
            const wire::Hello& hello = message.hello();
            add(SentField::version, hello.software_version());
            add(SentField::system, hello.os() + ", " + hello.arch());
            for (const auto& device : hello.devices()) add(SentField::device, device_of(device));
            add(SentField::models_on_disk, std::to_string(hello.cached_artefacts_size()));
            add(SentField::held_work, std::to_string(hello.held_leases_size()) + " leases, " +
                                          std::to_string(hello.held_streams_size()) + " streams");
            break;
        }
        case ToCoordinator::kCapacity: {
            const wire::Capacity& capacity = message.capacity();
            add(SentField::room, window_of(capacity));
            if (capacity.paused()) add(SentField::paused, capacity.paused_reason());
            for (const auto& device : capacity.paused_devices())
                add(SentField::device_paused, device.device() + ": " + device.reason());
            add(SentField::disk_free, std::to_string(capacity.disk_free_bytes() >> 20) + " MiB");
            add(SentField::idle_forecast,
                wire::Capacity::IdleForecast_Name(capacity.idle_forecast()));
            break;
        }
        case ToCoordinator::kResults:
            add(SentField::answers, results_of(message.results()));
            break;
        case ToCoordinator::kLeaseReturn:
            add(SentField::handed_back, std::to_string(message.lease_return().unfinished_size()) +
                                            " items, " +
                                            failure_of(message.lease_return().reason()));
            break;
        case ToCoordinator::kStreamDelta:
            add(SentField::stream_piece, size_of(message.stream_delta().data().size()));
            break;
        case ToCoordinator::kStreamEnd: {
            const wire::StreamEnd& end = message.stream_end();
            add(SentField::stream_end,
                std::to_string(end.prompt_tokens() + end.generated_tokens()) + " tokens, " +
                    size_of(end.body().size()) +
                    (end.has_failure() ? ", " + failure_of(end.failure()) : ""));
            break;
        }
        case ToCoordinator::kModelState:
            add(SentField::model_state, model_of(message.model_state()));
            break;
        case ToCoordinator::kHeartbeat:
            add(SentField::load, load_of(message.heartbeat()));
            break;
        case ToCoordinator::kRenewRequest:
            add(SentField::certificate, message.renew_request().csr_pem());
            break;
        case ToCoordinator::kBenchmarkReport:
            add(SentField::benchmark, message.benchmark_report().signed_report());
            break;
        case ToCoordinator::kMoneyRequest:
            add(SentField::money, std::to_string(message.money_request().days()) + " days");
            break;
        case ToCoordinator::kGoodbye:
            add(SentField::goodbye, message.goodbye().reason());
            break;
        case ToCoordinator::BODY_NOT_SET:
            break;
    }
}

void SentBook::describe(control::Sent& sent) const {
    for (const Message& message : last_) {
        for (const Field& field : message.fields) {
            auto& out = *sent.add_fields();
            words::say(words::sent(field.what), *out.mutable_what());
            out.set_value(field.value);
            out.set_at_s(message.at_s);
        }
    }
}

}  // namespace gleaner
