/// Canaries, and what trust a node earns by them.

#include <doctest/doctest.h>

#include "tests/unit/coordinator/core/scheduler/rig.h"

using namespace gleaner;
using namespace gleaner::core;
using namespace gleaner::core::test;

TEST_CASE("a passed canary raises trust, a missed one lowers it and the quota") {
    SchedulerOptions options;
    options.canary_share = 0.01;
    Rig rig(options);
    rig.offer(model_a, gib, 5);
    rig.join_ready({"n1", "s1", "o1"});
    rig.join_ready({"n2", "s2", "o2"});
    rig.open({.items = 64});
    const auto judge = [&](const std::string& node, Verdict verdict) {
        const auto lease = rig.leases(node).front();
        for (std::uint32_t i = 0; i < lease.items.size(); ++i)
            if (lease.items[i].canary) rig.finish(lease, i, "x", verdict);
    };
    judge("n1", Verdict::verified);
    CHECK(rig.view("n1").trust > 0.6);
    judge("n2", Verdict::wrong);
    CHECK(rig.view("n2").trust < 0.2);
    CHECK(rig.view("n2").quota == 32);
    CHECK_FALSE(rig.all<SaveStanding>().empty());
}

TEST_CASE("a job among whose items a canary would show gets none") {
    SchedulerOptions options;
    options.canary_share = 0.5;
    Rig rig(options);
    rig.offer(model_a, gib, 5);
    rig.join_ready({"n1", "s1", "o1"});
    JobOpened job;
    job.job = JobId{"embeddings"};
    job.customer = CustomerId{"c"};
    job.model = model_a;
    job.items = 20;
    job.canaries = false;
    job.deadline = rig.now + 1h;
    rig.tell(job);
    REQUIRE_FALSE(rig.leases("n1").empty());
    const auto lease = rig.leases("n1").front();
    for (const auto& item : lease.items) CHECK_FALSE(item.canary);
}

TEST_CASE(
    "a withdrawn model has no known answers, and fewer of them when it comes back with fewer") {
    SchedulerOptions options;
    options.canary_share = 0.5;
    Rig rig(options);
    rig.offer(model_a, gib, 50);
    rig.join_ready({"n1", "s1", "o1"});
    rig.open({.items = 400});
    const auto lent = rig.leases("n1").front();
    rig.tell(ModelWithdrawn{model_a});
    rig.clear();
    rig.finish_all(lent);
    REQUIRE_FALSE(rig.leases("n1").empty());
    for (const auto& lease : rig.leases("n1"))
        for (const auto& item : lease.items) CHECK_FALSE(item.canary);
    const auto without = rig.leases("n1").front();
    rig.clear();
    rig.offer(model_a, gib, 1);
    rig.finish_all(without);
    for (const auto& lease : rig.leases("n1"))
        for (const auto& item : lease.items)
            if (item.canary) CHECK(item.item == 0);
}

TEST_CASE("tokens of refused results do not count into the speed") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"n1", "s1", "o1"});
    rig.open({.items = 400});
    const auto lease = rig.leases("n1").front();
    rig.advance(1s);
    rig.finish(lease, 0);
    const auto before = rig.view("n1").tokens_per_s;
    REQUIRE(before > 0);
    rig.advance(1s);
    rig.finish(lease, 1, "", Verdict::implausible, 1'000'000);
    CHECK(rig.view("n1").tokens_per_s <= before);
}

TEST_CASE("a canary is never settled and its body is forgotten") {
    SchedulerOptions options;
    options.canary_share = 0.01;
    Rig rig(options);
    rig.offer(model_a, gib, 5);
    rig.join_ready({"n1", "s1", "o1"});
    rig.open({.items = 4});
    const auto lease = rig.leases("n1").front();
    REQUIRE(lease.items.size() == 5);
    rig.finish_all(lease);
    CHECK(rig.all<SettleItem>().size() == 4);
    REQUIRE(rig.all<DiscardResult>().size() == 1);
    CHECK(rig.all<DiscardResult>().front().loss == LossCause::verification);
    CHECK(rig.scheduler.totals().live_leases == 0);
}

TEST_CASE("a node that lost its trust loses its leases and gets single checks until it recovers") {
    SchedulerOptions options;
    options.canary_share = 0.01;
    Rig rig(options);
    rig.offer(model_a, gib, 5);
    rig.join_ready({"n1", "s1", "o1"});
    rig.open({.items = 1000});
    auto lease = rig.leases("n1").front();
    for (std::uint32_t i = 0; i < lease.items.size(); ++i)
        if (lease.items[i].canary) rig.finish(lease, i, "x", Verdict::wrong);
    REQUIRE(rig.all<RevokeLease>().size() >= 1);
    CHECK(rig.all<RevokeLease>().front().loss == LossCause::rejected);
    CHECK(rig.view("n1").outstanding_items == 0);
    rig.clear();
    for (int probe = 0; probe < 4 && rig.view("n1").trust < 0.2; ++probe) {
        rig.advance(31s);
        REQUIRE_FALSE(rig.leases("n1").empty());
        const auto check = rig.leases("n1").back();
        REQUIRE(check.items.size() == 1);
        CHECK(check.items.front().canary);
        rig.finish(check, 0, "x", Verdict::verified);
    }
    CHECK(rig.view("n1").trust >= 0.2);
    CHECK(rig.view("n1").outstanding_items > 1);
}

TEST_CASE("results of a node with many passed checks count as verified") {
    SchedulerOptions options;
    options.canary_share = 0.2;
    Rig rig(options);
    rig.offer(model_a, gib, 5);
    rig.join_ready({"n1", "s1", "o1"});
    rig.open({.items = 500});
    CHECK_FALSE(rig.view("n1").trust > 0.9);
    std::size_t done = 0;
    while (done < rig.leases("n1").size()) {
        const auto lease = rig.leases("n1")[done++];
        rig.advance(1s);
        rig.finish_all(lease);
    }
    const auto settled = rig.all<SettleItem>();
    REQUIRE(settled.size() == 500);
    CHECK_FALSE(settled.front().verified);
    CHECK(settled.back().verified);
    CHECK(rig.view("n1").trust > 0.9);
}

TEST_CASE("trust is kept per device, driver, engine and model, and over restarts") {
    Rig rig;
    rig.scheduler.restore_standing(
        "n1|Test CPU||llama.cpp 1 cpu|" + model_a.get(),
        R"({"good":45.0,"bad":1.0,"last_passed":true,"quota":500.0,"tokens_per_s":123.0})");
    rig.offer(model_a);
    rig.offer(model_b);
    rig.join_ready({"n1", "s1", "o1"});
    CHECK(rig.view("n1").trust > 0.95);
    CHECK(rig.view("n1").quota == 500);
    CHECK(rig.view("n1").tokens_per_s == doctest::Approx(123));
    rig.join_ready({"n2", "s2", "o2"}, model_b);
    CHECK(rig.view("n2").trust == doctest::Approx(0.5));
}

TEST_CASE("a kept standing that cannot be read starts anew and says so") {
    Rig rig;
    rig.scheduler.restore_standing("n1|x", "not json");
    rig.offer(model_a);
    CHECK(rig.all<Note>().size() == 1);
}
