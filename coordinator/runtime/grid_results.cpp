#include <algorithm>

#include "coordinator/core/verifier/canary.h"
#include "coordinator/core/verifier/plausibility.h"
#include "coordinator/runtime/grid_state.h"
#include "coordinator/runtime/reply_facts.h"
#include "coordinator/runtime/wire_words.h"
#include "shared/util/log.h"

namespace gleaner::runtime {

namespace {

/// A node may say any number.
std::int64_t claim_of(std::uint64_t device_micros) {
    constexpr std::uint64_t most = 86'400'000'000;
    return static_cast<std::int64_t>(std::min(device_micros, most));
}

}  // namespace

void Grid::State::on_results(const NodeId& node, wire::ToCoordinator& message) {
    for (auto& result : *message.mutable_results()->mutable_results()) {
        const LeaseId id{result.lease_id()};
        const auto found = leases.find(id);
        const auto index = result.index();
        // A result for a lease that has ended or was not sent yet, or twice the same one: worth
        // nothing, harms nobody.
        if (found == leases.end() || found->second.node != node) continue;
        auto& lease = found->second;
        if (index >= lease.body_bytes.size() || lease.finished[index]) continue;
        lease.finished[index] = true;
        --lease.unfinished;
        work_changed(node, -1, 0);
        auto part = end_work(node, {core::WorkKey::Kind::item, id.get(), index});

        core::ItemFinished event;
        event.node = node;
        event.lease = id;
        event.index = index;
        event.prompt_tokens = result.prompt_tokens();
        event.generated_tokens = result.generated_tokens();
        event.device_micros = result.device_micros();
        HeldResult held;
        held.prompt_tokens = result.prompt_tokens();
        held.generated_tokens = result.generated_tokens();
        held.device_micros = result.device_micros();
        if (result.has_failure()) {
            event.failure = cause_of(result.failure());
            event.detail = result.failure().message();
            rejection = std::move(*result.mutable_failure()->mutable_body());
            if (lease.items[index].canary && event.failure == core::FailureCause::request_rejected)
                ++counters.canaries_missed;
            lose(node, part, core::loss_of(event.failure));
        } else {
            held.body = std::move(*result.mutable_body());
            verify(lease, index, held, event);
            hold(lease, index, std::move(held), std::move(part), event.verdict);
        }
        tell(event);
        rejection.clear();
        forget_if_done(id);
    }
}

/// A refused result is not kept: nothing will ever ask for it.
void Grid::State::hold(LiveLease& lease, std::uint32_t index, HeldResult held, core::WorkPart part,
                       core::Verdict verdict) {
    if (lease.items[index].canary) return lose(lease.node, part, LossCause::verification);
    if (core::is_refused(verdict)) return lose(lease.node, part, LossCause::rejected);
    held.credited_micros = nodes[lease.node].use.credit(part, claim_of(held.device_micros));
    held.part = std::move(part);
    lease.results.emplace(index, std::move(held));
}

void Grid::State::verify(const LiveLease& lease, std::uint32_t index, HeldResult& result,
                         core::ItemFinished& event) {
    const auto& item = lease.items[index];
    const auto reply = read_reply(result.body);
    result.cached_tokens = std::min(reply.cached_tokens, result.prompt_tokens);
    if (!reply.well_formed) {
        event.verdict = core::Verdict::implausible;
        event.detail = "the reply is not what an engine sends";
        ++counters.results_refused;
        return;
    }
    core::ResultFacts facts;
    facts.embeddings = lease.embeddings && !item.canary;
    facts.context_tokens = lease.context_tokens;
    facts.prompt_bytes = lease.body_bytes[index];
    facts.prompt_tokens = result.prompt_tokens;
    facts.generated_tokens = result.generated_tokens;
    facts.usage_prompt_tokens = reply.prompt_tokens;
    facts.usage_generated_tokens = reply.generated_tokens;
    facts.text = reply.text;
    facts.finish_reason = reply.finish_reason;
    facts.has_embedding = reply.has_embedding;
    auto found = core::check_plausibility(facts);
    event.verdict = found.verdict;
    event.detail = std::move(found.why);
    if (item.canary) {
        const auto expected = lease.expected.find(index);
        if (expected == lease.expected.end()) return;  // it was never sent
        const bool passed = event.verdict != core::Verdict::implausible &&
                            core::canary_passed(expected->second, reply.text);
        event.verdict = passed ? core::Verdict::verified : core::Verdict::wrong;
        ++(passed ? counters.canaries_passed : counters.canaries_missed);
    } else if (event.verdict == core::Verdict::implausible) {
        ++counters.results_refused;
    }
    if (lease.replicated) event.answer = reply.text;
}

void Grid::State::on_lease_return(const NodeId& node, const wire::ToCoordinator& message) {
    const auto& returned = message.lease_return();
    const LeaseId id{returned.lease_id()};
    const auto found = leases.find(id);
    if (found == leases.end() || found->second.node != node) return;
    core::LeaseReturned event;
    event.node = node;
    event.lease = id;
    event.unfinished.assign(returned.unfinished().begin(), returned.unfinished().end());
    event.cause = cause_of(returned.reason());
    event.detail = returned.reason().message();
    counters.items_returned += event.unfinished.size();
    drop_lease(id, core::loss_of(event.cause));
    tell(event);
}

void Grid::State::on_model_state(const NodeId& node, const wire::ToCoordinator& message) {
    const auto& state = message.model_state();
    core::ModelStateChanged event;
    event.node = node;
    event.model = Sha256{state.sha256()};
    event.phase = phase_of(state.state());
    event.device = state.device();
    event.slots = state.slots();
    event.generated_tokens_per_s = state.generated_tokens_per_s();
    if (event.phase == core::ModelPhase::failed) {
        event.cause = cause_of(state.failure());
        event.detail = state.failure().message();
        spdlog::warn("event=model_failed node={} model={} why=\"{}\"", node.get(),
                     state.sha256().substr(0, 12), event.detail);
    }
    auto& failed = nodes[node].trouble.failed_models;
    if (event.phase == core::ModelPhase::ready) failed.erase(event.model);
    // A node speaks only of models that it was offered: whatever else it names is not kept.
    if (event.phase == core::ModelPhase::failed && models.contains(event.model))
        failed[event.model] = event.detail;
    if (const auto model = models.find(event.model); model != models.end()) {
        if (event.phase == core::ModelPhase::ready) {
            model->second.ready_on.insert(node);
            nodes[node].slots = std::max<std::int64_t>(event.slots, 1);
        } else {
            model->second.ready_on.erase(node);
        }
        note_phase(nodes[node], event);
    }
    tell(event);
}

void Grid::State::on_capacity(const NodeId& node, const wire::ToCoordinator& message) {
    core::CapacityChanged event;
    event.node = node;
    const auto& capacity = message.capacity();
    event.paused = capacity.paused();
    nodes[node].paused = event.paused;
    auto& trouble = nodes[node].trouble;
    trouble.paused_reason = event.paused ? capacity.paused_reason() : "";
    trouble.paused_devices.clear();
    for (const auto& paused : capacity.paused_devices()) {
        event.paused_devices.push_back(paused.device());
        trouble.paused_devices.emplace(paused.device(), paused.reason());
    }
    event.leaves_soon = capacity.idle_forecast() == wire::Capacity::IDLE_UNDER_10_MIN ||
                        capacity.idle_forecast() == wire::Capacity::IDLE_UNDER_30_MIN;
    offer_devices(nodes[node]);
    for (const auto& window : message.capacity().windows())
        event.windows.push_back({Sha256{window.model_sha256()}, window.items(), window.streams()});
    tell(event);
}

void Grid::State::on_stream_delta(const NodeId& node, const wire::ToCoordinator& message) {
    const auto& delta = message.stream_delta();
    const auto found = streams.find(StreamId{delta.stream_id()});
    if (found == streams.end() || found->second.node != node) return;
    found->second.generated_tokens = delta.generated_tokens();
    if (const auto from = nodes.find(node); from != nodes.end())
        found->second.share = from->second.share.at(clock.now());
    found->second.sink->on_delta(delta.data(), delta.generated_tokens());
}

void Grid::State::on_stream_end(const NodeId& node, wire::ToCoordinator& message) {
    auto& end = *message.mutable_stream_end();
    const StreamId id{end.stream_id()};
    const auto found = streams.find(id);
    if (found == streams.end() || found->second.node != node) return;
    auto* sink = found->second.sink;
    const auto ended = forget_stream(id);
    auto& metered = nodes[node].use;
    const auto claimed = metered.credit(ended.part, claim_of(end.device_micros()));
    end.set_device_micros(static_cast<std::uint64_t>(claimed));
    core::StreamFinished event;
    event.stream = id;
    event.generated_tokens = end.generated_tokens();
    event.device_micros = end.device_micros();
    if (end.has_failure()) event.failure = cause_of(end.failure());
    counters.prompt_tokens += end.prompt_tokens();
    counters.generated_tokens += end.generated_tokens();
    if (event.failure == core::FailureCause::none) {
        event.verdict = sink->on_end(end);
        if (event.verdict == core::Verdict::implausible) ++counters.results_refused;
        if (core::is_refused(event.verdict))
            metered.lose(ended.part, LossCause::rejected);
        else
            metered.accept(ended.part, claimed);
    } else if (event.failure == core::FailureCause::request_rejected) {
        event.verdict = sink->on_end(end);
        metered.lose(ended.part, core::loss_of(event.failure));
    } else {
        ++counters.streams_interrupted;
        const bool came = end.generated_tokens() > 0;
        metered.divide(ended.part, came ? claimed : 0, core::loss_of(event.failure));
        sink->on_interrupted(node, event.failure, end.device_micros());
    }
    tell(event);
}

}  // namespace gleaner::runtime
