#pragma once
/// A scheduler in virtual time for tests: events in, commands out; invariants are checked after
/// each.

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/core/scheduler/scheduler.h"
#include "coordinator/core/trust/standing.h"

namespace gleaner::core::test {

inline const Sha256 model_a{std::string(64, 'a')};
inline const Sha256 model_b{std::string(64, 'b')};
inline constexpr std::uint64_t gib = 1ULL << 30U;

/// Defaults without canaries, so that shards hold items only.
inline SchedulerOptions plain_options() {
    SchedulerOptions options;
    options.canary_share = 0;
    return options;
}

struct NodeSpec {
    std::string name;
    std::string site;
    std::string owner;
    bool certified = false;
    std::uint64_t memory = 8 * gib;
    std::vector<Sha256> cached;
    std::uint32_t items = 64;
    std::uint32_t streams = 4;
    std::uint32_t slots = 8;
    double claim = 100;
    std::vector<NodeJoined::Held> held;
};

class Rig {
public:
    explicit Rig(SchedulerOptions options = plain_options()) : scheduler(options) {}

    /// Tells the event; returns this event's commands, which also go to `log`.
    const std::vector<Command>& tell(const Event& event) {
        last = scheduler.on(event, now);
        scheduler.check_invariants();
        for (const auto& command : last) {
            log.push_back(command);
            if (const auto* wake = std::get_if<Wake>(&command))
                wake_at = wake_at ? std::min(*wake_at, wake->at) : wake->at;
        }
        return last;
    }

    /// Moves time on, delivering each Tick that falls due.
    void advance(Duration by) {
        const Time until = now + by;
        while (wake_at && *wake_at <= until) {
            now = std::max(now, *wake_at);
            wake_at.reset();
            tell(Tick{});
        }
        now = until;
    }

    void offer(const Sha256& model, std::uint64_t memory = gib, std::uint32_t canaries = 0,
               std::uint32_t slots = 8) {
        tell(ModelOffered{model, memory, slots, canaries});
    }

    void join(const NodeSpec& spec) {
        NodeJoined event;
        event.node = NodeId{spec.name};
        event.site = SiteId{spec.site};
        event.owner = OwnerId{spec.owner};
        event.certified = spec.certified;
        event.engine = "llama.cpp 1 cpu";
        event.device_class = "Test CPU";
        event.devices = {{"cpu", "cpu", "Test CPU", "", spec.memory}};
        event.cached = spec.cached;
        event.held = spec.held;
        tell(event);
    }

    void capacity(const NodeSpec& spec, const Sha256& model) {
        tell(CapacityChanged{NodeId{spec.name}, {{model, spec.items, spec.streams}}, false});
    }

    void ready(const NodeSpec& spec, const Sha256& model) {
        ModelStateChanged event;
        event.node = NodeId{spec.name};
        event.model = model;
        event.phase = ModelPhase::ready;
        event.device = "cpu";
        event.slots = spec.slots;
        event.generated_tokens_per_s = spec.claim;
        tell(event);
    }

    /// Joins with the model ready and a window.
    void join_ready(const NodeSpec& spec, const Sha256& model = model_a) {
        join(spec);
        ready(spec, model);
        capacity(spec, model);
    }

    void leave(const std::string& node, LeaveCause cause = LeaveCause::lost) {
        tell(NodeLeft{NodeId{node}, cause});
    }

    struct JobSpec {
        std::string name = "job";
        std::string customer = "customer";
        std::uint32_t items = 10;
        std::uint32_t replicas = 1;
        PrivacyClass privacy = PrivacyClass::any;
        std::string own_sites_of;
        Duration deadline = std::chrono::hours(24);
        std::vector<std::uint32_t> settled;
        Sha256 model = model_a;
        double tokens = 64;
        std::string reservation = {};
    };

    void open(const JobSpec& spec) {
        JobOpened event;
        event.job = JobId{spec.name};
        event.customer = CustomerId{spec.customer};
        event.own_sites_of = OwnerId{spec.own_sites_of};
        event.model = spec.model;
        event.privacy = spec.privacy;
        event.reservation = spec.reservation;
        event.replicas = spec.replicas;
        event.items = spec.items;
        event.settled = spec.settled;
        event.tokens_per_item = spec.tokens;
        event.deadline = now + spec.deadline;
        tell(event);
    }

    void finish(const SendLease& lease, std::uint32_t index, std::string answer = "4",
                Verdict verdict = Verdict::plausible, std::uint32_t generated = 64) {
        ItemFinished event;
        event.node = lease.node;
        event.lease = lease.lease;
        event.index = index;
        event.verdict = verdict;
        event.generated_tokens = generated;
        event.answer = std::move(answer);
        tell(event);
    }

    /// Finishes the whole lease, canaries correctly.
    void finish_all(const SendLease& lease) {
        for (std::uint32_t i = 0; i < lease.items.size(); ++i)
            finish(lease, i, "4", lease.items[i].canary ? Verdict::verified : Verdict::plausible);
    }

    void fail(const SendLease& lease, std::uint32_t index, FailureCause cause,
              std::string detail = "") {
        ItemFinished event;
        event.node = lease.node;
        event.lease = lease.lease;
        event.index = index;
        event.failure = cause;
        event.detail = std::move(detail);
        tell(event);
    }

    void give_back(const SendLease& lease, FailureCause cause) {
        LeaseReturned event;
        event.node = lease.node;
        event.lease = lease.lease;
        event.cause = cause;
        for (std::uint32_t i = 0; i < lease.items.size(); ++i) event.unfinished.push_back(i);
        tell(event);
    }

    template <class T>
    [[nodiscard]] std::vector<T> all() const {
        return of<T>(log);
    }
    template <class T>
    [[nodiscard]] std::vector<T> latest() const {
        return of<T>(last);
    }
    /// Leases sent to the node since the log was last cleared.
    [[nodiscard]] std::vector<SendLease> leases(const std::string& node) const {
        std::vector<SendLease> found;
        for (const auto& command : log)
            if (const auto* one = std::get_if<SendLease>(&command); one && one->node.get() == node)
                found.push_back(*one);
        return found;
    }
    [[nodiscard]] std::uint32_t lent_to(const std::string& node) const {
        std::uint32_t items = 0;
        for (const auto& lease : leases(node))
            items += static_cast<std::uint32_t>(lease.items.size());
        return items;
    }
    [[nodiscard]] Scheduler::NodeView view(const std::string& node) const {
        for (auto& view : scheduler.nodes())
            if (view.node.get() == node) return view;
        return {};
    }
    void clear() { log.clear(); }

    Scheduler scheduler;
    Time now{1'000'000};
    std::optional<Time> wake_at;
    std::vector<Command> last;
    std::vector<Command> log;

private:
    template <class T>
    static std::vector<T> of(const std::vector<Command>& commands) {
        std::vector<T> found;
        for (const auto& command : commands)
            if (const auto* one = std::get_if<T>(&command)) found.push_back(*one);
        return found;
    }
};

}  // namespace gleaner::core::test
