#include <boost/asio/post.hpp>

#include "coordinator/runtime/grid_state.h"
#include "coordinator/runtime/wire_words.h"
#include "shared/util/log.h"

namespace gleaner::runtime {

namespace {

/// A frame of a lease stays well under the wire's 8 MiB bound; one item may be bigger than this.
constexpr std::size_t lease_frame_bytes = 1U << 20U;

}  // namespace

void Grid::State::execute(const core::WelcomeNode& command) {
    const auto found = nodes.find(command.node);
    if (found == nodes.end()) return;
    wire::ToNode message;
    auto& welcome = *message.mutable_welcome();
    welcome.set_node_id(command.node.get());
    welcome.set_heartbeat_interval_ms(
        static_cast<std::uint32_t>(options.heartbeat_interval.count() / 1'000));
    welcome.set_certificate_renew_after_s(welcome_renew_after_s);
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
        if (!kept.contains(lease)) drop_lease(lease);
    send(command.node, message);
}

void Grid::State::execute(const core::SendLease& command) {
    const auto job = jobs.find(command.job);
    if (job == jobs.end()) return;
    auto& lease = leases[command.lease];
    lease.node = command.node;
    lease.job = command.job;
    lease.model = command.model;
    lease.items = command.items;
    lease.finished.assign(command.items.size(), false);
    lease.body_bytes.assign(command.items.size(), 0);
    lease.unfinished = static_cast<std::uint32_t>(command.items.size());
    nodes[command.node].leases.insert(command.lease);
    ++counters.leases_sent;

    const auto& canaries = models[command.model].canaries;
    const auto endpoint = wire_endpoint(job->second.record.endpoint);
    wire::ToNode message;
    std::size_t bytes = 0;
    const auto begin_frame = [&] {
        message.Clear();
        bytes = 0;
        auto& frame = *message.mutable_lease();
        frame.set_lease_id(command.lease.get());
        frame.set_model_sha256(command.model.get());
        frame.set_deadline_ms(static_cast<std::uint32_t>(command.deadline.count() / 1'000));
    };
    begin_frame();
    for (std::uint32_t index = 0; index < command.items.size(); ++index) {
        const auto& wanted = command.items[index];
        std::string body;
        if (wanted.canary) {
            body = canaries.at(wanted.item).request_json;
        } else {
            auto line = job->second.input->line(wanted.item);
            if (line.has_error()) {
                spdlog::error("event=input_unreadable job={} item={} why=\"{}\"",
                              command.job.get(), wanted.item, line.error().message());
                core::ItemFinished failed;
                failed.node = command.node;
                failed.lease = command.lease;
                failed.index = index;
                failed.failure = core::FailureCause::artefact_unavailable;
                failed.detail = line.error().message();
                lease.finished[index] = true;
                --lease.unfinished;
                events.emplace_back(std::move(failed));
                continue;
            }
            body = std::move(line.value().body);
        }
        bytes += body.size();
        lease.body_bytes[index] = static_cast<std::uint32_t>(body.size());
        auto& item = *message.mutable_lease()->add_items();
        item.set_index(index);
        item.set_endpoint(wanted.canary ? wire::CHAT_COMPLETIONS : endpoint);
        item.set_body(std::move(body));
        if (bytes >= lease_frame_bytes && index + 1 < command.items.size()) {
            send(command.node, message);
            begin_frame();
        }
    }
    message.mutable_lease()->set_last(true);
    send(command.node, message);
}

void Grid::State::execute(const core::RevokeLease& command) {
    wire::ToNode message;
    message.mutable_lease_revoke()->set_lease_id(command.lease.get());
    message.mutable_lease_revoke()->set_reason(command.reason);
    send(command.node, message);
    drop_lease(command.lease);
}

void Grid::State::execute(const core::LoadModel& command) {
    const auto offered = models.find(command.model);
    if (offered == models.end()) return;
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
    lease->second.results.erase(command.index);
    forget_if_done(command.lease);
}

void Grid::State::execute(const core::JobDrained& command) {
    const auto job = jobs.find(command.job);
    if (job == jobs.end()) return;
    job->second.drained = true;
    job->second.expired = command.expired;
    finish_if_ready(job->second);
}

void Grid::State::execute(const core::StartStream& command) {
    const auto found = streams.find(command.stream);
    if (found == streams.end()) return;
    auto& stream = found->second;
    stream.node = command.node;
    ++counters.streams_started;
    wire::ToNode message;
    auto& start = *message.mutable_stream_start();
    start.set_stream_id(command.stream.get());
    start.set_model_sha256(stream.request.model.sha256.get());
    start.set_endpoint(wire_endpoint(stream.request.endpoint));
    start.set_body(stream.request.body);
    start.set_deadline_ms(static_cast<std::uint32_t>(command.deadline.count() / 1'000));
    send(command.node, message);
    stream.sink->on_started(command.node);
}

void Grid::State::execute(const core::InterruptStream& command) {
    const auto found = streams.find(command.stream);
    if (found == streams.end()) return;
    auto* sink = found->second.sink;
    streams.erase(found);
    ++counters.streams_interrupted;
    sink->on_interrupted(command.node, command.cause);
}

void Grid::State::execute(const core::RefuseStream& command) {
    const auto found = streams.find(command.stream);
    if (found == streams.end()) return;
    auto* sink = found->second.sink;
    streams.erase(found);
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

void Grid::State::execute(const core::Wake& command) {
    arm_timer(command.at);
}

void Grid::State::execute(const core::Note& command) {
    spdlog::info("event=scheduler {}", command.text);
}

void Grid::State::drop_lease(LeaseId id) {
    const auto lease = leases.find(id);
    if (lease == leases.end()) return;
    lease->second.finished.assign(lease->second.items.size(), true);
    lease->second.unfinished = 0;
    forget_if_done(id);
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
