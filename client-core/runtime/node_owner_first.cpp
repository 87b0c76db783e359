/// Node: the owner comes first. A device that its owner wants is given back at once.

#include <algorithm>
#include <utility>

#include "client-core/runtime/node.h"
#include "shared/util/log.h"

namespace gleaner {

namespace {

work::Failure reclaimed(const DeviceOrder& order) {
    return {.code = work::FailureCode::reclaimed, .message = order.reason};
}

}  // namespace

const DeviceOrder& Node::order_for(const std::string& device) const {
    static const DeviceOrder none;
    const auto found = orders_.find(device);
    return found == orders_.end() ? none : found->second;
}

bool Node::is_throttled(const ModelHost& host) const {
    return order_for(host.device()).use == DeviceOrder::Use::throttle;
}

void Node::offer(const ModelHost& host) {
    const bool throttled = is_throttled(host);
    work_.feed(work::ModelReady{.model = host.sha256(),
                                .device = host.device(),
                                .slots = throttled ? 1 : host.slots(),
                                .ahead = !throttled});
}

work::Failure Node::gone_because(const ModelHost& host) const {
    const DeviceOrder& order = order_for(host.device());
    if (order.pauses()) return reclaimed(order);
    return {.code = work::FailureCode::cancelled, .message = "the model was unloaded"};
}

void Node::obey(std::map<std::string, DeviceOrder> orders, work::IdleForecast forecast) {
    if (orders == orders_ && forecast == forecast_) return;
    orders_ = std::move(orders);
    forecast_ = forecast;
    // The coordinator hears of the pause before the work comes back to it, or it would lend it here
    // again.
    tell_prospects();
    for (auto& [id, hosted] : models_) {
        if (hosted.running && !hosted.stopping) follow_order(hosted);
    }
}

void Node::follow_order(HostedModel& hosted) {
    ModelHost& host = *hosted.host;
    const DeviceOrder& order = order_for(host.device());
    host.throttle(is_throttled(host));
    if (!order.pauses()) {
        host.resume();
        if (host.phase() == ModelHost::Phase::ready) offer(host);
        return;
    }
    const bool in_memory = host.phase() == ModelHost::Phase::suspended;
    if (order.use == DeviceOrder::Use::suspend && (in_memory || host.suspend())) return;
    hosted.stopping = true;
    host.stop(Duration{});
    work_.feed(work::ModelGone{host.sha256(), reclaimed(order)});
}

void Node::limit_processor(std::uint32_t threads, std::uint64_t memory_bytes) {
    const auto cpu = std::ranges::find(parts_.devices, std::string("cpu"), &NodeDevice::kind);
    if (cpu == parts_.devices.end()) return;
    if (!processor_) processor_ = *cpu;
    const auto within = [](auto limit, auto most) {
        return limit > 0 ? std::min(limit, most) : most;
    };
    const std::uint32_t new_threads = within(threads, processor_->threads);
    const std::uint64_t new_memory = within(memory_bytes, processor_->memory_bytes);
    const bool other_memory = cpu->memory_bytes != new_memory;
    if (!other_memory && cpu->threads == new_threads) return;
    cpu->threads = new_threads;
    cpu->memory_bytes = new_memory;
    for (auto& [id, model] : models_)
        if (model.host->device() == cpu->id) unload_model(id);
    if (other_memory) announce_devices();
}

void Node::tell_prospects() {
    work::Prospects prospects;
    prospects.idle_forecast = forecast_;
    const DeviceOrder* first = nullptr;
    bool all = true;
    for (const NodeDevice& device : parts_.devices) {
        if (!is_usable(device)) continue;
        const DeviceOrder& order = order_for(device.id);
        if (order.pauses()) {
            prospects.paused_devices.emplace(device.id, order.reason);
            if (first == nullptr) first = &order;
        } else {
            all = false;
        }
    }
    work_.feed(std::move(prospects));
    const bool paused = all && first != nullptr;
    if (paused) {
        work_.feed(work::Pause{first->reason});
    } else if (all_paused_) {
        work_.feed(work::Resume{});
    }
    all_paused_ = paused;
}

}  // namespace gleaner
