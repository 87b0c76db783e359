/// Aim: whatever is admitted, accepted, undone and bounded in whatever order, no bound is passed by
/// what is admitted, and what is counted as spent is what was billed. Method: random operations
/// from fixed seeds against a small model.

#include <map>

#include <doctest/doctest.h>

#include "coordinator/store/budgets.h"
#include "coordinator/store/tenants.h"
#include "shared/util/random.h"
#include "tests/support/store_world.h"

using namespace gleaner;
using namespace gleaner::store;
using gleaner::testing::fake_sha256;
using gleaner::testing::StoreWorld;

namespace {

class Run {
public:
    explicit Run(std::uint64_t seed) : random_(seed) {
        for (std::uint64_t i = 0; i < 3; ++i) {
            keys_.push_back(store_
                                ->add_credential(PrincipalKind::project, world_.project.id.get(),
                                                 "", fake_sha256(200 + i))
                                .value()
                                .id);
        }
    }

    void step() {
        clock_.advance(std::chrono::hours(random_.below(30)));
        switch (random_.below(7)) {
            case 0:
                return cap();
            case 1:
                return limit();
            case 2:
                return budget();
            case 3:
                return admit();
            case 4:
                return end();
            case 5:
                return undone();
            default:
                return settle();
        }
    }

    void check() {
        const auto report = store_->check_ledger().value();
        for (const auto& violation : report.violations) MESSAGE(violation);
        REQUIRE(report.violations.empty());
        for (const auto& key : keys_) {
            const auto allowed = allowance(key);
            if (!caps_[key]) continue;
            REQUIRE(allowed.key == ledger::MonthlyCap{*caps_[key], used(key)});
        }
    }

private:
    struct Open {
        Job job;
        std::string key;
        Money held;
        std::int64_t next = 0;
    };

    std::int64_t below(std::uint64_t bound) {
        return static_cast<std::int64_t>(random_.below(bound));
    }
    std::int64_t month() { return month_of(day_of(clock_.wall())).number; }
    ledger::Allowance allowance(const std::string& key) {
        return tenants_.allowance(world_.customer.id, world_.project.id, key).value();
    }
    Money used(const std::string& key) {
        Money sum = spent_[{key, month()}];
        for (const auto& open : open_)
            if (open.key == key) sum += open.held;
        return sum;
    }
    const std::string& some_key() { return keys_[random_.below(keys_.size())]; }

    void cap() {
        const auto& key = some_key();
        KeyLimits limits;
        if (random_.chance(0.7)) limits.monthly_cap = Money{1 + below(4'000)};
        caps_[key] = limits.monthly_cap;
        (void)tenants_.set_key_limits(key, "", limits).value();
    }
    void limit() {
        limit_ = Money{below(3'000)};
        tenants_.set_credit_limit(world_.customer.id, Currency::cny, limit_).value();
    }
    void budget() {
        Budgets budgets(*store_);
        const BudgetSubject subject{SpenderKind::project, world_.project.id.get(), Currency::cny};
        hard_ = random_.chance(0.5);
        budget_ = Money{1 + below(9'000)};
        (void)budgets.set(subject, *budget_, hard_, {}).value();
    }

    void admit() {
        const auto key = some_key();
        const Money hold{1 + below(1'500)};
        Money all;
        for (const auto& one : keys_) all += used(one);
        const bool within_cap = !caps_[key] || used(key) + hold <= *caps_[key];
        const bool within_budget = !budget_ || !hard_ || all + hold <= *budget_;
        const bool within_credit = balance_ + limit_ >= hold;
        auto job = world_.job(6);
        job.api_key = key;
        const auto admitted = store_->admit_job(job, hold);
        REQUIRE(admitted.has_value() == (within_cap && within_budget && within_credit));
        if (admitted.has_error()) return;
        balance_ -= hold;
        open_.push_back({admitted.value(), key, hold});
    }
    void settle() {
        if (open_.empty()) return;
        auto& open = open_[random_.below(open_.size())];
        if (open.next >= 6) return;
        auto item = world_.item(open.job, open.next++, {below(400)});
        auto& meter = item.meters.front();
        meter.api_key = open.key;
        (void)store_->accept(std::span(&item, 1)).value();
        const Money from_hold = std::min(open.held, meter.price);
        open.held -= from_hold;
        balance_ -= meter.price - from_hold;
        spent_[{open.key, month()}] += meter.price;
    }
    void end() {
        if (open_.empty()) return;
        const auto which = open_.begin() + below(open_.size());
        store_->end_job(which->job.id, JobState::completed, {}, {}).value();
        balance_ += which->held;
        open_.erase(which);
    }
    /// The same things, and then never.
    void undone() {
        auto model = *this;
        store_->begin().value();
        for (int i = 0; i < 3; ++i) random_.chance(0.5) ? settle() : admit();
        store_->rollback();
        open_ = model.open_;
        spent_ = model.spent_;
        balance_ = model.balance_;
    }

    Random random_;
    ManualClock clock_;
    std::shared_ptr<Store> store_ =
        Store::open(":memory:", Store::Mode::read_write, clock_).value();
    StoreWorld world_ = StoreWorld::fill(*store_, clock_, {20'000});
    Tenants tenants_{*store_};
    std::vector<std::string> keys_;
    std::map<std::string, std::optional<Money>> caps_;
    std::map<std::pair<std::string, std::int64_t>, Money> spent_;
    std::vector<Open> open_;
    Money balance_{20'000};
    Money limit_;
    std::optional<Money> budget_;
    bool hard_ = false;
};

}  // namespace

TEST_CASE(
    "random histories never pass a cap, a hard budget or the credit, and count what was billed") {
    for (const std::uint64_t seed : {1, 2, 3, 4, 5, 6}) {
        CAPTURE(seed);
        Run run(seed);
        for (int i = 0; i < 150; ++i) {
            run.step();
            if (i % 10 == 0) run.check();
        }
        run.check();
    }
}
