#include <doctest/doctest.h>

#include "tests/support/store_world.h"

using namespace gleaner;
using namespace gleaner::store;
using gleaner::testing::StoreWorld;

namespace {

struct Fixture {
    ManualClock clock;
    std::unique_ptr<Store> store = Store::open(":memory:", Store::Mode::read_write, clock).value();
    StoreWorld world = StoreWorld::fill(*store, clock, {1'000});

    Money credit() { return store->available_credit(world.customer.id).value(); }
    Job admit(std::int64_t items, Money hold) {
        return store->admit_job(world.job(items), hold).value();
    }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "an admitted job runs, numbered in order, with its credit held") {
    const auto first = admit(3, {400});
    const auto second = admit(5, {});
    CHECK(first.state == JobState::in_progress);
    CHECK(first.held == Money{400});
    CHECK(first.id.get().starts_with("batch_"));
    CHECK(first.started == clock.wall());
    CHECK(second.number > first.number);
    CHECK(credit() == Money{600});
    const auto open = store->open_jobs().value();
    REQUIRE(open.size() == 2);
    CHECK(open[0].id == first.id);
    CHECK(open[1].counts.total == 5);
}

TEST_CASE_FIXTURE(Fixture, "a job keeps what it was admitted with") {
    auto job = world.job(3);
    job.own_sites_of = world.owner.id;
    job.privacy = PrivacyClass::own;
    job.replicas = 2;
    job.metadata_json = R"({"a":"b"})";
    job.deadline = clock.wall() + 24h;
    const auto read = store->job(world.project.id, store->admit_job(job, {}).value().id).value();
    CHECK(read.own_sites_of == world.owner.id);
    CHECK(read.privacy == PrivacyClass::own);
    CHECK(read.replicas == 2);
    CHECK(read.metadata_json == job.metadata_json);
    CHECK(read.deadline == job.deadline);
    CHECK(read.price.generated_micros_per_million == 2'000'000);
    CHECK(read.input_file == job.input_file);
    CHECK(read.model_sha256 == world.model);
}

TEST_CASE_FIXTURE(Fixture, "too small a credit stores nothing and says how much is missing") {
    const auto refused = store->admit_job(world.job(3), {1'250});
    REQUIRE(refused.has_error());
    CHECK(refused.error().code() == ErrorCode::resource_exhausted);
    CHECK(refused.error().message().find("0.000250") != std::string::npos);
    CHECK(store->open_jobs().value().empty());
    CHECK(credit() == Money{1'000});
}

TEST_CASE_FIXTURE(Fixture, "admitting the same job again holds its credit once") {
    auto job = world.job(3);
    job.id = JobId{"batch_same"};
    const auto first = store->admit_job(job, {400}).value();
    const auto again = store->admit_job(job, {400}).value();
    CHECK(again.number == first.number);
    CHECK(credit() == Money{600});
    auto foreign = job;
    foreign.project = store->add_project(world.customer.id, "other").value().id;
    CHECK(store->admit_job(foreign, {}).error().code() == ErrorCode::already_exists);
}

TEST_CASE_FIXTURE(Fixture, "a job for another customer's project is refused") {
    auto job = world.job(1);
    job.customer = store->add_customer("Else", {}, {}).value().id;
    CHECK(store->admit_job(job, {}).error().code() == ErrorCode::invalid_argument);
    CHECK(store->admit_job(world.job(1), {-1}).error().code() == ErrorCode::invalid_argument);
}

TEST_CASE_FIXTURE(Fixture, "a job that failed validation has ended and holds nothing") {
    auto job = world.job(0);
    job.errors_json = R"({"data":[]})";
    const auto failed = store->add_failed_job(job).value();
    CHECK(failed.state == JobState::failed);
    CHECK(failed.ended == clock.wall());
    CHECK(failed.errors_json == job.errors_json);
    CHECK(store->open_jobs().value().empty());
}

TEST_CASE_FIXTURE(Fixture, "jobs are listed newest first, page by page, to their project only") {
    const auto a = admit(1, {});
    const auto b = admit(1, {});
    const auto c = admit(1, {});
    const auto other = store->add_project(world.customer.id, "other").value();
    const auto page = store->jobs(world.project.id, {}, 2).value();
    REQUIRE(page.size() == 2);
    CHECK(page[0].id == c.id);
    CHECK(page[1].id == b.id);
    const auto rest = store->jobs(world.project.id, b.id, 10).value();
    REQUIRE(rest.size() == 1);
    CHECK(rest[0].id == a.id);
    CHECK(store->jobs(other.id, {}, 10).value().empty());
    CHECK(store->jobs(other.id, a.id, 10).error().code() == ErrorCode::invalid_argument);
    CHECK(store->job(other.id, a.id).error().message() ==
          store->job(other.id, JobId{"batch_none"}).error().message());
}

TEST_CASE_FIXTURE(Fixture, "a job's end releases what is left of its hold, once") {
    const auto job = admit(2, {400});
    (void)store->accept(std::vector{world.item(job, 0, {150})}).value();
    REQUIRE(store->set_job_state(job.id, JobState::finalizing).has_value());
    CHECK(store->job_by_id(job.id).value().finalizing == clock.wall());
    for (int twice = 0; twice < 2; ++twice) {
        REQUIRE(store->end_job(job.id, JobState::completed, FileId{"file-o"}, {}).has_value());
        CHECK(credit() == Money{850});
    }
    const auto ended = store->job_by_id(job.id).value();
    CHECK(ended.state == JobState::completed);
    CHECK(ended.output_file == FileId{"file-o"});
    CHECK(ended.held == Money{});
    CHECK(ended.counts.completed == 1);
    CHECK(store->open_jobs().value().empty());
}

TEST_CASE_FIXTURE(Fixture, "an ended job changes no more") {
    const auto job = admit(2, {});
    REQUIRE(store->end_job(job.id, JobState::expired, {}, {}).has_value());
    CHECK(store->end_job(job.id, JobState::completed, {}, {}).error().code() ==
          ErrorCode::failed_precondition);
    CHECK(store->set_job_state(job.id, JobState::cancelling).error().code() ==
          ErrorCode::failed_precondition);
}

TEST_CASE_FIXTURE(Fixture, "only end_job ends, and only end states end") {
    const auto job = admit(2, {});
    CHECK(store->set_job_state(job.id, JobState::cancelled).error().code() ==
          ErrorCode::invalid_argument);
    CHECK(store->end_job(job.id, JobState::finalizing, {}, {}).error().code() ==
          ErrorCode::invalid_argument);
    CHECK(store->set_job_state(JobId{"batch_x"}, JobState::cancelling).error().code() ==
          ErrorCode::not_found);
}
