#include "coordinator/runtime/wire_words.h"

namespace gleaner::runtime {

core::FailureCause cause_of(const wire::Failure& failure) {
    using core::FailureCause;
    switch (failure.code()) {
        case wire::Failure::REQUEST_REJECTED:
            return FailureCause::request_rejected;
        case wire::Failure::OUT_OF_MEMORY:
            return FailureCause::out_of_memory;
        case wire::Failure::TIMED_OUT:
            return FailureCause::timed_out;
        case wire::Failure::RECLAIMED:
            return FailureCause::reclaimed;
        case wire::Failure::ARTEFACT_CORRUPT:
            return FailureCause::artefact_corrupt;
        case wire::Failure::ARTEFACT_UNAVAILABLE:
            return FailureCause::artefact_unavailable;
        case wire::Failure::DISK_FULL:
            return FailureCause::disk_full;
        case wire::Failure::SANDBOX_UNSAFE:
            return FailureCause::sandbox_unsafe;
        case wire::Failure::UNSUPPORTED:
            return FailureCause::unsupported;
        case wire::Failure::CANCELLED:
            return FailureCause::cancelled;
        default:
            return FailureCause::engine_crashed;  // also what a newer node may call it
    }
}

core::ModelPhase phase_of(wire::ModelState::State state) {
    using core::ModelPhase;
    switch (state) {
        case wire::ModelState::DOWNLOADING:
            return ModelPhase::downloading;
        case wire::ModelState::STARTING:
            return ModelPhase::starting;
        case wire::ModelState::READY:
            return ModelPhase::ready;
        case wire::ModelState::UNLOADED:
            return ModelPhase::unloaded;
        case wire::ModelState::EVICTED:
            return ModelPhase::evicted;
        default:
            return ModelPhase::failed;
    }
}

wire::Endpoint wire_endpoint(Endpoint endpoint) {
    switch (endpoint) {
        case Endpoint::chat_completions:
            return wire::CHAT_COMPLETIONS;
        case Endpoint::completions:
            return wire::COMPLETIONS;
        case Endpoint::embeddings:
            return wire::EMBEDDINGS;
    }
    return wire::ENDPOINT_UNSPECIFIED;
}

wire::Endpoint wire_endpoint(std::string_view path) {
    if (path == "/v1/chat/completions") return wire::CHAT_COMPLETIONS;
    if (path == "/v1/completions") return wire::COMPLETIONS;
    if (path == "/v1/embeddings") return wire::EMBEDDINGS;
    return wire::ENDPOINT_UNSPECIFIED;
}

std::string device_class_of(const wire::Hello& hello, const store::EnginePackage* engine) {
    const std::string_view wanted = engine == nullptr ? "cpu" : std::string_view(engine->backend);
    for (const auto& device : hello.devices())
        if (device.kind() == wanted) return device.name();
    return hello.devices().empty() ? "unknown" : hello.devices(0).name();
}

std::vector<AnnouncedDevice> devices_of(const wire::Hello& hello,
                                        const store::EnginePackage* engine) {
    std::vector<AnnouncedDevice> devices;
    for (const auto& device : hello.devices()) {
        const bool usable =
            engine != nullptr && device.kind() == engine->backend && device.memory_bytes() > 0;
        devices.push_back(
            {device.id(), device.kind(), device.name(), usable, device.memory_bytes()});
    }
    return devices;
}

core::NodeJoined joined_event(const store::Node& node, const wire::Hello& hello,
                              const store::EnginePackage* engine, const std::string& device_class) {
    core::NodeJoined joined;
    joined.node = node.id;
    joined.site = node.site;
    joined.owner = node.owner;
    joined.certified = node.site_certified;
    if (engine != nullptr)
        joined.engine = engine->name + " " + engine->version + " " + engine->backend;
    joined.device_class = device_class;
    for (const auto& device : hello.devices())
        joined.devices.push_back(
            {device.id(), device.kind(), device.name(), device.driver(), device.memory_bytes()});
    for (const auto& artefact : hello.cached_artefacts()) joined.cached.emplace_back(artefact);
    for (const auto& held : hello.held_leases())
        joined.held.push_back(
            {LeaseId{held.lease_id()}, {held.unfinished().begin(), held.unfinished().end()}});
    for (const auto stream : hello.held_streams()) joined.held_streams.emplace_back(stream);
    return joined;
}

}  // namespace gleaner::runtime
