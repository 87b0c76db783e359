#include "tests/sim/coordinator_model.h"

#include <algorithm>
#include <iostream>

#include "coordinator/core/verifier/canary.h"
#include "coordinator/core/verifier/plausibility.h"
#include "coordinator/core/verifier/similarity.h"
#include "tests/sim/command_text.h"
#include "tests/sim/node_model.h"
#include "tests/sim/truth.h"

namespace gleaner::sim {

core::FailureCause cause_of(work::FailureCode code) {
    using core::FailureCause;
    switch (code) {
        case work::FailureCode::none:
            return FailureCause::none;
        case work::FailureCode::request_rejected:
            return FailureCause::request_rejected;
        case work::FailureCode::engine_crashed:
            return FailureCause::engine_crashed;
        case work::FailureCode::out_of_memory:
            return FailureCause::out_of_memory;
        case work::FailureCode::timed_out:
            return FailureCause::timed_out;
        case work::FailureCode::reclaimed:
            return FailureCause::reclaimed;
        case work::FailureCode::artefact_corrupt:
            return FailureCause::artefact_corrupt;
        case work::FailureCode::artefact_unavailable:
            return FailureCause::artefact_unavailable;
        case work::FailureCode::disk_full:
            return FailureCause::disk_full;
        case work::FailureCode::sandbox_unsafe:
            return FailureCause::sandbox_unsafe;
        case work::FailureCode::unsupported:
            return FailureCause::unsupported;
        case work::FailureCode::cancelled:
            return FailureCause::cancelled;
    }
    return FailureCause::none;
}

CoordinatorModel::CoordinatorModel(const SimOptions& options, World& world, Violations& violations,
                                   bool log)
    : options_(options),
      world_(world),
      violations_(violations),
      log_(log),
      items_(violations),
      money_(violations),
      lease_checker_(violations),
      refusals_(violations) {}

// ---- Life and death ----

void CoordinatorModel::start(const std::vector<SimModel>& models) {
    models_ = models;
    start_scheduler();
}

void CoordinatorModel::start_scheduler() {
    ++epoch_;
    core::SchedulerOptions options;
    options.seed = options_.seed + epoch_;
    options.first_lease = (epoch_ << 40U) + 1;
    options.model_idle_unload = std::chrono::minutes(5);
    scheduler_ = std::make_unique<core::Scheduler>(options);
    for (const auto& [key, json] : standings_) scheduler_->restore_standing(key, json);
    for (const auto& model : models_)
        if (model.offered) offer(model);
    for (const auto& [id, job] : jobs_)
        if (!job.ended) tell_job(job);
}

void CoordinatorModel::kill(Duration down_for) {
    if (!up() || asleep()) return;
    scheduler_.reset();
    refusals_.forget();
    lease_checker_.all_ended();
    leases_.clear();
    results_.clear();
    streams_.clear();  // their customers' connections broke
    unsaved_.clear();
    drained_.clear();
    commit_due_ = false;
    backlog_ = core::SaveBacklog(sim_backlog);
    stalled_ = false;
    lease_checker_.store_stalled(false);
    wake_at_.reset();
    ++wake_;
    const auto sessions = std::move(sessions_);
    sessions_.clear();
    for (const auto& [id, session] : sessions) {
        lease_checker_.left(id);
        if (session.node->session() != session.number) continue;
        world_.after(world_.between(1ms, 3s), [node = session.node, number = session.number] {
            if (node->session() == number) node->link_refused();
        });
    }
    world_.after(down_for, [this] {
        if (!up()) start_scheduler();
    });
}

void CoordinatorModel::offer(const SimModel& model) {
    tell(core::ModelOffered{model.id, model.bytes, 8, model.canaries});
}

void CoordinatorModel::withdraw(const Sha256& model) {
    if (asleep()) return;
    std::ranges::find(models_, model, &SimModel::id)->offered = false;
    tell(core::ModelWithdrawn{model});
}

void CoordinatorModel::offer_again(const Sha256& id, std::uint32_t canaries) {
    if (asleep()) return hear([=, this] { offer_again(id, canaries); });
    auto& model = *std::ranges::find(models_, id, &SimModel::id);
    model.offered = true;
    model.canaries = canaries;
    offer(model);
}

void CoordinatorModel::sleep(Duration duration) {
    if (!up() || asleep()) return;
    asleep_from_ = world_.now;
    asleep_until_ = world_.now + duration;
    world_.after(duration, [this] { wake_up(); });
}

void CoordinatorModel::hear(World::Action action) {
    if (asleep())
        unheard_.push_back(std::move(action));
    else
        action();
}

void CoordinatorModel::wake_up() {
    lease_checker_.woke(world_.now - asleep_from_, world_.now);
    if (options_.canary == Canary::unnoticed_sleep) {
        // As if it had been awake all the time, and the nodes had said nothing.
        for (Time at = asleep_from_; at < world_.now; at = at + 1s)
            for (const auto& command : scheduler_->on(core::Tick{}, at))
                std::visit([this](const auto& c) { execute(c); }, command);
    }
    for (const auto& action : std::exchange(unheard_, {})) action();
}

void CoordinatorModel::tell(const core::Event& event) {
    if (!up()) return;
    if (const auto* returned = std::get_if<core::LeaseReturned>(&event))
        drop_lease(returned->lease);
    const auto commands = scheduler_->on(event, world_.now);
    ++stats_.events;
    if (stats_.events % 509 == 0) scheduler_->check_invariants();
    for (const auto& command : commands) {
        const auto text = text_of(command);
        if (log_) std::cout << static_cast<double>(world_.now.micros) / 1e6 << " " << text << "\n";
        for (const char c : text)
            hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 1'099'511'628'211ULL;
        std::visit([this](const auto& c) { execute(c); }, command);
    }
}

// ---- Customers ----

void CoordinatorModel::open_job(SimJob job) {
    if (asleep()) return hear([=, this] { open_job(job); });
    items_.opened(job.id, job.items);
    // A generous hold: replicas that disagree are not paid, so that this bounds the price.
    const Money hold{static_cast<std::int64_t>(job.items) * job.replicas * 10'000};
    money_.post({"hold:" + job.id.get(),
                 ledger::EntryKind::hold,
                 {},
                 {{ledger::customer_account(job.customer, Currency::cny), -hold},
                  {ledger::hold_account(job.id, Currency::cny), hold}}});
    tell_job(jobs_.emplace(job.id, std::move(job)).first->second);
}

void CoordinatorModel::tell_job(const SimJob& job) {
    core::JobOpened event;
    event.job = job.id;
    event.customer = job.customer;
    event.weight = job.weight;
    event.own_sites_of = job.own_sites_of;
    event.model = job.model;
    event.privacy = job.privacy;
    event.replicas = job.replicas;
    event.items = job.items;
    event.settled = items_.settled_of(job.id);
    event.tokens_per_item = 40;
    event.deadline = job.deadline;
    // Each fourth job waits for cheaper hours, at first and once more in between. No draw of its
    // own, so that a seed goes on to mean what it meant.
    unsigned letters = 0;
    for (const char letter : job.id.get()) letters += static_cast<unsigned char>(letter);
    event.held = letters % 4 == 0;
    tell(event);
    if (!event.held) return;
    const auto later = [this, id = job.id](Duration delay, bool held) {
        world_.after(delay, [this, id, held] { hold_job(id, held); });
    };
    later(std::chrono::minutes(3), false);
    later(std::chrono::minutes(8), true);
    later(std::chrono::minutes(14), false);
}

void CoordinatorModel::hold_job(const JobId& id, bool held) {
    if (!up()) return;  // it is held anew when it is taken up
    if (asleep()) return hear([=, this] { hold_job(id, held); });
    if (held)
        tell(core::JobHeld{id});
    else
        tell(core::JobReleased{id});
}

void CoordinatorModel::cancel_job(const JobId& id) {
    if (asleep()) return hear([=, this] { cancel_job(id); });
    const auto found = jobs_.find(id);
    if (!up() || found == jobs_.end() || found->second.ended) return;
    items_.cancelled(id);
    tell(core::JobCancelled{id});
}

void CoordinatorModel::request_stream(const core::StreamRequested& event, int attempts_left) {
    if (!up()) return;
    if (asleep()) return hear([=, this] { request_stream(event, attempts_left); });
    streams_[event.stream] = {event, {}, attempts_left};
    tell(event);
}

void CoordinatorModel::abandon_stream(StreamId id) {
    if (asleep()) return hear([=, this] { abandon_stream(id); });
    if (streams_.erase(id) > 0) tell(core::StreamAbandoned{id});
}

// ---- Nodes ----

void CoordinatorModel::said_hello(NodeModel& node) {
    const auto& id = node.traits().id;
    owners_[id] = node.traits().owner;
    sites_[id] = node.traits().site;
    sessions_[id] = {&node, node.session(), world_.now};
    lease_checker_.joined(id);
    tell(node.hello());
}

void CoordinatorModel::said_goodbye(NodeModel& node) {
    const auto& id = node.traits().id;
    sessions_.erase(id);
    lease_checker_.left(id);
    drop_leases_of(id, {});
    tell(core::NodeLeft{id, core::LeaveCause::goodbye});
}

void CoordinatorModel::link_silent(NodeModel& node, Duration noticed) {
    const auto found = sessions_.find(node.traits().id);
    if (found == sessions_.end()) return;
    const auto notice = [this, id = node.traits().id, number = found->second.number] {
        const auto session = sessions_.find(id);
        if (!up() || session == sessions_.end() || session->second.number != number) return;
        sessions_.erase(session);
        lease_checker_.left(id);
        tell(core::NodeLeft{id, core::LeaveCause::lost});
    };
    world_.after(noticed, [this, notice] { hear(notice); });
}

void CoordinatorModel::capacity_changed(const core::CapacityChanged& event) {
    lease_checker_.capacity(event);
    tell(event);
}

void CoordinatorModel::item_finished(core::ItemFinished event) {
    const auto found = leases_.find(event.lease);
    if (found != leases_.end() && found->second.node == event.node &&
        event.index < found->second.items.size()) {
        const auto& lease = found->second;
        const auto& item = lease.items[event.index];
        const auto truth = truth_of({item.canary ? "canary" : "item",
                                     item.canary ? lease.model.get() : lease.job.get(), item.item},
                                    options_, 0);
        if (event.failure == core::FailureCause::request_rejected && !item.canary)
            refusals_.refused(lease.job, item.item, sites_.at(event.node));
        if (event.failure == core::FailureCause::none) {
            core::ResultFacts facts;
            facts.prompt_bytes = 100;
            facts.prompt_tokens = event.prompt_tokens;
            facts.generated_tokens = event.generated_tokens;
            facts.text = event.answer;
            facts.finish_reason = "stop";
            event.verdict = core::check_plausibility(facts).verdict;
            if (item.canary && event.verdict == core::Verdict::plausible)
                event.verdict = core::similar(truth.answer, event.answer) ? core::Verdict::verified
                                                                          : core::Verdict::wrong;
        }
        Result result{lease.job,
                      item.item,
                      event.node,
                      event.failure == core::FailureCause::none,
                      core::similar(truth.answer, event.answer),
                      event.prompt_tokens,
                      event.generated_tokens};
        results_.try_emplace({event.lease, event.index}, std::move(result));
    }
    tell(event);
    if (event.failure != core::FailureCause::none) results_.erase({event.lease, event.index});
    entry_ended(event.lease, event.index);
}

void CoordinatorModel::stream_ended(const NodeId& node, const core::StreamFinished& event) {
    const auto found = streams_.find(event.stream);
    if (found == streams_.end() || found->second.node != node) return;
    if (event.failure == core::FailureCause::none ||
        event.failure == core::FailureCause::request_rejected) {
        streams_.erase(found);
        ++stats_.streams_done;
    }
    tell(event);
}

void CoordinatorModel::to_node(const NodeId& id, std::function<void(NodeModel&)> message) {
    const auto found = sessions_.find(id);
    if (found == sessions_.end()) return;
    auto& session = found->second;
    session.last_arrival = std::max(session.last_arrival, world_.now + world_.between(1ms, 80ms));
    world_.at(session.last_arrival,
              [node = session.node, number = session.number, message = std::move(message)] {
                  if (node->hears(number)) message(*node);
              });
}

std::size_t CoordinatorModel::held_by(const NodeId& node, const Sha256& model) const {
    std::size_t held = 0;
    for (const auto& [id, lease] : leases_)
        if (lease.node == node && lease.model == model) held += lease.open.size();
    return held;
}

void CoordinatorModel::entry_ended(LeaseId id, std::uint32_t index) {
    const auto found = leases_.find(id);
    if (found == leases_.end()) return;
    found->second.open.erase(index);
    if (found->second.open.empty()) drop_lease(id);
}

void CoordinatorModel::drop_lease(LeaseId id) {
    leases_.erase(id);
    if (options_.canary == Canary::stuck_lease && ++canary_faults_ % 97 == 0) return;
    lease_checker_.ended(id);
}

void CoordinatorModel::drop_leases_of(const NodeId& node, const std::vector<LeaseId>& but) {
    std::vector<LeaseId> gone;
    for (const auto& [id, lease] : leases_)
        if (lease.node == node && std::ranges::find(but, id) == but.end()) gone.push_back(id);
    for (const auto id : gone) drop_lease(id);
}

}  // namespace gleaner::sim
