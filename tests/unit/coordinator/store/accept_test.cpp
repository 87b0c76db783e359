#include <doctest/doctest.h>

#include "tests/support/store_world.h"

using namespace gleaner;
using namespace gleaner::store;
using gleaner::testing::StoreWorld;

namespace {

struct Fixture {
    ManualClock clock;
    std::unique_ptr<Store> store = Store::open(":memory:", Store::Mode::read_write, clock).value();
    StoreWorld world = StoreWorld::fill(*store, clock, {1'000'000});
    Job job = store->admit_job(world.job(10), {1'000}).value();

    Result<Accepted> accept(const Acceptance& acceptance) {
        GLEANER_TRY(const auto all, store->accept(std::span(&acceptance, 1)));
        return all.at(0);
    }
    Acceptance stream(const std::string& attempt, Money price) const {
        Acceptance acceptance;
        acceptance.outcome.request = RequestId{"req_stream"};
        acceptance.meters.push_back(world.meter(attempt, price));
        acceptance.receipt_json = R"({"stream":1})";
        return acceptance;
    }
    Money credit() { return store->available_credit(world.customer.id).value(); }
    Money held() { return store->job_by_id(job.id).value().held; }
    Money earned() {
        return store->owner_statement(world.owner.id, {}, clock.wall() + 1h).value().closing;
    }
    void check_books() {
        const auto report = store->check_ledger().value();
        for (const auto& violation : report.violations) MESSAGE(violation);
        CHECK(report.violations.empty());
        CHECK(report.sum == Money{});
    }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "an accepted item is settled, metered, paid from the hold") {
    CHECK(accept(world.item(job, 3, {100})).value() == Accepted::accepted);
    CHECK(held() == Money{900});
    CHECK(earned() == Money{70});
    CHECK(store->job_by_id(job.id).value().counts.completed == 1);
    CHECK(store->settled_items(job.number).value() == std::vector<std::int64_t>{3});
    CHECK(store->receipt(world.project.id, RequestId{"req_1:3"}).value() == R"({"receipt":true})");
    CHECK(store->check_ledger().value().meter_records == 1);
    check_books();
}

TEST_CASE_FIXTURE(Fixture, "an item is settled once, whoever sends it again") {
    (void)accept(world.item(job, 3, {100})).value();
    CHECK(accept(world.item(job, 3, {100})).value() == Accepted::already_settled);
    auto other_attempt = world.item(job, 3, {500}, 1);
    other_attempt.meters[0].attempt_key = "elsewhere:3";
    CHECK(accept(other_attempt).value() == Accepted::already_settled);
    CHECK(held() == Money{900});
    CHECK(store->job_by_id(job.id).value().counts.completed == 1);
    check_books();
}

TEST_CASE_FIXTURE(Fixture, "an attempt is billed once, even under another item") {
    (void)accept(world.item(job, 3, {100})).value();
    auto copied = world.item(job, 4, {100});
    copied.meters[0].attempt_key = "1:3";
    CHECK(accept(copied).value() == Accepted::accepted);
    CHECK(held() == Money{900});
    CHECK(store->check_ledger().value().meter_records == 1);
    check_books();
}

TEST_CASE_FIXTURE(Fixture, "a reply is kept with its bill, or neither is") {
    const auto& project = world.project.id;
    const auto stored = [&] { return store->claim_idempotency_key(project, "k", "sha").value(); };
    REQUIRE_FALSE(stored());
    auto answer = stream("s1", {100});
    answer.reply = KeptReply{project, "k", 200, "the reply"};
    auto unbilled = answer;
    unbilled.meters[0].owner = OwnerId{"owner_other"};
    CHECK(accept(unbilled).error().code() == ErrorCode::failed_precondition);
    CHECK(stored()->http_status == 0);
    auto shapeless = answer;
    shapeless.reply->http_status = 0;
    CHECK(accept(shapeless).error().code() == ErrorCode::invalid_argument);
    CHECK(credit() == Money{999'000});

    CHECK(accept(answer).value() == Accepted::accepted);
    CHECK(stored()->http_status == 200);
    CHECK(stored()->body == "the reply");
    CHECK(credit() == Money{998'900});
    CHECK(accept(answer).value() == Accepted::already_settled);
    CHECK(credit() == Money{998'900});
    check_books();
}

TEST_CASE_FIXTURE(Fixture, "a reply to what cost nothing is kept, too") {
    const auto& project = world.project.id;
    (void)store->claim_idempotency_key(project, "k", "sha").value();
    Acceptance refused;
    refused.reply = KeptReply{project, "k", 400, "the error"};
    CHECK(accept(refused).value() == Accepted::accepted);
    CHECK(store->claim_idempotency_key(project, "k", "sha").value()->http_status == 400);
    check_books();
}

TEST_CASE_FIXTURE(Fixture, "a failed item costs nothing and counts as failed") {
    auto failed = world.item(job, 0, {});
    failed.outcome.failed = true;
    failed.outcome.http_status = 500;
    CHECK(accept(failed).error().code() == ErrorCode::invalid_argument);
    failed.meters.clear();
    CHECK(accept(failed).value() == Accepted::accepted);
    const auto counts = store->job_by_id(job.id).value().counts;
    CHECK(counts.failed == 1);
    CHECK(counts.completed == 0);
    CHECK(held() == Money{1'000});
}

TEST_CASE_FIXTURE(Fixture, "what the hold does not cover comes from the customer's credit") {
    const auto before = credit();
    const std::vector both{world.item(job, 0, {900}), world.item(job, 1, {300})};
    (void)store->accept(both).value();
    CHECK(held() == Money{0});
    CHECK(credit() == before - Money{200});
    (void)accept(world.item(job, 2, {50})).value();
    CHECK(credit() == before - Money{250});
    check_books();
}

TEST_CASE_FIXTURE(Fixture, "the parts of one answer each pay the node that made them") {
    auto moved = world.item(job, 0, {100}, 0);
    moved.meters.push_back(world.meter("second", {60}, 1));
    CHECK(accept(moved).value() == Accepted::accepted);
    CHECK(held() == Money{840});
    CHECK(earned() == Money{112});
    const auto lines = store->owner_statement(world.owner.id, {}, clock.wall() + 1h).value().lines;
    CHECK(lines.size() == 2);
    check_books();
}

TEST_CASE_FIXTURE(Fixture, "a stream is paid from the customer's credit, once per attempt") {
    const auto before = credit();
    CHECK(accept(stream("s1", {40})).value() == Accepted::accepted);
    CHECK(accept(stream("s1", {40})).value() == Accepted::already_settled);
    CHECK(credit() == before - Money{40});
    CHECK(store->receipt(world.project.id, RequestId{"req_stream"}).has_value());
    check_books();
}

TEST_CASE_FIXTURE(Fixture, "work that is free is metered and moves no money") {
    CHECK(accept(world.item(job, 0, {0})).value() == Accepted::accepted);
    CHECK(held() == Money{1'000});
    const auto lines = store->owner_statement(world.owner.id, {}, clock.wall() + 1h).value().lines;
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].prompt_tokens == 20);
    check_books();
}

TEST_CASE_FIXTURE(Fixture, "a job that is assembled or has ended takes no more results") {
    (void)accept(world.item(job, 0, {10})).value();
    REQUIRE(store->set_job_state(job.id, JobState::cancelling).has_value());
    CHECK(accept(world.item(job, 1, {10})).value() == Accepted::accepted);
    REQUIRE(store->set_job_state(job.id, JobState::finalizing).has_value());
    CHECK(accept(world.item(job, 2, {10})).value() == Accepted::job_ended);
    REQUIRE(store->end_job(job.id, JobState::cancelled, {}, {}).has_value());
    CHECK(accept(world.item(job, 2, {10})).value() == Accepted::job_ended);
    CHECK(accept(world.item(job, 0, {10})).value() == Accepted::already_settled);
    CHECK(store->check_ledger().value().meter_records == 2);
    check_books();
}

TEST_CASE_FIXTURE(Fixture, "an item outside its job, or of another project, is refused") {
    CHECK(accept(world.item(job, 10, {1})).error().code() == ErrorCode::invalid_argument);
    CHECK(accept(world.item(job, -1, {1})).error().code() == ErrorCode::invalid_argument);
    auto unknown = world.item(job, 0, {1});
    unknown.job = JobId{"batch_x"};
    CHECK(accept(unknown).error().code() == ErrorCode::not_found);
    auto foreign = world.item(job, 0, {1});
    foreign.meters[0].project = store->add_project(world.customer.id, "other").value().id;
    CHECK(accept(foreign).error().code() == ErrorCode::invalid_argument);
    CHECK(store->settled_items(job.number).value().empty());
}

TEST_CASE_FIXTURE(Fixture, "a meter record that names a stranger's node is refused whole") {
    const auto other = store->add_owner("Other", {}).value();
    auto wrong = world.item(job, 0, {1});
    wrong.meters[0].owner = other.id;
    CHECK(accept(wrong).error().code() == ErrorCode::failed_precondition);
    (void)accept(world.item(job, 1, {1})).value();
    CHECK(accept(wrong).error().code() == ErrorCode::failed_precondition);
    wrong = world.item(job, 0, {1});
    wrong.meters[0].node = NodeId{"node_x"};
    CHECK(accept(wrong).error().code() == ErrorCode::failed_precondition);
    CHECK(store->settled_items(job.number).value() == std::vector<std::int64_t>{1});
    check_books();
}

TEST_CASE_FIXTURE(Fixture, "an error in a group leaves nothing of the group") {
    const std::vector group{world.item(job, 0, {100}), world.item(job, 99, {100})};
    CHECK(store->accept(group).has_error());
    CHECK(store->settled_items(job.number).value().empty());
    CHECK(held() == Money{1'000});
    check_books();
}

TEST_CASE_FIXTURE(Fixture, "a call that is rolled back leaves the rest of its transaction right") {
    store->begin().value();
    (void)accept(world.item(job, 0, {100})).value();
    store->begin().value();
    (void)accept(world.item(job, 1, {100})).value();
    store->rollback();
    store->begin().value();
    (void)accept(world.item(job, 2, {10})).value();
    CHECK(held() == Money{890});
    store->commit().value();
    store->commit().value();
    CHECK(held() == Money{890});
    CHECK(store->job_by_id(job.id).value().counts.completed == 2);
    CHECK(store->settled_items(job.number).value() == std::vector<std::int64_t>{0, 2});
    check_books();
}

TEST_CASE_FIXTURE(Fixture, "outcomes come in input order, whatever order they settled in") {
    for (const std::int64_t index : {7, 2, 5}) {
        (void)accept(world.item(job, index, {1})).value();
    }
    const auto second = store->admit_job(world.job(1), {}).value();
    (void)accept(world.item(second, 0, {1})).value();
    std::vector<std::int64_t> seen;
    const auto status = store->for_each_outcome(job.number, [&](const ItemOutcome& outcome) {
        seen.push_back(outcome.index);
        CHECK(outcome.job_number == job.number);
        CHECK(outcome.body == R"({"answer":42})");
        // A callback may read the store, even with the same statement.
        return store->for_each_outcome(second.number, [](const ItemOutcome&) { return ok(); });
    });
    CHECK(status.has_value());
    CHECK(seen == std::vector<std::int64_t>{2, 5, 7});
    const auto stopped = store->for_each_outcome(job.number, [](const ItemOutcome&) -> Status {
        return Error(ErrorCode::cancelled, "enough");
    });
    CHECK(stopped.error().code() == ErrorCode::cancelled);
}

TEST_CASE_FIXTURE(Fixture, "a receipt is its project's alone") {
    (void)accept(world.item(job, 3, {1})).value();
    const auto other = store->add_project(world.customer.id, "other").value();
    CHECK(store->receipt(other.id, RequestId{"req_1:3"}).error().code() == ErrorCode::not_found);
    REQUIRE(store->add_receipt(other.id, RequestId{"req_9"}, "{}").has_value());
    CHECK(store->receipt(other.id, RequestId{"req_9"}).value() == "{}");
    CHECK(store->receipt(world.project.id, RequestId{"req_9"}).error().message() ==
          store->receipt(world.project.id, RequestId{"req_none"}).error().message());
}
