/// Aim: `kill -9` between any two writes of earnings and of customers' contracts leaves books that
/// balance: what is pending is what the unconfirmed work yields, nothing is confirmed, billed or
/// given back twice.
/// Method: a child process bills work, confirms days, withholds, releases and claws back nodes and
/// refunds requests, has contracts signed, billed by the hour, repriced and left, days passing
/// between; it reports each step through a pipe and is killed after
/// a random number of them. The parent reopens the file and recomputes the whole ledger.

#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "coordinator/store/customer_contracts.h"
#include "coordinator/store/earnings.h"
#include "coordinator/store/prices.h"
#include "coordinator/store/referrals.h"
#include "shared/model/civil_day.h"
#include "shared/util/random.h"
#include "tests/support/store_world.h"
#include "tests/support/temporary_folder.h"

using namespace gleaner;
using namespace gleaner::store;
using gleaner::testing::StoreWorld;

namespace {

constexpr int rounds = 16;
constexpr std::int64_t hour_micros = 3'600'000'000;
constexpr Duration between_rounds = std::chrono::hours(24 * 40);

/// What the child does until it is killed. The clock goes on from where the round begins.
class Earner {
public:
    Earner(const std::string& path, const StoreWorld& world, const Principal& customer, int round,
           int pipe)
        : world_(world), customer_(customer), round_(round), pipe_(pipe), random_(random_seed()) {
        clock_.advance(between_rounds * round);
        store_ = Store::open(path, Store::Mode::read_write, clock_).value();
    }

    void run() {
        for (;;) {
            clock_.advance(Duration{static_cast<std::int64_t>(random_.below(6'000'000'000))});
            step();
            const char done = 1;
            if (write(pipe_, &done, 1) != 1) _exit(6);
        }
    }

private:
    void step() {
        Earnings earnings(*store_);
        const auto& node = world_.nodes[random_.below(world_.nodes.size())];
        switch (random_.below(12)) {
            case 0:
                earnings.confirm_through(day_of(clock_.wall()) - 2).value();
                return;
            case 1:
                earnings.withhold(node, "a check").value();
                return;
            case 2:
                (void)earnings.release(node, "ann");
                return;
            case 3:
                (void)earnings.claw_back(node, "ann", "why");
                return;
            case 4:
                if (!requests_.empty()) {
                    (void)earnings.refund(requests_[random_.below(requests_.size())], "ann", "why")
                        .value();
                }
                return;
            case 5:
                return sign();
            case 6:
            case 7:
                return deliver();
            case 8:
                return change();
            default:
                work();
        }
    }

    void sign() {
        PriceOffer offer;
        offer.book.currencies[Currency::cny].device_hours["cpu"] = {
            static_cast<std::int64_t>(1 + random_.below(900))};
        (void)Prices(*store_).publish(offer).value();
        ContractWish wish;
        wish.project = world_.project.id;
        wish.reserved = ReservedDevices{"cpu", 1, PrivacyClass::any};
        wish.from = {clock_.wall().micros / hour_micros * hour_micros};
        wish.months = 1;
        CustomerContracts contracts(*store_);
        const auto offered = contracts.offer(wish, {}, 1'000, "ops").value();
        (void)contracts.sign(offered.id, customer_, 1'000).value();
        contracts_.push_back(offered.id);
    }

    void deliver() {
        CustomerContracts contracts(*store_);
        const std::int64_t hour = clock_.wall().micros / hour_micros;
        const auto running = contracts.running(clock_.wall()).value();
        std::vector<DeliveredTime> rows;
        for (const auto& one : running)
            rows.push_back({one.id, world_.nodes[random_.below(world_.nodes.size())],
                            world_.site.id, world_.owner.id, hour,
                            static_cast<std::int64_t>(random_.below(hour_micros)), 1});
        contracts.add_delivered(rows, {}, hour).value();
        contracts.bill_hours().value();
    }

    void change() {
        if (contracts_.empty()) return;
        CustomerContracts contracts(*store_);
        const auto& id = contracts_[random_.below(contracts_.size())];
        const auto choices = contracts.choices(id).value();
        if (random_.chance(0.5))
            (void)contracts.terminate(id, choices.terminate.penalty, "key");
        else
            (void)contracts.reprice(id, choices.reprice.fee);
    }

    void work() {
        const auto attempt = std::to_string(round_) + "-" + std::to_string(++attempts_);
        Acceptance stream;
        stream.meters.push_back(world_.meter(attempt,
                                             {static_cast<std::int64_t>(random_.below(900))},
                                             random_.below(world_.nodes.size())));
        stream.outcome.request = stream.meters.front().request;
        stream.receipt_json = R"({"created":)" + std::to_string(clock_.wall().seconds()) + "}";
        (void)store_->accept(std::span(&stream, 1)).value();
        requests_.push_back(stream.outcome.request);
    }

    ManualClock clock_;
    std::unique_ptr<Store> store_;
    const StoreWorld& world_;
    const Principal& customer_;
    int round_;
    int pipe_;
    Random random_;
    int attempts_ = 0;
    std::vector<RequestId> requests_;
    std::vector<std::string> contracts_;
};

}  // namespace

TEST_CASE("earnings that are killed anywhere balance, and can go on") {
    const testing::TemporaryFolder folder;
    const std::string path = (folder.path() / "store.db").string();
    ManualClock clock;
    StoreWorld world;
    Principal customer;
    {
        auto store = Store::open(path, Store::Mode::read_write, clock).value();
        world = StoreWorld::fill(*store, clock, {1'000'000'000}, 3);
        REQUIRE(
            Referrals(*store).set_cap(world.owner_partner.id, Currency::cny, {900}).has_value());
        customer.customer = world.customer.id;
        customer.credential_id =
            store
                ->add_credential(PrincipalKind::project, world.project.id.get(), "k",
                                 testing::fake_sha256(90))
                .value()
                .id;
    }
    Random random(random_seed());
    std::int64_t records = 0;
    for (int round = 0; round < rounds; ++round) {
        CAPTURE(round);
        int pipes[2];
        REQUIRE(pipe(pipes) == 0);
        const pid_t child = fork();
        REQUIRE(child >= 0);
        if (child == 0) {
            close(pipes[0]);
            Earner(path, world, customer, round, pipes[1]).run();
        }
        close(pipes[1]);
        char done = 0;
        const auto wanted = 1 + random.below(150);
        for (std::uint64_t i = 0; i < wanted; ++i) REQUIRE(read(pipes[0], &done, 1) == 1);
        if (random.chance(0.5)) usleep(static_cast<useconds_t>(random.below(4'000)));
        REQUIRE(kill(child, SIGKILL) == 0);
        int status = 0;
        REQUIRE(waitpid(child, &status, 0) == child);
        REQUIRE(WIFSIGNALED(status));
        close(pipes[0]);

        clock.advance(between_rounds);
        auto store = Store::open(path, Store::Mode::read_write, clock).value();
        const auto report = store->check_ledger().value();
        for (const auto& violation : report.violations) MESSAGE(violation);
        REQUIRE(report.violations.empty());
        REQUIRE(report.meter_records >= records);
        records = report.meter_records;
    }
    CHECK(records > 100);
    // All decided and all days over: nothing is left pending.
    auto store = Store::open(path, Store::Mode::read_write, clock).value();
    Earnings earnings(*store);
    for (const auto& node : world.nodes) (void)earnings.release(node, "ann");
    REQUIRE(earnings.confirm_through(day_of(clock.wall()) - 1).has_value());
    const auto now = clock.wall() + 1s;  // what was posted at this moment included
    CHECK(store->owner_statement(world.owner.id, {}, now).value().pending.micros == 0);
    CHECK(store->check_ledger().value().violations.empty());
}
