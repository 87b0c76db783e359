/// Node: models come and go.

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>

#include "client-core/runtime/node.h"
#include "client-core/runtime/wire_words.h"
#include "shared/proto/wire.pb.h"
#include "shared/util/log.h"

namespace gleaner {

namespace asio = boost::asio;

namespace {

constexpr Duration engine_grace = 1s;

}  // namespace

void Node::load_model(const wire::LoadModel& order) {
    const auto device = std::find_if(parts_.devices.begin(), parts_.devices.end(),
                                     [&](const NodeDevice& d) { return d.id == order.device(); });
    if (device == parts_.devices.end()) {
        refuse_model(order, "this node has no device \"" + order.device() + "\"");
        return;
    }
    if (!is_usable(*device)) {
        refuse_model(order, "no engine has listed the device \"" + order.device() + "\"");
        return;
    }
    if (order_for(device->id).pauses()) {
        report_absent(order);  // sent before the coordinator knew
        return;
    }
    if (engine_.sha256.empty()) {
        refuse_model(order, "the coordinator has no engine package for this node");
        return;
    }
    ModelOrder wanted;
    wanted.model = {Sha256{order.model().sha256()}, order.model().size_bytes()};
    wanted.engine = engine_;
    wanted.context_tokens = order.model().context_tokens();
    wanted.slots = order.model().slots();
    wanted.memory_bytes = order.model().memory_bytes();
    wanted.embeddings = order.model().embeddings();
    wanted.device = *device;
    host(std::move(wanted));
}

void Node::refuse_model(const wire::LoadModel& order, const std::string& why) {
    wire::ToCoordinator message;
    wire::ModelState& state = *message.mutable_model_state();
    state.set_sha256(order.model().sha256());
    state.set_device(order.device());
    state.set_state(wire::ModelState::FAILED);
    state.mutable_failure()->set_code(wire::Failure::UNSUPPORTED);
    state.mutable_failure()->set_message(printable(why, 200, false));
    send(message);
}

void Node::report_absent(const wire::LoadModel& order) {
    const auto on_disk = cache_.complete();
    const bool cached =
        std::find(on_disk.begin(), on_disk.end(), Sha256{order.model().sha256()}) != on_disk.end();
    wire::ToCoordinator message;
    message.mutable_model_state()->set_sha256(order.model().sha256());
    message.mutable_model_state()->set_device(order.device());
    message.mutable_model_state()->set_state(cached ? wire::ModelState::UNLOADED
                                                    : wire::ModelState::EVICTED);
    send(message);
}

void Node::host(ModelOrder order) {
    const Sha256 id = order.model.sha256;
    if (const auto found = models_.find(id); found != models_.end() && found->second.running) {
        HostedModel& hosted = found->second;
        if (hosted.stopping) {
            hosted.next = std::move(order);
        } else if (hosted.host->device() == order.device.id) {
            report(*hosted.host);
        } else {
            hosted.next = std::move(order);
            unload_model(id);
        }
        return;
    }
    const ModelHostNeeds needs{cache_,
                               parts_.sandbox,
                               trust_,
                               speeds_,
                               parts_.options,
                               clock_,
                               parts_.folder.runtime_dir(),
                               credentials_->release_key(),
                               executor_,
                               *this};
    HostedModel& hosted = models_[id];
    hosted = HostedModel{};
    hosted.host = std::make_unique<ModelHost>(needs, std::move(order));
    hosted.host->throttle(is_throttled(*hosted.host));
    work_.feed(work::ModelLoading{id});
    (void)hosting_.spawn(host_model(id));
}

void Node::unload_model(const Sha256& sha256) {
    const auto found = models_.find(sha256);
    if (found == models_.end() || !found->second.running) return;
    found->second.stopping = true;
    found->second.host->stop(engine_grace);
}

asio::awaitable<void> Node::host_model(Sha256 sha256) {
    auto running = models_.at(sha256).host->run();
    co_await std::move(running);
    HostedModel& hosted = models_.at(sha256);
    hosted.running = false;
    source_.close_idle();
    std::optional<ModelOrder> next = std::move(hosted.next);
    // A model that failed stays known: its failure is told again to a coordinator that restarts.
    if (hosted.host->phase() == ModelHost::Phase::unloaded) models_.erase(sha256);
    if (next && !stopping_ && !order_for(next->device.id).pauses()) host(std::move(*next));
}

void Node::model_changed(const ModelHost& host) {
    const Sha256& id = host.sha256();
    switch (host.phase()) {
        case ModelHost::Phase::downloading:
        case ModelHost::Phase::starting:
            work_.feed(work::ModelLoading{id});
            break;
        case ModelHost::Phase::ready:
            source_.close_idle();  // the download's connection is not needed any more
            offer(host);
            if (const auto model = host.bench_model(); !model.model_file.empty())
                bench_model_ = model;
            break;
        case ModelHost::Phase::failed:
            work_.feed(work::ModelGone{id, host.failure()});
            asio::post(executor_,
                       [&observer = parts_.observer, device = host.device(),
                        why = host.failure().message] { observer.device_failed(device, why); });
            break;
        case ModelHost::Phase::suspended:
        case ModelHost::Phase::unloaded:
            work_.feed(work::ModelGone{id, gone_because(host)});
            break;
    }
    report(host);
    enter(session_, problem_);
}

void Node::report(const ModelHost& host) {
    wire::ToCoordinator message;
    host.describe(*message.mutable_model_state());
    send(message);
}

std::shared_ptr<EngineProcess> Node::engine_of(const Sha256& model) {
    const auto found = models_.find(model);
    return found == models_.end() ? nullptr : found->second.host->engine();
}

bool Node::uses_gpu() const {
    return std::any_of(models_.begin(), models_.end(), [](const auto& entry) {
        const ModelHost& host = *entry.second.host;
        return host.on_gpu() && host.phase() == ModelHost::Phase::ready;
    });
}

}  // namespace gleaner
