/// What one finished item costs the scheduler, refill included, with many nodes connected and a
/// million items pending. Prints microseconds; fails above the bound given as the third argument.

#include <chrono>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <string>

#include "coordinator/core/scheduler/scheduler.h"

namespace {

using namespace gleaner;
using namespace gleaner::core;

struct Held {
    SendLease lease;
    std::uint32_t next = 0;
};

struct Fleet {
    Scheduler scheduler{SchedulerOptions{}};
    Time now{1'000'000};
    std::deque<Held> held;
    std::uint64_t leases = 0;
    std::uint64_t settled = 0;

    void tell(const Event& event) {
        for (auto& command : scheduler.on(event, now)) {
            if (auto* lease = std::get_if<SendLease>(&command)) {
                ++leases;
                held.push_back({std::move(*lease), 0});
            }
            if (std::holds_alternative<SettleItem>(command)) ++settled;
        }
    }

    void join(const std::string& name, const Sha256& model) {
        NodeJoined joined;
        joined.node = NodeId{name};
        joined.site = SiteId{"site" + std::to_string(std::hash<std::string>{}(name) % 500)};
        joined.owner = OwnerId{"owner" + std::to_string(std::hash<std::string>{}(name) % 300)};
        joined.engine = "llama.cpp 1 cuda";
        joined.devices = {{"cuda0", "cuda", "GPU", "1", 8ULL << 30U}};
        tell(joined);
        ModelStateChanged ready{joined.node, model, ModelPhase::ready, "cuda0", 8, 100};
        tell(ready);
        tell(CapacityChanged{joined.node, {{model, 256, 8}}, false});
    }
};

}  // namespace

int main(int argc, char** argv) {
    const int nodes = argc > 1 ? std::atoi(argv[1]) : 10'000;
    const int items = argc > 2 ? std::atoi(argv[2]) : 1'000'000;
    const double bound_us = argc > 3 ? std::atof(argv[3]) : 1e9;
    const Sha256 model{std::string(64, 'a')};
    Fleet fleet;
    const auto clock = [] { return std::chrono::steady_clock::now(); };
    const auto micros = [](auto from, auto to) {
        return std::chrono::duration<double, std::micro>(to - from).count();
    };
    fleet.tell(ModelOffered{model, 1ULL << 30U, 8, 50});
    const auto start = clock();
    for (int i = 0; i < nodes; ++i) fleet.join("node" + std::to_string(i), model);
    const auto joined = clock();
    for (int customer = 0; customer < 20; ++customer) {
        JobOpened job;
        job.job = JobId{"job" + std::to_string(customer)};
        job.customer = CustomerId{"customer" + std::to_string(customer)};
        job.model = model;
        job.items = static_cast<std::uint32_t>(items / 20);
        job.deadline = fleet.now + Duration(std::chrono::hours(240));
        fleet.tell(job);
    }
    const auto opened = clock();
    const std::uint64_t wanted = static_cast<std::uint64_t>(items) / 2;
    std::uint64_t events = 0;
    while (fleet.settled < wanted && !fleet.held.empty()) {
        auto held = std::move(fleet.held.front());
        fleet.held.pop_front();
        const auto& entry = held.lease.items[held.next];
        fleet.now = fleet.now + 20us;
        ItemFinished finished;
        finished.node = held.lease.node;
        finished.lease = held.lease.lease;
        finished.index = held.next++;
        finished.generated_tokens = 64;
        finished.verdict = entry.canary ? Verdict::verified : Verdict::plausible;
        if (held.next < held.lease.items.size()) fleet.held.push_back(std::move(held));
        fleet.tell(finished);
        ++events;
    }
    const auto worked = clock();
    for (int i = 0; i < nodes; ++i)
        fleet.tell(NodeLeft{NodeId{"node" + std::to_string(i)}, LeaveCause::lost});
    const auto left = clock();
    const double per_item = micros(opened, worked) / static_cast<double>(events);
    std::cout << "nodes=" << nodes << " items=" << items << " leases=" << fleet.leases
              << " us_per_join=" << micros(start, joined) / nodes
              << " us_to_open_jobs=" << micros(joined, opened) / 20
              << " us_per_finished_item=" << per_item
              << " us_per_leave=" << micros(worked, left) / nodes << std::endl;
    return per_item <= bound_us ? 0 : 1;
}
