/// Aim: customers share in proportion to their weights over time; who comes or comes back is
/// neither starved nor has saved anything up. Method: the order alone with many costs from a seed,
/// then the scheduler with nodes.

#include "coordinator/core/scheduler/fair_share.h"

#include <doctest/doctest.h>

#include "shared/util/random.h"
#include "tests/unit/coordinator/core/scheduler/rig.h"

using namespace gleaner;
using namespace gleaner::core;
using namespace gleaner::core::test;

namespace {

using Served = std::map<std::uint32_t, std::uint64_t>;

/// Serves whoever is next, `times` times, at costs up to `cost_max`.
void serve(FairShare& share, const std::map<std::uint32_t, std::uint32_t>& weights, int times,
           std::uint64_t cost_max, Random& random, Served& served) {
    for (int i = 0; i < times; ++i) {
        const auto customer = share.waiting().begin()->second;
        const auto cost = 1 + random.below(cost_max);
        share.charge(customer, weights.at(customer), cost);
        served[customer] += cost;
    }
}

}  // namespace

TEST_CASE("over a long run shares are as the weights, within two per cent") {
    Random random(5);
    const std::map<std::uint32_t, std::uint32_t> weights{
        {0, 1}, {1, 7}, {2, 100}, {3, 300}, {4, 1'000}};
    FairShare share(1'000'000);
    for (const auto& [customer, weight] : weights) share.activate(customer);
    Served served;
    serve(share, weights, 400'000, 5'000, random, served);
    std::uint64_t all = 0;
    for (const auto& [customer, cost] : served) all += cost;
    for (const auto& [customer, weight] : weights) {
        CAPTURE(customer);
        const double part = static_cast<double>(served[customer]) / static_cast<double>(all);
        CHECK(part == doctest::Approx(weight / 1'408.0).epsilon(0.02));
    }
}

TEST_CASE("who comes late or comes back starts with the others: nothing is saved up") {
    Random random(6);
    const std::map<std::uint32_t, std::uint32_t> weights{{0, 100}, {1, 100}};
    FairShare share(1'000'000);
    Served served;
    share.activate(0);
    serve(share, weights, 10'000, 1'000, random, served);
    for (int round = 0; round < 3; ++round) {
        share.activate(1);
        served.clear();
        serve(share, weights, 2'000, 1'000, random, served);
        const double part =
            static_cast<double>(served[1]) / static_cast<double>(served[0] + served[1]);
        CHECK(part == doctest::Approx(0.5).epsilon(0.02));
        share.deactivate(1);
        served.clear();
        serve(share, weights, 5'000, 1'000, random, served);
        CHECK(served[1] == 0);
    }
}

TEST_CASE("one that comes waits for at most one lease of each other, whatever they have queued") {
    Random random(7);
    std::map<std::uint32_t, std::uint32_t> weights;
    FairShare share(1'000'000);
    for (std::uint32_t customer = 0; customer < 50; ++customer) {
        weights[customer] = 100;
        share.activate(customer);
    }
    weights[99] = 100;
    Served served;
    for (int round = 0; round < 20; ++round) {
        serve(share, weights, 500, 4'000, random, served);
        share.activate(99);
        int waited = 0;
        while (share.waiting().begin()->second != 99) {
            serve(share, weights, 1, 4'000, random, served);
            ++waited;
        }
        CHECK(waited <= 50);
        share.charge(99, 100, 10);
        share.deactivate(99);
    }
}

TEST_CASE("one that comes and goes item by item gets no more than one that stays") {
    Random random(8);
    const std::map<std::uint32_t, std::uint32_t> weights{{0, 100}, {1, 100}};
    FairShare share(1'000'000);
    Served served;
    share.activate(0);
    for (int i = 0; i < 20'000; ++i) {
        share.activate(1);
        const auto customer = share.waiting().begin()->second;
        const auto cost = 1 + random.below(1'000);
        if (customer == 1) share.deactivate(1);
        share.charge(customer, 100, cost);
        served[customer] += cost;
    }
    const double part = static_cast<double>(served[1]) / static_cast<double>(served[0] + served[1]);
    CHECK(part == doctest::Approx(0.5).epsilon(0.02));
}

TEST_CASE("one whose work could go nowhere is owed no more than the bound") {
    const std::uint64_t lag = 10'000;
    FairShare share(lag);
    share.activate(0);
    share.activate(1);
    // 1 heads the order, and its work fits no node: 0 is served all the same.
    for (int i = 0; i < 1'000; ++i) share.charge(0, 100, 1'000);
    std::uint64_t owed = 0;
    while (share.waiting().begin()->second == 1) {
        share.charge(1, 100, 100);
        owed += 100;
    }
    CHECK(owed <= lag + 1'200);
    CHECK(owed >= lag - 1'000);
}

TEST_CASE("what was charged too much is given back, what was too little is taken") {
    FairShare share(1'000'000);
    share.activate(0);
    share.activate(1);
    share.charge(0, 100, 500);
    share.correct(0, 100, 500, 0);
    share.charge(1, 100, 10);
    CHECK(share.waiting().begin()->second == 0);
    share.correct(0, 100, 0, 11);
    CHECK(share.waiting().begin()->second == 1);
    share.correct(1, 100, 10, 1'000'000);
    share.correct(1, 100, 2'000'000, 0);
    CHECK(share.waiting().begin()->first == 0);
}

TEST_CASE("tenants with endless batches share nodes as their weights say") {
    Rig rig;
    rig.offer(model_a);
    const std::map<std::string, std::uint32_t> weights{{"small", 50}, {"usual", 100}, {"big", 350}};
    for (const auto& [name, weight] : weights) {
        rig.open({.name = name, .customer = name, .items = 100'000});
        rig.tell(CustomerWeighed{CustomerId{name}, weight});
    }
    for (int i = 0; i < 6; ++i) {
        const auto n = std::to_string(i);
        rig.join_ready({.name = "n" + n, .site = "s" + n, .owner = "o" + n});
    }
    std::map<std::string, double> done;
    double all = 0;
    for (int round = 0; round < 300; ++round) {
        const auto leases = rig.all<SendLease>();
        rig.clear();
        rig.advance(5s);
        for (const auto& lease : leases) {
            rig.finish_all(lease);
            if (round < 30) continue;  // nodes are first given a taste
            done[lease.job.get()] += static_cast<double>(lease.items.size());
            all += static_cast<double>(lease.items.size());
        }
    }
    for (const auto& [name, weight] : weights) {
        CAPTURE(name);
        CHECK(done[name] / all == doctest::Approx(weight / 500.0).epsilon(0.05));
    }
}

TEST_CASE("an item counts by the tokens it took, not by those it was thought to take") {
    Rig rig;
    rig.offer(model_a);
    rig.open({.name = "long", .customer = "long", .items = 100'000});
    rig.open({.name = "short", .customer = "short", .items = 100'000});
    rig.join_ready({.name = "n", .site = "s", .owner = "o"});
    std::map<std::string, double> tokens;
    for (int round = 0; round < 500; ++round) {
        const auto leases = rig.all<SendLease>();
        rig.clear();
        rig.advance(5s);
        for (const auto& lease : leases) {
            const std::uint32_t each = lease.job.get() == "long" ? 400 : 40;
            for (std::uint32_t i = 0; i < lease.items.size(); ++i)
                rig.finish(lease, i, "4", Verdict::plausible, each);
            if (round >= 50)
                tokens[lease.job.get()] += each * static_cast<double>(lease.items.size());
        }
    }
    CHECK(tokens["long"] / (tokens["long"] + tokens["short"]) ==
          doctest::Approx(0.5).epsilon(0.05));
}

TEST_CASE("waiting streams are served by weight, and a newcomer is not last in a long line") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({.name = "n", .site = "s", .owner = "o", .streams = 2});
    std::uint64_t next = 1;
    std::map<StreamId, std::string> whose;
    const auto ask = [&](const std::string& customer, std::uint32_t weight, int count) {
        for (int i = 0; i < count; ++i) {
            StreamRequested event;
            event.stream = StreamId{next++};
            event.customer = CustomerId{customer};
            event.weight = weight;
            event.model = model_a;
            event.give_up = rig.now + 1h;
            whose[event.stream] = customer;
            rig.tell(event);
        }
    };
    const auto step = [&](std::map<std::string, int>& started) {
        const auto running = rig.all<StartStream>();
        rig.clear();
        rig.advance(2s);
        for (const auto& one : running) {
            ++started[whose.at(one.stream)];
            rig.tell(StreamFinished{one.stream, FailureCause::none, 10, 1'000});
        }
    };
    ask("heavy", 300, 20);
    ask("light", 100, 20);
    std::map<std::string, int> started;
    for (int i = 0; i < 200; ++i) {
        step(started);
        ask("heavy", 300, 2);
        ask("light", 100, 1);
    }
    const double part =
        static_cast<double>(started["heavy"]) / (started["heavy"] + started["light"]);
    CHECK(part == doctest::Approx(0.75).epsilon(0.05));
    ask("new", 100, 1);
    started.clear();
    for (int i = 0; i < 3; ++i) step(started);
    CHECK(started["new"] == 1);
}
