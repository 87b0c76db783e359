/// Jobs that wait for cheaper hours, and jobs of which only so many items may be under way.

#include <map>

#include <doctest/doctest.h>

#include "shared/util/random.h"
#include "tests/unit/coordinator/core/scheduler/rig.h"

using namespace gleaner;
using namespace gleaner::core;
using namespace gleaner::core::test;

namespace {

JobOpened opened(const Rig& rig, std::uint32_t items, std::uint32_t replicas = 1) {
    JobOpened event;
    event.job = JobId{"job"};
    event.customer = CustomerId{"customer"};
    event.model = model_a;
    event.replicas = replicas;
    event.items = items;
    event.deadline = rig.now + 24h;
    return event;
}

std::uint32_t drained_by_limit(const Rig& rig) {
    std::uint32_t found = 0;
    for (const auto& drained : rig.all<JobDrained>())
        if (drained.limit_reached) ++found;
    return found;
}

}  // namespace

TEST_CASE("of a held job nothing is lent, until it is released") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"n1", "s1", "o1"});
    auto event = opened(rig, 10);
    event.held = true;
    rig.tell(event);
    rig.advance(60s);
    CHECK(rig.leases("n1").empty());
    CHECK(rig.scheduler.totals().pending_items == 0);
    rig.tell(JobReleased{JobId{"job"}});
    CHECK(rig.lent_to("n1") > 0);
    CHECK(rig.scheduler.totals().pending_items + rig.scheduler.totals().leased_items == 10);
}

TEST_CASE("what is lent of a job that is held goes on, and what comes back waits") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"n1", "s1", "o1"});
    rig.tell(opened(rig, 40));
    REQUIRE(rig.leases("n1").size() == 1);
    const auto lease = rig.leases("n1").front();
    rig.tell(JobHeld{JobId{"job"}});
    rig.tell(JobHeld{JobId{"job"}});
    rig.clear();
    rig.finish(lease, 0);
    CHECK(rig.all<SettleItem>().size() == 1);
    rig.give_back(lease, FailureCause::reclaimed);
    rig.advance(60s);
    CHECK(rig.leases("n1").empty());
    CHECK(rig.scheduler.totals().pending_items == 0);
    rig.tell(JobReleased{JobId{"job"}});
    rig.tell(JobReleased{JobId{"job"}});
    CHECK(rig.lent_to("n1") > 0);
}

TEST_CASE("another customer's job runs while one is held") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"n1", "s1", "o1"});
    auto event = opened(rig, 10);
    event.held = true;
    rig.tell(event);
    rig.open({.name = "other", .customer = "else", .items = 3});
    REQUIRE(rig.leases("n1").size() == 1);
    CHECK(rig.leases("n1").front().job == JobId{"other"});
}

TEST_CASE("a held job is cancelled and expires as any other") {
    Rig rig;
    rig.offer(model_a);
    auto event = opened(rig, 10);
    event.held = true;
    rig.tell(event);
    rig.tell(JobCancelled{JobId{"job"}});
    CHECK(rig.all<JobDrained>().size() == 1);
    event.job = JobId{"second"};
    event.deadline = rig.now + 1h;
    rig.tell(event);
    rig.advance(2h);
    REQUIRE(rig.all<JobDrained>().size() == 2);
    CHECK(rig.all<JobDrained>().back().expired);
    rig.tell(JobReleased{JobId{"second"}});  // too late: nothing happens
    rig.tell(JobLimited{JobId{"second"}, 1});
    CHECK(rig.all<JobDrained>().size() == 2);
}

TEST_CASE("no more items of a limited job are under way than may be") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"n1", "s1", "o1"});
    rig.join_ready({"n2", "s2", "o2"});
    auto event = opened(rig, 100);
    event.items_at_once = 3;
    rig.tell(event);
    CHECK(rig.lent_to("n1") + rig.lent_to("n2") == 3);
    rig.advance(30s);
    CHECK(rig.scheduler.totals().leased_items == 3);
    // An item that is done may have cost all that one can: only what is said then begins anew.
    const auto lease =
        rig.leases("n1").empty() ? rig.leases("n2").front() : rig.leases("n1").front();
    rig.finish(lease, 0);
    CHECK(rig.scheduler.totals().leased_items == 2);
    rig.tell(JobLimited{JobId{"job"}, 3});
    CHECK(rig.scheduler.totals().leased_items == 3);
}

TEST_CASE("a job of which no item may begin ends once nothing of it is under way") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"n1", "s1", "o1"});
    auto event = opened(rig, 10);
    event.items_at_once = 2;
    rig.tell(event);
    const auto lease = rig.leases("n1").front();
    rig.finish(lease, 0);
    rig.tell(JobLimited{JobId{"job"}, 1});  // one is under way
    CHECK(drained_by_limit(rig) == 0);
    rig.finish(lease, 1);
    rig.tell(JobLimited{JobId{"job"}, 0});
    CHECK(drained_by_limit(rig) == 1);
    CHECK(rig.all<SettleItem>().size() == 2);
    CHECK(rig.scheduler.totals().pending_items == 0);
}

TEST_CASE("a job ends at its limit also when its last item under way comes back undone") {
    Rig rig;
    rig.offer(model_a);
    rig.join_ready({"n1", "s1", "o1"});
    auto event = opened(rig, 10);
    event.items_at_once = 1;
    rig.tell(event);
    const auto lease = rig.leases("n1").front();
    rig.tell(JobLimited{JobId{"job"}, 0});
    CHECK(drained_by_limit(rig) == 0);
    rig.give_back(lease, FailureCause::reclaimed);
    CHECK(drained_by_limit(rig) == 1);
}

TEST_CASE("a job that is taken up with nothing left to spend ends at once") {
    Rig rig;
    rig.offer(model_a);
    auto event = opened(rig, 10);
    event.settled = {0, 1};
    event.items_at_once = 0;
    rig.tell(event);
    CHECK(drained_by_limit(rig) == 1);
}

TEST_CASE("an item of several results counts once, and its other results need no room") {
    Rig rig;
    rig.offer(model_a);
    for (int i = 0; i < 3; ++i) {
        const auto n = std::to_string(i);
        rig.join_ready({"n" + n, "s" + n, "o" + n});
    }
    auto event = opened(rig, 20, 3);
    event.items_at_once = 1;
    rig.tell(event);
    rig.advance(5s);
    std::map<std::uint32_t, int> lent;
    for (int i = 0; i < 3; ++i)
        for (const auto& lease : rig.leases("n" + std::to_string(i)))
            for (const auto& item : lease.items) ++lent[item.item];
    REQUIRE(lent.size() == 1);
    CHECK(lent.begin()->second == 3);
    for (int i = 0; i < 3; ++i) rig.finish_all(rig.leases("n" + std::to_string(i)).front());
    CHECK(rig.all<SettleItem>().size() == 1);
}

TEST_CASE("at random, a limit holds at every moment and the job ends") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        Random random(seed);
        Rig rig;
        rig.offer(model_a);
        for (int i = 0; i < 4; ++i) {
            const auto n = std::to_string(i);
            rig.join_ready({"n" + n, "s" + n, "o" + n});
        }
        const auto replicas = static_cast<std::uint32_t>(random.below(3) + 1);
        // Money: an item costs one to `worst`; the limit is what is left over `worst`.
        constexpr std::int64_t worst = 5;
        std::int64_t left = 60;
        auto event = opened(rig, 60, replicas);
        event.items_at_once = static_cast<std::uint32_t>(left / worst);
        rig.tell(event);
        std::size_t seen = 0;
        for (int step = 0; step < 2'000 && rig.all<JobDrained>().empty(); ++step) {
            std::vector<std::pair<SendLease, std::uint32_t>> open;
            for (int i = 0; i < 4; ++i)
                for (const auto& lease : rig.leases("n" + std::to_string(i)))
                    for (std::uint32_t index = 0; index < lease.items.size(); ++index)
                        open.emplace_back(lease, index);
            if (open.empty()) {
                rig.advance(3s);
                continue;
            }
            const auto& [lease, index] = open[random.below(open.size())];
            if (random.chance(0.2))
                rig.fail(lease, index, FailureCause::engine_crashed);
            else if (random.chance(0.1))
                rig.give_back(lease, FailureCause::reclaimed);
            else
                rig.finish(lease, index);
            const auto settled = rig.all<SettleItem>();
            for (; seen < settled.size(); ++seen) {
                if (settled[seen].results.empty()) continue;
                left -= static_cast<std::int64_t>(random.below(worst)) + 1;
                REQUIRE(left >= 0);
            }
            rig.tell(JobLimited{JobId{"job"}, static_cast<std::uint32_t>(left / worst)});
            if (random.chance(0.1)) rig.tell(JobHeld{JobId{"job"}});
            if (random.chance(0.3)) rig.tell(JobReleased{JobId{"job"}});
            if (random.chance(0.3)) rig.advance(2s);
        }
        rig.tell(JobReleased{JobId{"job"}});
        CHECK_MESSAGE(rig.all<JobDrained>().size() == 1, "seed " << seed);
    }
}

TEST_CASE("a forecast knows who is here, how fast they are and what goes before") {
    Rig rig;
    rig.offer(model_a);
    ForecastQuestion question;
    question.model = model_a;
    question.items = 100;
    question.tokens_per_item = 10;
    CHECK_FALSE(rig.scheduler.forecast(question).possible());
    rig.join_ready({"n1", "s1", "o1"});
    const auto alone = rig.scheduler.forecast(question);
    CHECK(alone.nodes_ready == 1);
    CHECK(alone.start_earliest == 0s);
    CHECK(alone.finish_earliest > 0s);
    CHECK(alone.finish_earliest < alone.finish_latest);
    question.items = 1'000;
    CHECK(rig.scheduler.forecast(question).finish_earliest > alone.finish_earliest);
    question.items = 100;
    rig.join_ready({"n2", "s2", "o2"});
    CHECK(rig.scheduler.forecast(question).finish_earliest < alone.finish_earliest);
    rig.open({.name = "before", .customer = "else", .items = 5'000});
    CHECK(rig.scheduler.forecast(question).start_latest > alone.start_latest);
    question.privacy = PrivacyClass::certified;
    CHECK_FALSE(rig.scheduler.forecast(question).possible());
    question.privacy = PrivacyClass::own;
    question.own_sites_of = OwnerId{"o2"};
    CHECK(rig.scheduler.forecast(question).nodes_ready == 1);
    question.own_sites_of = OwnerId{"nobody"};
    CHECK_FALSE(rig.scheduler.forecast(question).possible());
    question.model = model_b;
    CHECK_FALSE(rig.scheduler.forecast(question).possible());
}

TEST_CASE("a node that would have to load the model first begins later") {
    Rig rig;
    rig.offer(model_a);
    rig.join({"n1", "s1", "o1"});
    rig.advance(60s);  // it has not said that it runs anything
    ForecastQuestion question;
    question.model = model_a;
    question.items = 10;
    question.tokens_per_item = 10;
    const auto forecast = rig.scheduler.forecast(question);
    CHECK(forecast.nodes_ready == 0);
    CHECK(forecast.nodes_able == 1);
    CHECK(forecast.start_earliest > 0s);
    CHECK(forecast.start_latest > 1min);
}
