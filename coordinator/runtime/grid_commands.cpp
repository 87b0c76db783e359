#include <algorithm>

#include "coordinator/runtime/grid_state.h"
#include "coordinator/runtime/wire_words.h"
#include "coordinator/store/earnings.h"
#include "shared/util/log.h"

namespace gleaner::runtime {

void Grid::State::execute(const core::WelcomeNode& command) {
    const auto found = nodes.find(command.node);
    if (found == nodes.end()) return;
    wire::ToNode message;
    auto& welcome = *message.mutable_welcome();
    welcome.set_node_id(command.node.get());
    welcome.set_heartbeat_interval_ms(
        static_cast<std::uint32_t>(options.heartbeat_interval.count() / 1'000));
    welcome.set_certificate_renew_after_s(welcome_renew_after_s);
    welcome.set_keeps_accounts(true);
    welcome.mutable_site_policy()->set_toml(welcome_policy);
    for (const auto lease : command.keep) welcome.add_keep_leases(lease.get());
    if (welcome_engine != nullptr) {
        auto& engine = *welcome.mutable_engine();
        engine.set_sha256(welcome_engine->sha256.get());
        engine.set_size_bytes(static_cast<std::uint64_t>(welcome_engine->size_bytes));
        engine.set_name(welcome_engine->name);
        engine.set_version(welcome_engine->version);
        engine.set_backend(welcome_engine->backend);
    }
    const std::set<LeaseId> kept(command.keep.begin(), command.keep.end());
    const auto before = found->second.leases;
    for (const auto lease : before)
        if (!kept.contains(lease)) drop_lease(lease, LossCause::connection);
    send(command.node, message);
}

void Grid::State::execute(const core::RevokeLease& command) {
    wire::ToNode message;
    message.mutable_lease_revoke()->set_lease_id(command.lease.get());
    message.mutable_lease_revoke()->set_reason(command.reason);
    send(command.node, message);
    drop_lease(command.lease, command.loss);
}

void Grid::State::execute(const core::LoadModel& command) {
    const auto offered = models.find(command.model);
    if (offered == models.end()) return;
    if (const auto node = nodes.find(command.node); node != nodes.end())
        note_load(node->second, command.model, command.device);
    const auto& record = offered->second.record;
    wire::ToNode message;
    auto& load = *message.mutable_load_model();
    load.set_device(command.device);
    auto& model = *load.mutable_model();
    model.set_sha256(record.sha256.get());
    model.set_size_bytes(static_cast<std::uint64_t>(record.size_bytes));
    model.set_context_tokens(static_cast<std::uint32_t>(record.context_tokens));
    model.set_embeddings(record.embeddings);
    model.set_memory_bytes(static_cast<std::uint64_t>(record.memory_bytes));
    model.set_slots(static_cast<std::uint32_t>(record.slots));
    send(command.node, message);
}

void Grid::State::execute(const core::UnloadModel& command) {
    wire::ToNode message;
    message.mutable_unload_model()->set_sha256(command.model.get());
    send(command.node, message);
}

void Grid::State::execute(const core::DiscardResult& command) {
    const auto lease = leases.find(command.lease);
    if (lease == leases.end()) return;
    if (const auto held = lease->second.results.extract(command.index); !held.empty())
        lose(lease->second.node, held.mapped().part, command.loss);
    forget_if_done(command.lease);
}

void Grid::State::execute(const core::JobDrained& command) {
    const auto job = jobs.find(command.job);
    if (job == jobs.end()) return;
    job->second.drained = true;
    job->second.expired = command.expired;
    job->second.limit_reached = command.limit_reached;
    finish_if_ready(job->second);
}

void Grid::State::execute(const core::StartStream& command) {
    const auto found = streams.find(command.stream);
    if (found == streams.end()) return;
    auto& stream = found->second;
    stream.node = command.node;
    work_changed(command.node, 0, 1);
    begin_work(command.node, stream.request.model.sha256,
               {core::WorkKey::Kind::stream, command.stream.get(), 0});
    stream.share_at_start = nodes[command.node].share.at(clock.now());
    stream.share = stream.share_at_start;
    ++counters.streams_started;
    wire::ToNode message;
    auto& start = *message.mutable_stream_start();
    start.set_stream_id(command.stream.get());
    start.set_model_sha256(stream.request.model.sha256.get());
    start.set_endpoint(wire_endpoint(stream.request.endpoint));
    start.set_body(stream.request.body);
    start.set_deadline_ms(static_cast<std::uint32_t>(command.deadline.count() / 1'000));
    send(command.node, message);
    stream.sink->on_started(command.node, command.trusted);
}

void Grid::State::execute(const core::InterruptStream& command) {
    const auto found = streams.find(command.stream);
    if (found == streams.end()) return;
    auto* sink = found->second.sink;
    const auto ended = forget_stream(command.stream);
    cut_off_stream(ended, core::loss_of(command.cause));
    ++counters.streams_interrupted;
    sink->on_interrupted(command.node, command.cause, ended.device_micros);
}

void Grid::State::execute(const core::RefuseStream& command) {
    const auto found = streams.find(command.stream);
    if (found == streams.end()) return;
    auto* sink = found->second.sink;
    (void)forget_stream(command.stream);
    const auto code = command.never ? ErrorCode::failed_precondition : ErrorCode::unavailable;
    sink->on_refused(Error(code, command.reason, Blame::platform), command.retry_after);
}

void Grid::State::execute(const core::StopStream& command) {
    wire::ToNode message;
    message.mutable_stream_cancel()->set_stream_id(command.stream.get());
    send(command.node, message);
}

void Grid::State::execute(const core::SaveStanding& command) {
    unsaved_standings[command.key] = command.json;
}

void Grid::State::execute(const core::WithholdEarnings& command) {
    store.post_write(
        [command](store::Store& target) {
            return store::Earnings(target).withhold(command.node, command.reason);
        },
        [node = command.node](const Status& status) {
            if (status.has_error())
                spdlog::error("event=earnings_not_withheld node={} why=\"{}\"", node.get(),
                              status.error().message());
        });
}

void Grid::State::execute(const core::Wake& command) {
    arm_timer(command.at);
}

void Grid::State::execute(const core::Note& command) {
    spdlog::info("event=scheduler {}", command.text);
}

void Grid::State::drop_lease(LeaseId id, LossCause cause) {
    const auto lease = leases.find(id);
    if (lease == leases.end()) return;
    const auto& of = lease->second;
    for (std::uint32_t index = 0; index < of.finished.size(); ++index)
        if (!of.finished[index])
            lose(of.node, end_work(of.node, {core::WorkKey::Kind::item, id.get(), index}), cause);
    work_changed(lease->second.node, -static_cast<std::int64_t>(lease->second.unfinished), 0);
    lease->second.finished.assign(lease->second.items.size(), true);
    lease->second.unfinished = 0;
    forget_if_done(id);
}

void Grid::State::work_changed(const NodeId& id, std::int64_t items, std::int64_t streams_more) {
    const auto found = nodes.find(id);
    if (found == nodes.end()) return;
    auto& node = found->second;
    node.items += items;
    node.streams += streams_more;
    const auto running = std::min<std::int64_t>(node.items + node.streams, node.slots);
    node.share.run(clock.now(), static_cast<std::uint32_t>(running));
}

Grid::State::EndedStream Grid::State::forget_stream(StreamId id) {
    const auto found = streams.find(id);
    if (found == streams.end()) return {};
    const auto stream = std::move(found->second);
    streams.erase(found);
    if (stream.node.empty()) return {};
    work_changed(stream.node, 0, -1);
    return {stream.node, static_cast<std::uint64_t>(stream.share - stream.share_at_start),
            end_work(stream.node, {core::WorkKey::Kind::stream, id.get(), 0})};
}

void Grid::State::forget_if_done(LeaseId id) {
    const auto lease = leases.find(id);
    if (lease == leases.end() || lease->second.unfinished > 0 || !lease->second.results.empty())
        return;
    if (const auto node = nodes.find(lease->second.node); node != nodes.end())
        node->second.leases.erase(id);
    leases.erase(lease);
}

}  // namespace gleaner::runtime
