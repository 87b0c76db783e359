/// Aim: `kill -9` between any two writes of a payout loses no acknowledged step, pays nothing twice
/// and leaves no money between accounts.
/// Method: a child process takes payouts from request to their end through the real executor, some
/// at a time, reports each acknowledged step through a pipe and is killed after a random number of
/// reports; the parent reopens the file and compares. The next round's child repeats the last
/// payouts from their beginning.

#include <algorithm>
#include <csignal>
#include <map>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include "coordinator/store/executor.h"
#include "shared/util/random.h"
#include "tests/support/payout_world.h"
#include "tests/support/store_world.h"
#include "tests/support/temporary_folder.h"

namespace asio = boost::asio;
using namespace gleaner;
using namespace gleaner::store;
using namespace gleaner::testing;
using ledger::PayoutState;

namespace {

constexpr Money earned{100'000'000 * yuan};
constexpr std::int64_t flows = 4;
constexpr std::int64_t steps = 8;

/// What a payout is known by, since ids are random: no two are asked for with one amount.
Money amount_of(std::int64_t index) {
    return {100 * yuan + index * 10'000};
}

ledger::PayoutPolicy two_people() {
    ledger::PayoutPolicy policy;  // without limits: every payout takes two
    return policy;
}

bool fails(std::int64_t index) {
    return index % 5 == 0;
}

/// What the child does until it is killed.
class Payer {
public:
    Payer(const std::string& path, PayoutParty party, std::int64_t next, int pipe)
        : executor_(StoreExecutor::start(path, clock_, io_.get_executor()).value()),
          party_(std::move(party)),
          next_(next),
          pipe_(pipe) {}

    void run() {
        for (std::int64_t i = 0; i < flows; ++i) {
            asio::co_spawn(io_, pay(), [](const std::exception_ptr&) { _exit(3); });
        }
        io_.run();
    }

private:
    using Step = std::function<Result<std::string>(Store&)>;

    asio::awaitable<void> pay() {
        for (;;) {
            const auto index = next_++;
            std::string id;
            Step request = [this, index](Store& store) -> Result<std::string> {
                const auto wanted = payout_request(party_, std::to_string(index), amount_of(index));
                GLEANER_TRY(const auto payout, Payouts(store).request(wanted, two_people()));
                return payout.id;
            };
            const auto asked = co_await executor_->write<std::string>(std::move(request));
            if (asked.has_error()) _exit(4);
            id = asked.value();
            report(index, 0);
            for (std::int64_t step = 1; step <= 4; ++step) {
                Step next = [this, index, id, step](Store& store) {
                    return do_step(store, index, id, step);
                };
                const auto done = co_await executor_->write<std::string>(std::move(next));
                // A repeated payout may be over already: its steps are refused.
                if (done.has_value())
                    report(index, step);
                else if (done.error().code() != ErrorCode::failed_precondition)
                    _exit(5);
            }
        }
    }

    static Result<std::string> do_step(Store& store, std::int64_t index, const std::string& id,
                                       std::int64_t step) {
        Payouts payouts(store);
        if (step == 1 || step == 2) {
            GLEANER_TRY(payouts.approve(id, step == 1 ? "ann" : "bob"));
            return id;
        }
        if (step == 3) {
            GLEANER_TRY(
                payouts.export_batch(batch_request("b" + std::to_string(index)), plain_unseal()));
            return id;
        }
        if (fails(index)) {
            GLEANER_TRY(payouts.fail(id, "ann", "no such account"));
        } else {
            GLEANER_TRY(payouts.settle(id, "ann", "ref"));
        }
        return id;
    }

    void report(std::int64_t index, std::int64_t step) {
        const std::int64_t word = index * steps + step;
        if (write(pipe_, &word, sizeof word) != sizeof word) _exit(6);
    }

    SystemClock clock_;
    asio::io_context io_;
    std::unique_ptr<StoreExecutor> executor_;
    PayoutParty party_;
    std::int64_t next_;
    int pipe_;
};

/// The last step of each payout that was acknowledged.
using Acknowledged = std::map<std::int64_t, std::int64_t>;

void note(Acknowledged& acknowledged, std::int64_t word) {
    auto& last = acknowledged.try_emplace(word / steps, 0).first->second;
    last = std::max(last, word % steps);
}

void collect_and_kill(pid_t child, int pipe, std::uint64_t wanted, int extra_wait_ms,
                      Acknowledged& acknowledged) {
    std::int64_t word = 0;
    for (std::uint64_t got = 0; got < wanted; ++got) {
        REQUIRE(read(pipe, &word, sizeof word) == sizeof word);
        note(acknowledged, word);
    }
    if (extra_wait_ms > 0) (void)poll(nullptr, 0, extra_wait_ms);
    REQUIRE(kill(child, SIGKILL) == 0);
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));
    while (read(pipe, &word, sizeof word) == sizeof word) note(acknowledged, word);
}

void check_step(const Payout& payout, std::int64_t index, std::int64_t step) {
    if (step >= 1) REQUIRE_FALSE(payout.approvals.operators.empty());
    if (step >= 2) REQUIRE(payout.state != PayoutState::requested);
    if (step >= 3) REQUIRE(payout.batch.has_value());
    if (step >= 4)
        REQUIRE(payout.state == (fails(index) ? PayoutState::failed : PayoutState::settled));
}

/// Returns how many payouts are settled.
std::int64_t check(Store& store, const PayoutParty& party, const Acknowledged& acknowledged) {
    PayoutFilter all;
    all.limit = 1'000'000;
    std::map<Money, Payout> by_amount;
    Money settled;
    Money under_way;
    std::int64_t count = 0;
    const auto listed = Payouts(store).list(all).value();
    for (const auto& payout : listed) {
        if (payout.state == PayoutState::settled) settled += payout.amount;
        if (payout.state == PayoutState::settled) ++count;
        if (!ledger::is_over(payout.state)) under_way += payout.amount;
        // One payout for each key: none was asked for twice.
        REQUIRE(by_amount.emplace(payout.amount, payout).second);
    }
    for (const auto& [index, step] : acknowledged) {
        CAPTURE(index);
        const auto found = by_amount.find(amount_of(index));
        REQUIRE(found != by_amount.end());
        check_step(found->second, index, step);
    }
    REQUIRE(balance(store, ledger::cash_account(Currency::cny)) == settled);
    REQUIRE(balance(store, confirmed_account(party, Currency::cny)) + under_way + settled ==
            earned);
    const auto report = store.check_ledger().value();
    for (const auto& violation : report.violations) MESSAGE(violation);
    REQUIRE(report.violations.empty());
    const auto batches = Payouts(store).batches(1'000'000, 1'000'000).value();
    for (const auto& batch : batches)
        REQUIRE(Payouts(store).batch_text(batch.number, plain_unseal()).has_value());
    return count;
}

}  // namespace

TEST_CASE("a killed coordinator pays every payout once and loses no step of it") {
    const testing::TemporaryFolder folder;
    const std::string path = (folder.path() / "store.db").string();
    const SystemClock clock;
    PayoutParty party;
    {
        auto store = Store::open(path, Store::Mode::read_write, clock).value();
        const auto world = StoreWorld::fill(*store, clock, {});
        party = party_of(world.owner);
        add_operators(*store);
        (void)verified_account(*store, party);
        earn(*store, party, earned);
    }
    Random random(20261201);
    Acknowledged acknowledged;
    std::int64_t settled = 0;
    for (int round = 0; round < 16; ++round) {
        CAPTURE(round);
        const auto known = static_cast<std::int64_t>(acknowledged.size());
        const auto next =
            std::max<std::int64_t>(0, known - static_cast<std::int64_t>(random.below(12)));
        int pipes[2];
        REQUIRE(pipe(pipes) == 0);
        const pid_t child = fork();
        REQUIRE(child >= 0);
        if (child == 0) {
            close(pipes[0]);
            Payer(path, party, next, pipes[1]).run();
            _exit(7);
        }
        close(pipes[1]);
        collect_and_kill(child, pipes[0], 1 + random.below(90),
                         round % 2 == 0 ? 0 : static_cast<int>(random.below(12)), acknowledged);
        close(pipes[0]);
        auto store = Store::open(path, Store::Mode::read_write, clock).value();
        settled = check(*store, party, acknowledged);
    }
    CHECK(settled > 20);
}
