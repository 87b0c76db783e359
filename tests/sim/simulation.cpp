#include "tests/sim/simulation.h"

#include <algorithm>
#include <array>

namespace gleaner::sim {

namespace {
constexpr std::uint64_t gib = 1ULL << 30U;
constexpr Duration small_job_patience = std::chrono::minutes(20);
constexpr std::uint32_t small_weight = 50;

/// Customers of all sizes: some count forty times as much as others.
constexpr std::uint32_t weight_of(std::uint64_t customer) {
    constexpr std::array<std::uint32_t, 4> weights{100, 1'000, 25, 400};
    return weights[customer % weights.size()];
}
}  // namespace

Simulation::Simulation(const SimOptions& options, bool log)
    : options_(options),
      world_(options.seed),
      coordinator_(options_, world_, violations_, log),
      churn_ends_(world_.now + options.churn_for) {}

SimReport Simulation::run() {
    build_models();
    build_nodes();
    plan_jobs();
    plan_small_jobs();
    plan_streams();
    plan_faults();
    while (world_.step(churn_ends_)) {
    }
    world_.now = churn_ends_;
    heal();
    const Time give_up = world_.now + options_.heal_within;
    while (world_.step(give_up) && !(coordinator_.up() && coordinator_.items().all_drained())) {
    }
    SimReport report;
    report.healed_after = world_.now - churn_ends_;
    // Streams, canaries and lost leases may take a little longer than the last item.
    const Time rest = world_.now + std::chrono::minutes(25);
    while (world_.step(rest)) {
    }
    check_fairness(true);
    coordinator_.end();
    report.stats = coordinator_.stats();
    report.hash = coordinator_.hash();
    report.steps = world_.steps;
    report.entries = coordinator_.entries();
    report.violations = violations_.list();
    return report;
}

void Simulation::build_models() {
    for (std::uint32_t i = 0; i < options_.models; ++i) {
        SimModel model;
        model.id = Sha256{std::string(64, static_cast<char>('a' + i))};
        model.bytes = gib / 2 + world_.random.below(3 * gib);
        model.canaries = world_.random.chance(0.8) ? 50 : 0;
        models_.push_back(model);
    }
    coordinator_.start(models_);
}

void Simulation::build_nodes() {
    for (std::uint32_t i = 0; i < options_.nodes; ++i) {
        NodeTraits traits;
        const auto site = i % options_.sites;
        const auto owner = site % options_.owners;
        traits.id = NodeId{"node" + std::to_string(i)};
        traits.site = SiteId{"site" + std::to_string(site)};
        traits.site_number = site;
        traits.owner = OwnerId{"owner" + std::to_string(owner)};
        traits.certified = site % 3 == 0;
        traits.device_class = static_cast<std::uint32_t>(world_.random.below(3));
        // Every third machine holds two models at once, the first holds any single one.
        traits.memory_bytes = (i % 3 == 0 ? 8 : 4) * gib;
        traits.slots = world_.random.chance(0.5) ? 8 : 4;
        traits.tokens_per_s = 50 + static_cast<double>(world_.random.below(400));
        traits.claimed_tokens_per_s = traits.tokens_per_s;
        if (world_.random.chance(options_.slow_nodes)) traits.tokens_per_s /= 20;
        traits.cheats = world_.random.chance(options_.cheats);
        traits.rejects = options_.rejecters > 0 && world_.random.chance(options_.rejecters);
        nodes_.push_back(std::make_unique<NodeModel>(traits, options_, world_, coordinator_));
        // Cafés fill up over the first minutes.
        const auto opens = world_.random.chance(0.6) ? world_.between(0s, 10s)
                                                     : world_.between(0s, std::chrono::minutes(15));
        world_.after(opens, [node = nodes_.back().get()] { node->power_on(); });
    }
}

void Simulation::plan_jobs() {
    for (std::uint32_t i = 0; i < options_.jobs; ++i) {
        SimJob job;
        job.id = JobId{"job" + std::to_string(i)};
        const auto customer = world_.random.below(options_.customers);
        job.customer = CustomerId{"customer" + std::to_string(customer)};
        job.weight = weight_of(customer);
        job.own_sites_of = OwnerId{"owner" + std::to_string(customer % options_.owners)};
        job.model = models_[world_.random.below(models_.size())].id;
        const auto dice = world_.random.below(10);
        job.privacy = dice == 0   ? PrivacyClass::own
                      : dice == 1 ? PrivacyClass::certified
                                  : PrivacyClass::any;
        if (job.privacy == PrivacyClass::any && world_.random.chance(0.3))
            job.replicas = 2 + static_cast<std::uint32_t>(world_.random.below(2));
        job.items = 1 + static_cast<std::uint32_t>(world_.random.below(options_.items_max));
        const bool short_deadline = world_.random.chance(0.1);
        const Duration allowed = short_deadline ? world_.between(1min, 20min) : Duration(3h);
        const auto arrives = world_.between(1s, 20min);
        const bool cancels = world_.random.chance(0.1);
        const auto cancelled_after = world_.between(1s, 10min);
        world_.after(arrives, [this, job, allowed, cancels, cancelled_after]() mutable {
            job.opened = world_.now;
            job.deadline = world_.now + allowed;
            coordinator_.open_job(job);
            if (cancels)
                world_.after(cancelled_after, [this, id = job.id] { coordinator_.cancel_job(id); });
        });
    }
}

/// A tenant with little work and a small weight beside the big ones: it must never starve.
void Simulation::plan_small_jobs() {
    for (std::uint32_t i = 0; i < 8; ++i) {
        SimJob job;
        job.id = JobId{"small" + std::to_string(i)};
        job.customer = CustomerId{"smallcustomer"};
        job.weight = small_weight;
        job.model = models_[world_.random.below(models_.size())].id;
        job.items = 3 + static_cast<std::uint32_t>(world_.random.below(10));
        small_jobs_.push_back(job.id);
        world_.after(world_.between(1min, 25min), [this, job]() mutable {
            job.opened = world_.now;
            job.deadline = world_.now + Duration(4h);
            coordinator_.open_job(job);
        });
    }
    for (int minute = 1; minute < 60; ++minute)
        world_.after(std::chrono::minutes(minute), [this] {
            check_fairness(false);
            coordinator_.check_leases();
        });
}

void Simulation::check_fairness(bool end) {
    for (const auto& id : small_jobs_) {
        const auto found = coordinator_.jobs().find(id);
        if (found == coordinator_.jobs().end()) continue;
        const auto& job = found->second;
        const Time until = job.ended ? job.ended_at : world_.now;
        if ((end || !job.ended) && until - job.opened > small_job_patience)
            violations_.add(id.get() + " starved: " + std::to_string(job.items) + " items took " +
                            std::to_string((until - job.opened).count() / 60'000'000) + " minutes");
    }
}

void Simulation::plan_streams() {
    if (options_.streams_per_minute == 0) return;
    const auto total = options_.streams_per_minute *
                       static_cast<std::uint64_t>(options_.churn_for / std::chrono::minutes(1));
    for (std::uint64_t i = 0; i < total; ++i) {
        world_.after(world_.between(0s, options_.churn_for), [this] {
            core::StreamRequested event;
            event.stream = coordinator_.new_stream();
            event.customer = CustomerId{"customer" + std::to_string(event.stream.get() % 3)};
            event.weight = weight_of(event.stream.get() % 3);
            event.model = models_[world_.random.below(models_.size())].id;
            event.privacy = world_.random.chance(0.1) ? PrivacyClass::certified : PrivacyClass::any;
            event.give_up = world_.now + 30s;
            coordinator_.request_stream(event, 3);
            if (world_.random.chance(0.1))
                world_.after(world_.between(10ms, 5s),
                             [this, id = event.stream] { coordinator_.abandon_stream(id); });
        });
    }
}

// ---- Faults ----

void Simulation::every(Duration mean, std::function<void()> fault) {
    if (mean.count() == 0) return;
    world_.after(world_.between(mean / 2, mean * 3 / 2), [this, mean, fault] {
        if (!churning()) return;
        fault();
        every(mean, fault);
    });
}

NodeModel& Simulation::any_node() {
    return *nodes_[world_.random.below(nodes_.size())];
}

std::vector<NodeModel*> Simulation::nodes_at(std::uint32_t site) {
    std::vector<NodeModel*> found;
    for (const auto& node : nodes_)
        if (node->traits().site_number == site) found.push_back(node.get());
    return found;
}

void Simulation::plan_faults() {
    every(options_.nat_drop, [this] { any_node().drop_link(world_.between(1s, 25s)); });
    every(options_.power_off, [this] {
        auto& node = any_node();
        node.power_off();
        world_.after(world_.between(30s, 6min), [&node] { node.power_on(); });
    });
    every(options_.shutdown, [this] {
        auto& node = any_node();
        node.shut_down();
        world_.after(world_.between(30s, 6min), [&node] { node.power_on(); });
    });
    every(options_.reclaim, [this] { any_node().reclaim(world_.between(5s, 5min)); });
    every(options_.site_power_cut,
          [this] { cut_power(static_cast<std::uint32_t>(world_.random.below(options_.sites))); });
    every(options_.mass_loss, [this] { lose_most(); });
    every(options_.store_trouble, [this] {
        coordinator_.break_store(true);
        world_.after(world_.between(5s, 3min), [this] { coordinator_.break_store(false); });
    });
    every(options_.coordinator_sleep, [this] { coordinator_.sleep(world_.between(8s, 5min)); });
    every(options_.model_change, [this] {
        const auto& model = models_[world_.random.below(models_.size())];
        const auto canaries = static_cast<std::uint32_t>(world_.random.below(20));
        coordinator_.withdraw(model.id);
        world_.after(world_.between(1s, 2min),
                     [this, id = model.id, canaries] { coordinator_.offer_again(id, canaries); });
    });
    every(options_.coordinator_kill, [this] { coordinator_.kill(world_.between(1s, 30s)); });
}

void Simulation::cut_power(std::uint32_t site) {
    const auto back = world_.between(1min, 8min);
    for (auto* node : nodes_at(site)) {
        node->power_off();
        world_.after(back + world_.between(0s, 20s), [node] { node->power_on(); });
    }
}

void Simulation::lose_most() {
    const auto noticed = world_.between(1s, 25s);
    for (const auto& node : nodes_)
        if (world_.random.chance(0.8)) node->drop_link(noticed);
}

void Simulation::heal() {
    coordinator_.break_store(false);
    for (const auto& node : nodes_) node->power_on();
}

}  // namespace gleaner::sim
