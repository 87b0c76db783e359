/// Aim: no sequence of verbs, repeated, rolled back or refused as it may be, pays a party more than
/// it had confirmed, or twice. Method: random operations from fixed seeds against a small model.

#include <map>

#include <doctest/doctest.h>

#include "shared/model/civil_day.h"
#include "shared/util/random.h"
#include "tests/support/payout_world.h"
#include "tests/support/store_world.h"

using namespace gleaner;
using namespace gleaner::store;
using namespace gleaner::testing;
using ledger::PayoutState;

namespace {

/// What the model knows of one payout.
struct Known {
    std::size_t party = 0;
    Money amount;
    PayoutState state = PayoutState::requested;
};

class Run {
public:
    explicit Run(std::uint64_t seed) : random_(seed) {
        add_operators(*store_);
        policy_.schedule = ledger::parse_schedule("weekly monday").value();
        parties_ = {party_of(world_.owner), party_of(world_.owner_partner),
                    party_of(world_.customer_partner)};
        earned_.resize(parties_.size());
        (void)verified_account(*store_, parties_[0]);
    }

    void step() {
        clock_.advance(Duration{static_cast<std::int64_t>(random_.below(60'000'000))});
        if (random_.chance(0.15)) return undone();
        act();
        learn();
    }

    void check() {
        const auto report = store_->check_ledger().value();
        for (const auto& violation : report.violations) MESSAGE(violation);
        REQUIRE(report.violations.empty());
        std::vector<Money> out(parties_.size());
        std::vector<Money> arrived(parties_.size());
        Money cash;
        for (const auto& [id, known] : payouts_) {
            if (known.state == PayoutState::failed || known.state == PayoutState::rejected)
                continue;
            out[known.party] += known.amount;
            if (known.state != PayoutState::settled) continue;
            arrived[known.party] += known.amount;
            cash += known.amount;
        }
        REQUIRE(balance(*store_, ledger::cash_account(Currency::cny)) == cash);
        for (std::size_t i = 0; i < parties_.size(); ++i) {
            const auto left = balance(*store_, confirmed_account(parties_[i], Currency::cny));
            REQUIRE(left + out[i] == earned_[i]);
            REQUIRE(left >= Money{});
            REQUIRE(arrived[i] <= earned_[i]);
        }
    }

    [[nodiscard]] std::size_t count(PayoutState state) const {
        std::size_t found = 0;
        for (const auto& [id, known] : payouts_) found += known.state == state ? 1 : 0;
        return found;
    }

private:
    std::int64_t below(std::uint64_t bound) {
        return static_cast<std::int64_t>(random_.below(bound));
    }
    std::size_t some_party() { return static_cast<std::size_t>(below(parties_.size())); }
    std::string some_payout() {
        if (ids_.empty() || random_.chance(0.02)) return "pay_none";
        return ids_[static_cast<std::size_t>(below(ids_.size()))];
    }
    std::string somebody() { return random_.chance(0.5) ? "ann" : "bob"; }

    void act() {
        Payouts payouts(*store_);
        switch (random_.below(10)) {
            case 0: {
                const auto party = some_party();
                const Money amount{below(3'000) * yuan + below(20'000)};
                if (amount == Money{}) return;
                earn(*store_, parties_[party], amount);
                gain_ = {party, amount};
                return;
            }
            case 1:
                return set_account();
            case 2:
            case 3:
                return request();
            case 4: {
                (void)payouts.approve(some_payout(), somebody());
                return;
            }
            case 5: {
                (void)payouts.approve(some_payout(), somebody());
                auto request = batch_request("b" + std::to_string(below(30)));
                if (random_.chance(0.3)) request.method = ledger::PayoutMethod::alipay;
                (void)payouts.export_batch(request, plain_unseal());
                return;
            }
            case 6:
                (void)payouts.settle(some_payout(), somebody(), "ref");
                return;
            case 7:
                (void)payouts.fail(some_payout(), somebody(), "why");
                return;
            case 8:
                if (random_.chance(0.5)) (void)payouts.reject(some_payout(), somebody(), "why");
                return;
            default:
                REQUIRE(run_due_payouts(*store_, policy_, 20'000 + below(60)).has_value());
        }
    }

    void set_account() {
        PayoutAccounts accounts(*store_);
        const auto& party = parties_[some_party()];
        if (random_.chance(0.5)) {
            const auto payee = random_.chance(0.7) ? bank_payee() : alipay_payee();
            (void)accounts.set(party, payee, plain_seal()).value();
        }
        const auto newest = accounts.newest(party);
        if (newest.has_value()) (void)accounts.verify(party, newest.value().version, "ann").value();
    }

    void request() {
        auto request = payout_request(parties_[some_party()], std::to_string(below(40)));
        if (random_.chance(0.5)) request.amount = Money{below(400'000) * 10'000};
        if (random_.chance(0.2)) {
            request.origin = PayoutOrigin::operator_;
            request.requested_by = somebody();
        }
        const auto party = request.party;
        const auto before = Payouts(*store_).payable(party, Currency::cny).value();
        const auto known = ids_.size();
        const auto asked = Payouts(*store_).request(request, policy_);
        if (asked.has_error() || payouts_.contains(asked.value().id)) {
            REQUIRE(Payouts(*store_).payable(party, Currency::cny).value() == before);
            return;
        }
        REQUIRE(known == ids_.size());
        REQUIRE(asked.value().amount <= before);
        REQUIRE(asked.value().amount >= policy_.minimum_of(Currency::cny));
    }

    /// Takes over what was done: payouts never vanish, change their amount, or go back.
    void learn() {
        if (gain_.second != Money{}) earned_[gain_.first] += std::exchange(gain_.second, {});
        PayoutFilter all;
        all.limit = 100'000;
        const auto listed = Payouts(*store_).list(all).value();
        REQUIRE(listed.size() >= ids_.size());
        for (auto payout = listed.rbegin(); payout != listed.rend(); ++payout) {
            const auto found = std::ranges::find(parties_, payout->party);
            const auto party = static_cast<std::size_t>(found - parties_.begin());
            const auto [known, fresh] =
                payouts_.try_emplace(payout->id, Known{party, payout->amount, payout->state});
            if (fresh) ids_.push_back(payout->id);
            REQUIRE(known->second.party == party);
            REQUIRE(known->second.amount == payout->amount);
            if (payout->state >= PayoutState::approved && payout->state <= PayoutState::settled)
                REQUIRE(ledger::enough(payout->approvals));
            if (ledger::is_over(known->second.state)) REQUIRE(known->second.state == payout->state);
            REQUIRE(payout->state >= known->second.state);
            known->second.state = payout->state;
        }
    }

    /// The same in a savepoint that is rolled back, beside something that stays.
    void undone() {
        REQUIRE(store_->begin().has_value());
        REQUIRE(store_->begin().has_value());
        for (auto count = 1 + below(4); count > 0; --count) act();
        store_->rollback();
        gain_ = {};
        act();
        REQUIRE(store_->commit().has_value());
        learn();
    }

    Random random_;
    ManualClock clock_;
    std::unique_ptr<Store> store_ =
        Store::open(":memory:", Store::Mode::read_write, clock_).value();
    StoreWorld world_ = StoreWorld::fill(*store_, clock_, {});
    ledger::PayoutPolicy policy_ = payout_policy();
    std::vector<PayoutParty> parties_;
    std::vector<Money> earned_;
    std::pair<std::size_t, Money> gain_;
    std::vector<std::string> ids_;  ///< in the order of their requests: the same for each seed
    std::map<std::string, Known> payouts_;
};

}  // namespace

TEST_CASE("no party is ever paid more than it had confirmed, whatever is done and repeated") {
    std::map<PayoutState, std::size_t> reached;
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        CAPTURE(seed);
        Run run(seed);
        for (int i = 0; i < 250; ++i) {
            run.step();
            if (i % 50 == 49) run.check();
        }
        for (const auto state : {PayoutState::settled, PayoutState::failed, PayoutState::rejected})
            reached[state] += run.count(state);
    }
    // The runs went everywhere.
    CHECK(reached[PayoutState::settled] > 20);
    CHECK(reached[PayoutState::failed] > 20);
    CHECK(reached[PayoutState::rejected] > 20);
}
