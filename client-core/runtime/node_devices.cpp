/// Node: which of the GPUs that the system shows the engine computes on.

#include <algorithm>
#include <utility>

#include "client-core/runtime/engine_devices.h"
#include "client-core/runtime/node.h"
#include "client-core/runtime/session_connection.h"
#include "shared/async/backoff.h"
#include "shared/async/deadline.h"
#include "shared/proto/wire.pb.h"
#include "shared/util/log.h"

namespace gleaner {

namespace asio = boost::asio;

namespace {

constexpr Duration fetch_base = 1s;
constexpr Duration fetch_cap = 1min;

bool may_pass(ErrorCode code) {
    return code == ErrorCode::unavailable || code == ErrorCode::timeout ||
           code == ErrorCode::resource_exhausted || code == ErrorCode::disk_full ||
           code == ErrorCode::io_failed;
}

/// Would the coordinator be told something else?
bool differs(const NodeDevice& a, const NodeDevice& b) {
    return a.evidence != b.evidence || a.name != b.name;
}

}  // namespace

asio::awaitable<void> Node::search_devices(std::string backend) {
    const WantedArtefact wanted = engine_;
    if (wanted.sha256 == searched_ || !needs_engine_list(parts_.devices, backend)) co_return;
    const auto held = cache_.hold(wanted.sha256);
    auto fetching = fetch_engine(wanted);
    const auto engine = co_await std::move(fetching);
    std::vector<NodeDevice> devices = parts_.devices;
    for (NodeDevice& device : devices) {
        if (device.kind != backend || device.evidence == NodeDevice::Evidence::known) continue;
        if (engine.has_error()) {
            take_listing(device, {});
            continue;
        }
        auto asking = ask_about(programs_folder(engine.value()), device);
        device = co_await std::move(asking);
    }
    searched_ = wanted.sha256;
    const bool changed =
        !std::equal(devices.begin(), devices.end(), parts_.devices.begin(), parts_.devices.end(),
                    [](const NodeDevice& a, const NodeDevice& b) { return !differs(a, b); });
    parts_.devices = std::move(devices);
    if (!changed) co_return;
    // What can be used now may be paused, and the coordinator would lend it work at once.
    tell_prospects();
    announce_devices();
}

/// An error is final: the engine cannot be had or trusted.
asio::awaitable<Result<InstalledEngine>> Node::fetch_engine(WantedArtefact wanted) {
    Backoff backoff(fetch_base, fetch_cap);
    while (true) {
        auto fetching = cache_.engine(wanted, credentials_->release_key(), nullptr);
        auto engine = co_await std::move(fetching);
        if (engine.has_value()) co_return std::move(engine).value();
        const bool again = may_pass(engine.error().code());
        spdlog::warn("event=engine_not_fetched sha256={} again={} why=\"{}\"", wanted.sha256.get(),
                     again, engine.error().message());
        if (!again) co_return std::move(engine).error();
        co_await sleep_for(backoff.next(random_));
    }
}

/// Nothing runs in an unproven sandbox, not even to print a list.
asio::awaitable<NodeDevice> Node::ask_about(std::filesystem::path engine_dir, NodeDevice device) {
    SandboxSpec like;
    like.read_only = {{engine_dir, std::string(sandbox_paths::engine_dir)}};
    like.device_nodes = device.device_nodes;
    auto proving = trust_.prove(std::move(like));
    const Status safe = co_await std::move(proving);
    if (safe.has_error()) {
        spdlog::error("event=device_not_asked_about device={} why=\"{}\"", device.id,
                      safe.error().message());
        take_listing(device, {});
        co_return device;
    }
    auto asking = ask_engine(parts_.sandbox, std::move(engine_dir), std::move(device), executor_);
    co_return co_await std::move(asking);
}

/// Devices are told in Hello only, so the node comes back with another.
void Node::announce_devices() {
    for (auto& [id, model] : models_) {
        const auto on = std::ranges::find(parts_.devices, model.host->device(), &NodeDevice::id);
        if (on == parts_.devices.end() || !is_usable(*on)) unload_model(id);
    }
    if (!connection_) return;
    // Without a goodbye the coordinator keeps this node's leases for it.
    if (work_.loop().held().empty()) {
        wire::ToCoordinator message;
        message.mutable_goodbye()->set_reason("what this node offers has changed");
        send(message);
    }
    coming_back_ = true;
    connection_->finish();
}

}  // namespace gleaner
