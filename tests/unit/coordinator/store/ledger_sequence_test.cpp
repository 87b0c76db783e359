/// Aim: no sequence of verbs, repeated, rolled back or refused as it may be, breaks the books.
/// Method: random operations from fixed seeds against a small model of what must be true.

#include <map>
#include <set>

#include <doctest/doctest.h>

#include "shared/util/random.h"
#include "tests/support/store_world.h"

using namespace gleaner;
using namespace gleaner::store;
using gleaner::testing::StoreWorld;

namespace {

class Run {
public:
    explicit Run(std::uint64_t seed) : random_(seed) {}

    void step() {
        clock_.advance(Duration{static_cast<std::int64_t>(random_.below(2'000))});
        switch (random_.below(8)) {
            case 0:
                return top_up();
            case 1:
                return admit();
            case 2:
                return end();
            case 3:
                return stream();
            case 4:
                return undone();
            default:
                return accept();
        }
    }

    void check() {
        const auto report = store_->check_ledger().value();
        for (const auto& violation : report.violations) MESSAGE(violation);
        REQUIRE(report.violations.empty());
        REQUIRE(report.meter_records == static_cast<std::int64_t>(billed_.size()));
        Money held;
        for (const auto& [id, settled] : settled_) {
            const auto job = store_->job_by_id(id).value();
            REQUIRE(job.counts.completed + job.counts.failed ==
                    static_cast<std::int64_t>(settled.size()));
            REQUIRE(store_->settled_items(job.number).value() ==
                    std::vector<std::int64_t>(settled.begin(), settled.end()));
            held += job.held;
        }
        REQUIRE(store_->available_credit(world_.customer.id).value() + held == paid_in_ - charged_);
    }

private:
    std::int64_t below(std::uint64_t bound) {
        return static_cast<std::int64_t>(random_.below(bound));
    }

    void top_up() {
        const auto key = std::to_string(below(6));
        const Money amount{1 + below(3) * 5'000};
        const bool known = top_ups_.contains(key);
        const auto status = store_->top_up(world_.customer.id, amount, key);
        REQUIRE(status.has_value() == (!known || top_ups_[key] == amount));
        if (known || status.has_error()) return;
        top_ups_[key] = amount;
        paid_in_ += amount;
    }

    void admit() {
        const Money hold{below(4'000)};
        const bool enough =
            hold == Money{} || store_->available_credit(world_.customer.id).value() >= hold;
        const auto job = store_->admit_job(world_.job(8), hold);
        REQUIRE(job.has_value() == enough);
        if (!enough) return;
        jobs_.push_back(job.value().id);
        settled_[jobs_.back()];
    }

    void end() {
        if (settled_.empty()) return;
        const auto id = some_job();
        const auto before = store_->job_by_id(id).value();
        const auto status = store_->end_job(id, JobState::completed, {}, {});
        REQUIRE(status.has_value());
        REQUIRE(store_->job_by_id(id).value().held == Money{});
    }

    void stream() {
        const auto attempt = "s" + std::to_string(below(40));
        Acceptance acceptance;
        acceptance.meters.push_back(world_.meter(attempt, {below(50)}));
        const auto outcome = store_->accept(std::span(&acceptance, 1)).value().at(0);
        REQUIRE((outcome == Accepted::accepted) == bill(acceptance));
    }

    /// Settles a group; some items repeat earlier ones, some fail.
    void accept() {
        if (settled_.empty()) return;
        std::vector<Acceptance> group;
        std::vector<JobId> ids;
        for (auto count = 1 + below(6); count > 0; --count) {
            ids.push_back(some_job());
            group.push_back(item(ids.back()));
        }
        const auto outcomes = store_->accept(group).value();
        REQUIRE(outcomes.size() == group.size());
        for (std::size_t i = 0; i < group.size(); ++i) {
            const bool ended = store_->job_by_id(ids[i]).value().ended.has_value();
            const auto index = group[i].outcome.index;
            const bool fresh = !settled_[ids[i]].contains(index);
            REQUIRE((outcomes[i] == Accepted::already_settled) == !fresh);
            REQUIRE((outcomes[i] == Accepted::accepted) == (fresh && !ended));
            if (outcomes[i] != Accepted::accepted) continue;
            settled_[ids[i]].insert(index);
            (void)bill(group[i]);
        }
    }

    /// The same again in a savepoint that is rolled back, beside a call that stays.
    void undone() {
        if (settled_.empty()) return;
        REQUIRE(store_->begin().has_value());
        const std::vector lost{item(some_job()), item(some_job())};
        REQUIRE(store_->begin().has_value());
        (void)store_->accept(lost).value();
        if (random_.chance(0.5)) (void)store_->admit_job(world_.job(1), {1});
        store_->rollback();
        accept();
        if (random_.chance(0.3)) (void)store_->open_jobs().value();
        REQUIRE(store_->commit().has_value());
    }

    Acceptance item(const JobId& id) {
        const auto job = store_->job_by_id(id).value();
        auto acceptance =
            world_.item(job, below(8), {below(700)}, static_cast<std::size_t>(below(2)));
        acceptance.meters[0].attempt_key += "/" + std::to_string(below(2));
        if (random_.chance(0.2)) {
            acceptance.meters.push_back(world_.meter("p" + std::to_string(below(500)), {3}, 1));
        }
        if (random_.chance(0.15)) {
            acceptance.meters.clear();
            acceptance.outcome.failed = true;
        }
        return acceptance;
    }

    bool bill(const Acceptance& acceptance) {
        bool any = false;
        for (const auto& meter : acceptance.meters) {
            if (!billed_.insert(meter.attempt_key).second) continue;
            charged_ += meter.price;
            any = true;
        }
        return any;
    }

    JobId some_job() {
        // Ids are random: a run is the same for each seed only by the order of admission.
        return jobs_[static_cast<std::size_t>(below(jobs_.size()))];
    }

    Random random_;
    ManualClock clock_;
    std::unique_ptr<Store> store_ =
        Store::open(":memory:", Store::Mode::read_write, clock_).value();
    StoreWorld world_ = StoreWorld::fill(*store_, clock_, {});
    std::vector<JobId> jobs_;
    std::map<JobId, std::set<std::int64_t>> settled_;
    std::map<std::string, Money> top_ups_;
    std::set<std::string> billed_;
    Money paid_in_;
    Money charged_;
};

}  // namespace

TEST_CASE("the books hold after any sequence of operations") {
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        CAPTURE(seed);
        Run run(seed);
        for (int i = 0; i < 150; ++i) {
            run.step();
            if (i % 30 == 29) run.check();
        }
    }
}
