/// Aim: whatever happens in whatever order, every cent is explained. Method: random histories of
/// everything that moves money, from fixed seeds, over days, weeks and a change of year, with calls
/// repeated, rolled back and cut off by a crash; after each step the books are recomputed from
/// their rows, and every party's statement leads from its opening to its closing balance.

#include <map>

#include "coordinator/store/customer_contracts.h"
#include "coordinator/store/earnings.h"
#include "coordinator/store/prices.h"
#include "coordinator/store/tenants.h"
#include "shared/util/random.h"
#include "tests/support/closing_world.h"
#include "tests/support/contract_world.h"
#include "tests/support/payout_world.h"

using namespace gleaner;
using namespace gleaner::store;
using namespace gleaner::testing;

namespace {

constexpr std::int64_t hour_micros = 3'600'000'000;
const std::string device = "cpu";

class History {
public:
    explicit History(std::uint64_t seed)
        : books_("2026-12-20 09:00:00", {200'000 * yuan}), random_(seed) {
        add_operators(*books_.store);
        policy_.schedule = ledger::parse_schedule("weekly monday").value();
        (void)verified_account(*books_.store, party_of(books_.world.owner));
        key_.kind = PrincipalKind::project;
        key_.customer = books_.world.customer.id;
        key_.credential_id =
            books_.store
                ->add_credential(PrincipalKind::project, books_.world.project.id.get(), "k",
                                 fake_sha256(60))
                .value()
                .id;
        publish();
    }

    void step() {
        books_.clock.advance(Duration{1 + below(20'000'000)});
        if (random_.chance(0.04)) return night();
        if (random_.chance(0.03)) return crash();
        if (random_.chance(0.05)) return undone();
        act();
    }

    void check() {
        books_.check();
        const auto& world = books_.world;
        auto& store = *books_.store;
        const WallTime now = books_.clock.wall() + 1h;
        const WallTime from = shanghai("2026-12-01 00:00:00");
        for (const WallTime middle : {from, start_of_day(day_of(books_.clock.wall()))}) {
            for (const auto& statement :
                 {store.owner_statement(world.owner.id, middle, now).value(),
                  store.partner_statement(world.owner_partner.id, middle, now).value(),
                  store.partner_statement(world.customer_partner.id, middle, now).value(),
                  store.customer_statement(world.customer.id, middle, now).value(),
                  store.platform_statement(middle, now).value()}) {
                const auto wrong = ledger::imbalance(statement);
                if (wrong) MESSAGE(*wrong);
                REQUIRE(!wrong);
            }
        }
        REQUIRE(store.customer_statement(world.customer.id, from, now).value().closing ==
                books_.credit());
    }

    /// What a longer look finds: every close matched, and each reserved hour cost what was signed.
    void check_all() {
        check();
        for (const auto kind : {ledger::PeriodKind::day, ledger::PeriodKind::month}) {
            const auto closes = books_.closes.list(kind, INT32_MAX, 1'000).value();
            for (const auto& closed : closes) REQUIRE(closed.mismatches == 0);
        }
        done["hour of a machine"] +=
            check_reserved_hours(*books_.store, key_.customer, books_.clock.wall() + 1h);
    }

    std::map<std::string, int> done;  ///< what came to pass, so that a test sees that it did

private:
    /// Doing it again gives the same answer and moves nothing.
    template <class Verb>
    auto twice(Verb verb) {
        const auto first = verb();
        if (first.has_error()) return first;
        const auto newest = newest_number();
        REQUIRE(verb().has_value());
        REQUIRE(newest_number() == newest);
        return first;
    }
    /// Of an entry or a meter record.
    std::int64_t newest_number() {
        Query query(*books_.store->state().database, sql::select_last_number);
        REQUIRE(query.next().value());
        return query.integer("number");
    }

    std::int64_t below(std::uint64_t bound) {
        return static_cast<std::int64_t>(random_.below(bound));
    }
    template <class T>
    T some(const std::vector<T>& of) {
        return of[static_cast<std::size_t>(below(of.size()))];
    }
    template <class Outcome>
    void note(const char* what, const Outcome& outcome) {
        if (outcome.has_value()) ++done[what];
    }

    void act() {
        auto& store = *books_.store;
        switch (random_.below(18)) {
            case 0:
                return note("top-up",
                            books_.top_up({(1 + below(900)) * yuan}, std::to_string(below(400))));
            case 1:
                return note("refund", Tenants(store).refund(
                                          books_.world.customer.id, {(1 + below(50)) * yuan},
                                          std::to_string(below(100)), Currency::cny));
            case 2:
                return admit();
            case 3:
                if (!jobs_.empty())
                    note("end", store.end_job(some(jobs_), JobState::completed, {}, {}));
                return;
            case 4:
                return publish();
            case 5:
            case 6:
                return offer();
            case 7:
            case 8:
                return deliver();
            case 9:
                return change_contract();
            case 10:
                return reverse();
            case 11:
            case 12:
                return pay_out();
            case 13:
            case 14:
                return stream();
            default:
                return accept();
        }
    }

    void publish() {
        PriceOffer offer;
        auto& sold = offer.book.currencies[Currency::cny];
        sold.device_hours[device] = {(1 + below(9)) * yuan / 2};
        sold.models["demo"] = {(1 + below(9)) * yuan, (1 + below(9)) * yuan};
        sold.storage = {below(3) * yuan};
        if (random_.chance(0.5))
            offer.book.bands = {{"night", 23 * 60, 7 * 60, ledger::every_day, 5'000}};
        note("prices", Prices(*books_.store).publish(offer));
    }

    void admit() {
        const auto job =
            books_.store->admit_job(books_.world.job(8), {below(400) * yuan + below(1'000)});
        note("batch", job);
        if (job.has_value()) jobs_.push_back(job.value().id);
    }

    void stream() {
        Acceptance acceptance;
        acceptance.meters.push_back(books_.world.meter("s" + std::to_string(below(2'000)),
                                                       {below(60 * yuan)},
                                                       static_cast<std::size_t>(below(2))));
        acceptance.outcome.request = acceptance.meters.front().request;
        acceptance.receipt_json = "{}";
        const auto accepted = books_.store->accept(std::span(&acceptance, 1));
        REQUIRE(accepted.has_value());
        requests_.push_back(acceptance.outcome.request);
        note("stream", accepted);
    }

    void accept() {
        if (jobs_.empty()) return;
        std::vector<Acceptance> group;
        for (auto count = 1 + below(5); count > 0; --count) {
            const auto job = books_.store->job_by_id(some(jobs_)).value();
            group.push_back(books_.world.item(job, below(8), {below(40 * yuan)},
                                              static_cast<std::size_t>(below(2))));
            auto& item = group.back();
            item.meters[0].attempt_key += "/" + std::to_string(below(2));
            if (random_.chance(0.15)) {
                item.meters.clear();
                item.receipt_json.clear();
                item.outcome.failed = true;
            } else {
                requests_.push_back(item.outcome.request);
            }
        }
        note("answers", books_.store->accept(group));
    }

    void offer() {
        ContractWish wish;
        wish.project = books_.world.project.id;
        wish.from = WallTime{(books_.clock.wall().micros / hour_micros + 1) * hour_micros};
        if (random_.chance(0.8))
            wish.reserved =
                ReservedDevices{device, static_cast<std::int32_t>(1 + below(3)), PrivacyClass::any};
        else
            wish.monthly = {(1 + below(3'000)) * yuan};
        if (wish.reserved && random_.chance(0.4)) {
            wish.to = wish.from + std::chrono::hours(1 + below(72));
        } else {
            wish.months = static_cast<std::int32_t>(1 + below(2));
            wish.renews = random_.chance(0.4);
        }
        CustomerContracts contracts(*books_.store);
        const auto made = contracts.offer(wish, {}, 12, "ops");
        note("offer", made);
        if (made.has_error()) return;
        const auto agreed = twice([&] { return contracts.sign(made.value().id, key_, 12); });
        note("signature", agreed);
        if (agreed.has_value()) contracts_.push_back(agreed.value().id);
    }

    void deliver() {
        CustomerContracts contracts(*books_.store);
        std::vector<DeliveredTime> rows;
        std::vector<std::pair<std::string, std::int64_t>> unfunded;
        const std::int64_t hour = books_.clock.wall().micros / hour_micros;
        const auto running = contracts.running(books_.clock.wall()).value();
        for (const auto& one : running) {
            if (!one.funded) {
                unfunded.emplace_back(one.id, 60'000'000);
                continue;
            }
            for (const auto& node : books_.world.nodes) {
                if (random_.chance(0.4)) continue;
                rows.push_back({one.id, node, books_.world.site.id, books_.world.owner.id, hour,
                                below(2 * hour_micros), below(hour_micros)});
            }
        }
        note("device time", contracts.add_delivered(rows, unfunded, hour));
        if (random_.chance(0.5)) note("hours", twice([&] { return contracts.bill_hours(); }));
    }

    void change_contract() {
        if (contracts_.empty()) return;
        CustomerContracts contracts(*books_.store);
        const auto id = some(contracts_);
        const auto choices = contracts.choices(id).value();
        switch (random_.below(5)) {
            case 0:
                return note("termination", twice([&] {
                                return contracts.terminate(id, choices.terminate.penalty, "key");
                            }));
            case 1:
                return note("no renewal", twice([&] { return contracts.end(id); }));
            default:
                return note("repricing", contracts.reprice(id, choices.reprice.fee));
        }
    }

    void reverse() {
        Earnings earnings(*books_.store);
        const auto& node = some(books_.world.nodes);
        switch (random_.below(5)) {
            case 0:
                return note("withheld", earnings.withhold(node, "checks failed"));
            case 1:
                return note("released", earnings.release(node, "ops"));
            case 2:
                return note("clawed back", earnings.claw_back(node, "ops", "cheat"));
            default:
                if (!requests_.empty())
                    note("reversal", earnings.refund(some(requests_), "ops", "broken"));
        }
    }

    void pay_out() {
        Payouts payouts(*books_.store);
        PayoutFilter all;
        all.limit = 100'000;
        const auto listed = payouts.list(all).value();
        const auto any = listed.empty() ? std::string("pay_none") : some(listed).id;
        const auto chance = below(20);
        if (chance < 6) {
            const auto request =
                payout_request(party_of(books_.world.owner), std::to_string(below(2'000)));
            return note("payout", payouts.request(request, policy_));
        }
        if (chance < 10) {
            (void)payouts.approve(any, "ann");
            return note("approval", payouts.approve(any, "bob"));
        }
        if (chance < 13)
            return note("bank file",
                        payouts.export_batch(batch_request("b" + std::to_string(below(2'000))),
                                             plain_unseal()));
        if (chance < 17) return note("settled", payouts.settle(any, "ann", "ref"));
        if (chance < 19) return note("failed", payouts.fail(any, "bob", "wrong account"));
        note("rejected", payouts.reject(any, "bob", "no"));
    }

    /// Some days pass, each with what follows a day's end.
    void night() {
        for (auto days = 1 + below(4); days > 0; --days) {
            const std::int64_t next = day_of(books_.clock.wall()) + 1;
            books_.set_micros((start_of_day(next) + 10min).micros);
            books_.close_days_until(date_text(next));
            auto& store = *books_.store;
            const auto steps = [&]() -> Status {
                GLEANER_TRY(charge_storage(store, next - 1));
                GLEANER_TRY(settle_contracts(store, next - 1));
                GLEANER_TRY(Earnings(store).confirm_through(next - 4));
                return run_due_payouts(store, policy_, next - 1);
            };
            REQUIRE(twice(steps).has_value());
            ++done["night"];
            if (const auto month = books_.closes.progress().value().next_month())
                note("month", books_.closes.run({ledger::PeriodKind::month, *month}, "bookkeeper"));
        }
    }

    /// What is done and then rolled back leaves nothing.
    void undone() {
        const Money before = books_.credit();
        const auto kept = std::tuple(jobs_, contracts_, requests_, done);
        REQUIRE(books_.store->begin().has_value());
        for (auto count = 1 + below(5); count > 0; --count) act();
        books_.store->rollback();
        std::tie(jobs_, contracts_, requests_, done) = kept;
        REQUIRE(books_.credit() == before);
    }

    /// The process ends in the middle of a transaction; the file is opened again.
    void crash() {
        const Money before = books_.credit();
        const auto kept = std::tuple(jobs_, contracts_, requests_, done);
        REQUIRE(books_.store->begin().has_value());
        for (auto count = 1 + below(3); count > 0; --count) act();
        books_.reopen();
        std::tie(jobs_, contracts_, requests_, done) = kept;
        REQUIRE(books_.credit() == before);
        ++done["crash"];
    }

    ClosingWorld books_;
    Random random_;
    ledger::PayoutPolicy policy_ = payout_policy();
    Principal key_;
    std::vector<JobId> jobs_;
    std::vector<std::string> contracts_;
    std::vector<RequestId> requests_;
};

}  // namespace

TEST_CASE("whatever happens, every cent is explained to everybody") {
    std::map<std::string, int> done;
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
        CAPTURE(seed);
        History history(seed);
        for (int step = 0; step < 600; ++step) {
            CAPTURE(step);
            history.step();
            if (step % 10 == 0) history.check();
        }
        history.check_all();
        for (const auto& [what, times] : history.done) done[what] += times;
    }
    for (const std::string what : {"top-up",   "refund",      "batch",       "end",
                                   "prices",   "offer",       "signature",   "device time",
                                   "hours",    "termination", "no renewal",  "repricing",
                                   "withheld", "released",    "clawed back", "reversal",
                                   "payout",   "approval",    "bank file",   "settled",
                                   "failed",   "rejected",    "stream",      "answers",
                                   "night",    "crash",       "month",       "hour of a machine"}) {
        INFO(what);
        CHECK(done[what] > 0);
    }
}
