#include <doctest/doctest.h>

#include "tests/support/store_world.h"
#include "tests/support/temporary_folder.h"

using namespace gleaner;
using namespace gleaner::store;
using gleaner::testing::StoreWorld;

namespace {

struct Fixture {
    ManualClock clock;
    testing::TemporaryFolder folder;
    std::string path = (folder.path() / "store.db").string();
    std::unique_ptr<Store> open(Store::Mode mode = Store::Mode::read_write) {
        return Store::open(path, mode, clock).value();
    }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "what was committed is there after reopening, the rest is not") {
    JobId id;
    {
        auto store = open();
        const auto world = StoreWorld::fill(*store, clock, {1'000});
        const auto job = store->admit_job(world.job(5), {100}).value();
        id = job.id;
        (void)store->accept(std::vector{world.item(job, 0, {10})}).value();
        store->begin().value();
        (void)store->accept(std::vector{world.item(job, 1, {10})}).value();
    }
    auto store = open();
    const auto job = store->job_by_id(id).value();
    CHECK(job.counts.completed == 1);
    CHECK(job.held == Money{90});
    CHECK(store->settled_items(job.number).value().size() == 1);
    CHECK(store->check_ledger().value().violations.empty());
}

TEST_CASE_FIXTURE(Fixture, "a reader sees each commit, and nothing of what is not committed") {
    auto writer = open();
    auto reader = open(Store::Mode::read_only);
    writer->begin().value();
    const auto partner = writer->add_partner("P").value();
    CHECK(reader->partner(partner.id).error().code() == ErrorCode::not_found);
    writer->commit().value();
    CHECK(reader->partner(partner.id).value().name == "P");
    CHECK(reader->add_partner("Q").error().code() == ErrorCode::failed_precondition);
}

TEST_CASE_FIXTURE(Fixture, "a reader opens no file that is not there or not migrated") {
    CHECK(Store::open(path, Store::Mode::read_only, clock).has_error());
}

TEST_CASE_FIXTURE(Fixture, "numbers of new entries go on after those of before a restart") {
    CustomerId customer;
    {
        auto store = open();
        customer = StoreWorld::fill(*store, clock, {1}).customer.id;
        for (int i = 0; i < 5; ++i) {
            store->top_up(customer, {1}, std::to_string(i)).value();
        }
    }
    // The clock has not moved: a new entry must not take the number of an old one.
    auto store = open();
    store->top_up(customer, {1}, "after").value();
    CHECK(store->available_credit(customer).value() == Money{7});
}

TEST_CASE_FIXTURE(Fixture, "accounts made by a call that was undone are made again") {
    auto store = open();
    const auto world = StoreWorld::fill(*store, clock, {});
    store->begin().value();
    store->begin().value();
    store->top_up(world.customer.id, {5}, "a").value();
    store->rollback();
    store->top_up(world.customer.id, {7}, "b").value();
    store->commit().value();
    CHECK(store->available_credit(world.customer.id).value() == Money{7});
    CHECK(store->check_ledger().value().violations.empty());
}

TEST_CASE_FIXTURE(Fixture, "standings are kept under their keys, the last one counts") {
    auto store = open();
    store->put_standing("b", "1").value();
    store->put_standing("a", "2").value();
    store->put_standing("b", "3").value();
    const auto standings = store->standings().value();
    REQUIRE(standings.size() == 2);
    CHECK(standings[0] == std::pair<std::string, std::string>{"a", "2"});
    CHECK(standings[1].second == "3");
}
