/// Aim: `kill -9` at any moment loses no acknowledged result and bills nothing twice.
/// Method: a child process accepts items through the real executor, and with them online answers
/// whose requests had an Idempotency-Key; it reports each acknowledged one through a pipe and is
/// killed after a random number of reports; the parent reopens the file and compares. The next
/// round's child sends some settled items again.

#include <algorithm>
#include <csignal>
#include <poll.h>
#include <set>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <doctest/doctest.h>

#include "coordinator/store/executor.h"
#include "shared/util/random.h"
#include "tests/support/store_world.h"
#include "tests/support/temporary_folder.h"

namespace asio = boost::asio;
using namespace gleaner;
using namespace gleaner::store;
using gleaner::testing::StoreWorld;

namespace {

constexpr std::int64_t items = 1'000'000;
constexpr std::int64_t per_call = 16;
constexpr int calls_in_flight = 8;

/// Online answers stand below the items in what is reported.
std::int64_t as_report(std::int64_t answer) {
    return -1 - answer;
}

std::string key_of(std::int64_t answer) {
    return "key-" + std::to_string(answer);
}

RequestId request_of(std::int64_t answer) {
    return RequestId{"req_answer_" + std::to_string(answer)};
}

/// What the child does until it is killed.
class Acceptor {
public:
    Acceptor(const std::string& path, const StoreWorld& world, const Job& job, std::int64_t next,
             std::int64_t next_answer, int pipe)
        : executor_(StoreExecutor::start(path, clock_, io_.get_executor()).value()),
          world_(world),
          job_(job),
          next_(next),
          next_answer_(next_answer),
          pipe_(pipe),
          random_(random_seed()) {}

    void run() {
        for (int i = 0; i < calls_in_flight; ++i) submit();
        io_.run();
    }

private:
    void submit() {
        auto group = std::make_shared<std::vector<Acceptance>>();
        for (std::int64_t i = 0; i < per_call; ++i) group->push_back(some_item());
        const auto answer = next_answer_++;
        const auto& project = world_.project.id;
        executor_->post_write(
            [answer, project](Store& store) -> Status {
                GLEANER_TRY(store.claim_idempotency_key(project, key_of(answer), "sha"));
                return ok();
            },
            [](const Status& status) {
                if (status.has_error()) _exit(3);
            });
        group->push_back(online_answer(answer));
        executor_->post_write(
            [group](Store& store) -> Status {
                GLEANER_TRY(store.accept(*group));
                return ok();
            },
            [this, group](const Status& status) {
                if (status.has_error()) _exit(3);
                for (const auto& acceptance : *group) report(acceptance.outcome.index);
                submit();
            });
    }

    Acceptance some_item() {
        const bool again = next_ > 0 && random_.chance(0.3);
        const auto index =
            again ? static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(next_)))
                  : next_++;
        return world_.item(job_, index, {37}, static_cast<std::size_t>(index % 2));
    }

    Acceptance online_answer(std::int64_t answer) const {
        Acceptance acceptance;
        acceptance.outcome.index = as_report(answer);
        acceptance.outcome.request = request_of(answer);
        acceptance.meters.push_back(world_.meter("s" + std::to_string(answer), {5}));
        acceptance.receipt_json = R"({"answer":true})";
        acceptance.reply = KeptReply{world_.project.id, key_of(answer), 200, "reply"};
        return acceptance;
    }

    void report(std::int64_t index) {
        if (write(pipe_, &index, sizeof index) != sizeof index) _exit(4);
    }

    SystemClock clock_;
    asio::io_context io_;
    std::unique_ptr<StoreExecutor> executor_;
    const StoreWorld& world_;
    const Job& job_;
    std::int64_t next_;
    std::int64_t next_answer_;
    int pipe_;
    Random random_;
};

/// Reads reports until the child has sent `wanted`, kills it, and reads what was still under way.
void collect_and_kill(pid_t child, int pipe, std::uint64_t wanted, int extra_wait_ms,
                      std::set<std::int64_t>& acknowledged) {
    std::int64_t index = 0;
    for (std::uint64_t got = 0; got < wanted; ++got) {
        REQUIRE(read(pipe, &index, sizeof index) == sizeof index);
        acknowledged.insert(index);
    }
    // Any moment will do. Right after a report is when a report that came too early shows.
    if (extra_wait_ms > 0) (void)poll(nullptr, 0, extra_wait_ms);
    REQUIRE(kill(child, SIGKILL) == 0);
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));
    while (read(pipe, &index, sizeof index) == sizeof index) acknowledged.insert(index);
}

/// Counts the answers from `first` on that were billed; each has its reply kept, and no other has.
/// Stops at the first whose key was never claimed: they are claimed in order.
std::int64_t billed_answers(Store& store, const ProjectId& project, std::int64_t& first,
                            const std::set<std::int64_t>& acknowledged) {
    std::int64_t billed = 0;
    for (;; ++first) {
        const auto reply = store.claim_idempotency_key(project, key_of(first), "sha").value();
        const bool kept = reply && reply->http_status == 200;
        REQUIRE(store.receipt(project, request_of(first)).has_value() == kept);
        if (acknowledged.contains(as_report(first))) REQUIRE(kept);
        if (!reply) {
            ++first;
            return billed;
        }
        if (kept) {
            REQUIRE(reply->body == "reply");
            ++billed;
        }
    }
}

}  // namespace

TEST_CASE("a killed coordinator keeps every acknowledged result, billed once") {
    const testing::TemporaryFolder folder;
    const std::string path = (folder.path() / "store.db").string();
    const SystemClock clock;
    StoreWorld world;
    Job job;
    {
        auto store = Store::open(path, Store::Mode::read_write, clock).value();
        world = StoreWorld::fill(*store, clock, {1'000'000'000});
        job = store->admit_job(world.job(items), {100'000'000}).value();
    }
    Random random(20261124);
    std::set<std::int64_t> acknowledged;
    std::int64_t next = 0;
    std::int64_t next_answer = 0;
    std::int64_t answers = 0;
    for (int round = 0; round < 16; ++round) {
        CAPTURE(round);
        int pipes[2];
        REQUIRE(pipe(pipes) == 0);
        const pid_t child = fork();
        REQUIRE(child >= 0);
        if (child == 0) {
            close(pipes[0]);
            Acceptor(path, world, job, next, next_answer, pipes[1]).run();
            _exit(5);
        }
        close(pipes[1]);
        collect_and_kill(child, pipes[0], random.below(400),
                         round % 2 == 0 ? 0 : static_cast<int>(random.below(12)), acknowledged);
        close(pipes[0]);

        auto store = Store::open(path, Store::Mode::read_write, clock).value();
        const auto settled = store->settled_items(job.number).value();
        const auto count = static_cast<std::int64_t>(settled.size());
        REQUIRE(std::includes(settled.begin(), settled.end(), acknowledged.lower_bound(0),
                              acknowledged.end()));
        answers += billed_answers(*store, world.project.id, next_answer, acknowledged);
        const auto report = store->check_ledger().value();
        for (const auto& violation : report.violations) MESSAGE(violation);
        REQUIRE(report.violations.empty());
        REQUIRE(report.meter_records == count + answers);
        const auto after = store->job_by_id(job.id).value();
        REQUIRE(after.counts.completed == count);
        REQUIRE(after.held == Money{100'000'000 - 37 * count});
        next = settled.empty() ? 0 : settled.back() + 1;
    }
    CHECK(acknowledged.size() > 100);
    CHECK(answers > 10);
}
