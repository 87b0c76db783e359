/// What the simulated coordinator does with the scheduler's commands.

#include <algorithm>

#include "tests/sim/coordinator_model.h"
#include "tests/sim/node_model.h"
#include "tests/sim/truth.h"

namespace gleaner::sim {

namespace {
constexpr TokenPrice price{1'000'000, 4'000'000};
constexpr Duration retry_after_failed_write = 2s;
}  // namespace

void CoordinatorModel::execute(const core::WelcomeNode& command) {
    drop_leases_of(command.node, command.keep);
    to_node(command.node, [keep = command.keep](NodeModel& node) { node.welcomed(keep); });
}

void CoordinatorModel::execute(const core::SendLease& command) {
    lease_checker_.sent(command, world_.now, held_by(command.node, command.model));
    ++stats_.leases;
    auto& lease = leases_[command.lease];
    const auto model = std::ranges::find(models_, command.model, &SimModel::id);
    if (!model->offered && std::ranges::any_of(command.items, &core::LeaseItem::canary))
        violations_.add("a known answer was lent of a model that was removed");
    lease = {command.node, command.job, command.model, command.items, {}};
    std::vector<work::LeaseReceived::Item> items;
    for (std::uint32_t i = 0; i < command.items.size(); ++i) {
        lease.open.insert(i);
        const auto& item = command.items[i];
        if (item.canary && item.item >= model->canaries)
            violations_.add("a known answer was lent that " + command.model.get() + " has not");
        const Request request{item.canary ? "canary" : "item",
                              item.canary ? command.model.get() : command.job.get(), item.item};
        items.push_back({i, work::Endpoint::chat_completions, body_of(request)});
    }
    to_node(command.node, [command, items = std::move(items)](NodeModel& node) {
        node.lease(command.lease, command.model, command.deadline, items);
    });
}

void CoordinatorModel::execute(const core::RevokeLease& command) {
    if (command.reason.starts_with("the lease's deadline"))
        lease_checker_.overdue(command.lease, world_.now);
    drop_lease(command.lease);
    to_node(command.node, [lease = command.lease](NodeModel& node) { node.revoke(lease); });
}

void CoordinatorModel::execute(const core::LoadModel& command) {
    const auto model = std::ranges::find(models_, command.model, &SimModel::id);
    to_node(command.node,
            [id = command.model, bytes = model->bytes](NodeModel& node) { node.load(id, bytes); });
}

void CoordinatorModel::execute(const core::UnloadModel& command) {
    to_node(command.node, [id = command.model](NodeModel& node) { node.unload(id); });
}

void CoordinatorModel::execute(const core::SettleItem& command) {
    Unsaved unsaved{command, {}};
    for (const auto& produced : command.results) {
        const auto found = results_.find({produced.lease, produced.index});
        if (found == results_.end()) {
            violations_.add("item " + std::to_string(command.item) + " of " + command.job.get() +
                            " settled by a result that nobody has");
            continue;
        }
        const auto& result = found->second;
        if (!result.good || result.job != command.job || result.item != command.item ||
            result.node != produced.node)
            violations_.add("item " + std::to_string(command.item) + " of " + command.job.get() +
                            " settled by another item's or a failed result");
        unsaved.results.push_back(result);
        results_.erase(found);
    }
    ++canary_faults_;
    const bool now_and_then = canary_faults_ % 97 == 0;
    if (options_.canary == Canary::lose_item && now_and_then) return;
    if (options_.canary == Canary::false_refusal && now_and_then && !unsaved.results.empty()) {
        unsaved.results.clear();
        unsaved.command.results.clear();
        unsaved.command.cause = core::FailureCause::request_rejected;
    }
    if (unsaved.command.cause == core::FailureCause::request_rejected)
        check_refusal(unsaved.command);
    if (options_.canary == Canary::double_settle && now_and_then) unsaved_.push_back(unsaved);
    unsaved_.push_back(std::move(unsaved));
    if (lease_checker_.is_store_stalled() && unsaved_.size() > unsaved_max_)
        violations_.add("more is unsaved than nodes held when the store stalled");
    backlog_.queued(1);
    note_backlog();
    commit_later(options_.commit_delay);
}

void CoordinatorModel::check_refusal(const core::SettleItem& command) {
    const auto truth = truth_of({"item", command.job.get(), command.item}, options_, 0);
    if (truth.rejected) return;
    const auto limit = core::SchedulerOptions{}.attempts_max + jobs_.at(command.job).replicas - 1;
    refusals_.settled(command.job, command.item, command.attempts >= limit);
}

void CoordinatorModel::commit_later(Duration delay) {
    if (commit_due_) return;
    commit_due_ = true;
    world_.after(delay, [this, epoch = epoch_] {
        if (up() && epoch == epoch_) commit();
    });
}

void CoordinatorModel::note_backlog() {
    if (backlog_.stalled() == stalled_) return;
    stalled_ = backlog_.stalled();
    if (stalled_) ++stats_.stalls;
    // Not from within the commands of another event.
    const auto say = [this, epoch = epoch_, stalled = stalled_] {
        if (!up() || epoch != epoch_) return;
        lease_checker_.store_stalled(stalled);
        unsaved_max_ = unsaved_.size();
        for (const auto& [id, lease] : leases_) unsaved_max_ += lease.open.size();
        if (options_.canary == Canary::ignore_stall) return;
        if (stalled)
            tell(core::StoreStalled{});
        else
            tell(core::StoreRecovered{});
    };
    world_.after(0s, [this, say] { hear(say); });
}

void CoordinatorModel::commit() {
    commit_due_ = false;
    if (store_broken_) {
        backlog_.failed();
        note_backlog();
        commit_later(retry_after_failed_write);
        return;
    }
    backlog_.saved(unsaved_.size());
    note_backlog();
    for (const auto& unsaved : unsaved_) commit_one(unsaved);
    unsaved_.clear();
    for (const auto& [job, expired] : drained_) end_job_record(job, expired);
    drained_.clear();
}

void CoordinatorModel::commit_one(const Unsaved& unsaved) {
    const auto& command = unsaved.command;
    const auto& job = jobs_.at(command.job);
    items_.settled(command.job, command.item);
    if (unsaved.results.empty()) {
        ++stats_.failed;
        return;
    }
    ++stats_.accepted;
    if (!unsaved.results.front().truthful) ++stats_.wrong_accepted;
    std::set<OwnerId> owners;
    for (std::size_t i = 0; i < unsaved.results.size(); ++i) {
        const auto& result = unsaved.results[i];
        const auto& produced = command.results[i];
        const auto& owner = owners_.at(result.node);
        if (!owners.insert(owner).second)
            violations_.add("two results of one owner for an item of " + job.id.get());
        const auto amount = price_of(price, result.prompt_tokens, result.generated_tokens);
        ledger::Entry entry;
        entry.key = std::to_string(produced.lease.get()) + ":" + std::to_string(produced.index);
        entry.kind = ledger::EntryKind::charge;
        entry.postings =
            ledger::charge(amount, ledger::hold_account(job.id, Currency::cny), owner, {}, {}, {});
        if (options_.canary == Canary::unbalanced && canary_faults_ % 97 == 0)
            entry.postings.front().amount.micros += 1;
        money_.post(entry);
        if (options_.canary == Canary::double_bill && canary_faults_ % 97 == 0) money_.post(entry);
    }
}

void CoordinatorModel::execute(const core::DiscardResult& command) {
    results_.erase({command.lease, command.index});
}

void CoordinatorModel::execute(const core::JobDrained& command) {
    drained_.emplace_back(command.job, command.expired);
    commit_later(options_.commit_delay);
}

void CoordinatorModel::end_job_record(const JobId& id, bool expired) {
    auto& job = jobs_.at(id);
    job.ended = true;
    job.ended_at = world_.now;
    if (expired) {
        items_.expired(id);
        if (world_.now < job.deadline) violations_.add(id.get() + " expired before its deadline");
    }
    items_.drained(id);
    const auto left = money_.balance(ledger::hold_account(id, Currency::cny).name);
    if (left == 0) return;
    money_.post({"release:" + id.get(),
                 ledger::EntryKind::release,
                 {},
                 {{ledger::hold_account(id, Currency::cny), {-left}},
                  {ledger::customer_account(job.customer, Currency::cny), {left}}}});
}

void CoordinatorModel::execute(const core::StartStream& command) {
    const auto found = streams_.find(command.stream);
    if (found == streams_.end()) {
        violations_.add("a stream was started that nobody asked for");
        return;
    }
    found->second.node = command.node;
    if (lease_checker_.is_store_stalled() && found->second.request.avoid.empty())
        violations_.add("a stream began while results cannot be saved");
    const Request request{"stream", found->second.request.model.get(),
                          static_cast<std::uint32_t>(command.stream.get())};
    to_node(command.node, [command, model = found->second.request.model,
                           body = body_of(request)](NodeModel& node) {
        node.start_stream(command.stream, model, body, command.deadline);
    });
}

void CoordinatorModel::execute(const core::InterruptStream& command) {
    const auto found = streams_.find(command.stream);
    if (found == streams_.end()) return;
    ++stats_.streams_interrupted;
    auto again = found->second.request;
    const int attempts_left = found->second.attempts_left - 1;
    streams_.erase(found);
    if (attempts_left <= 0) return;
    again.stream = new_stream();
    again.avoid.push_back(command.node);
    again.give_up = world_.now + 30s;
    world_.after(0s, [this, again, attempts_left] { request_stream(again, attempts_left); });
}

void CoordinatorModel::execute(const core::RefuseStream& command) {
    if (streams_.erase(command.stream) == 0)
        violations_.add("a stream was refused that nobody asked for");
    ++stats_.streams_refused;
}

void CoordinatorModel::execute(const core::StopStream& command) {
    to_node(command.node, [id = command.stream](NodeModel& node) { node.cancel_stream(id); });
}

void CoordinatorModel::execute(const core::SaveStanding& command) {
    standings_[command.key] = command.json;
}

void CoordinatorModel::execute(const core::Wake& command) {
    if (wake_at_ && *wake_at_ <= command.at) return;
    wake_at_ = command.at;
    const auto ring = [this, number = ++wake_] {
        if (number != wake_) return;
        wake_at_.reset();
        tell(core::Tick{});
    };
    world_.at(command.at, [this, ring] {
        if (!asleep()) return ring();
        // Waking, it finds its timers due before it has read what the nodes said.
        unheard_.insert(unheard_.begin(), ring);
    });
}

/// Whom it is for is in the store's tests: the simulated ledger has nothing pending.
void CoordinatorModel::execute(const core::WithholdEarnings&) {}

void CoordinatorModel::execute(const core::Note&) {}

void CoordinatorModel::check_leases() {
    if (!asleep()) lease_checker_.check(world_.now, std::chrono::minutes(2));
}

void CoordinatorModel::end() {
    commit();
    scheduler_->check_invariants();
    items_.end();
    money_.end();
    const auto totals = scheduler_->totals();
    if (totals.live_leases > 0)
        violations_.add(std::to_string(totals.live_leases) + " leases are left at the end");
    if (totals.leased_items + totals.pending_items > 0)
        violations_.add("items are pending or lent after all jobs ended");
    if (!streams_.empty())
        violations_.add(std::to_string(streams_.size()) + " streams never ended");
    if (!results_.empty())
        violations_.add(std::to_string(results_.size()) +
                        " results were neither settled nor discarded");
}

}  // namespace gleaner::sim
