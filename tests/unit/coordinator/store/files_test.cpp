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
    Project other = store->add_project(world.customer.id, "other").value();

    File add(const std::string& id, const std::string& purpose = "batch", std::int64_t bytes = 10) {
        File file;
        file.id = FileId{id};
        file.project = world.project.id;
        file.purpose = purpose;
        file.filename = id + ".jsonl";
        file.bytes = bytes;
        return store->add_file(file).value();
    }
    std::string listed(const FileId& after, std::int64_t limit, bool ascending,
                       std::string_view purpose = "") {
        std::string names;
        const auto files = store->files(world.project.id, purpose, after, limit, ascending).value();
        for (const auto& file : files) names += file.id.get() + " ";
        return names;
    }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "files are listed by age, by purpose and page by page") {
    for (const auto* id : {"a", "b", "c"}) add(id);
    add("out", "batch_output");
    CHECK(listed({}, 10, true) == "a b c out ");
    CHECK(listed({}, 10, false) == "out c b a ");
    CHECK(listed(FileId{"b"}, 1, true) == "c ");
    CHECK(listed(FileId{"b"}, 10, false) == "a ");
    CHECK(listed({}, 10, false, "batch") == "c b a ");
    CHECK(listed(FileId{"a"}, 10, true, "batch_output") == "out ");
    CHECK(store->files(world.project.id, "", FileId{"x"}, 10, true).error().code() ==
          ErrorCode::invalid_argument);
}

TEST_CASE_FIXTURE(Fixture, "another project's file looks like none at all") {
    add("a");
    const auto foreign = store->file(other.id, FileId{"a"});
    const auto missing = store->file(other.id, FileId{"nothing"});
    CHECK(foreign.error().code() == ErrorCode::not_found);
    CHECK(foreign.error().message() == missing.error().message());
    CHECK(store->remove_file(other.id, FileId{"a"}).error().message() == missing.error().message());
    CHECK(store->file(world.project.id, FileId{"a"}).has_value());
    CHECK(store->files(other.id, "", {}, 10, true).value().empty());
}

TEST_CASE_FIXTURE(Fixture, "a file is added once, and an id names one content") {
    const auto first = add("a");
    CHECK(store->add_file(first).value().id == first.id);
    auto different = first;
    different.bytes = 11;
    CHECK(store->add_file(different).error().code() == ErrorCode::already_exists);
    different = first;
    different.project = other.id;
    CHECK(store->add_file(different).error().code() == ErrorCode::already_exists);
    File unnamed;
    unnamed.project = world.project.id;
    CHECK(store->add_file(unnamed).value().id.get().starts_with("file-"));
}

TEST_CASE_FIXTURE(Fixture, "stored bytes are a project's own and shrink with removal") {
    add("a", "batch", 100);
    add("b", "batch", 50);
    CHECK(store->stored_bytes(world.project.id).value() == 150);
    CHECK(store->stored_bytes(other.id).value() == 0);
    REQUIRE(store->remove_file(world.project.id, FileId{"a"}).has_value());
    CHECK(store->stored_bytes(world.project.id).value() == 50);
    CHECK(store->remove_file(world.project.id, FileId{"a"}).error().code() == ErrorCode::not_found);
}

TEST_CASE_FIXTURE(Fixture, "the input of an open batch is not removed under it") {
    add("file-input");
    const auto job = store->admit_job(world.job(1), {}).value();
    CHECK(store->remove_file(world.project.id, FileId{"file-input"}).error().code() ==
          ErrorCode::failed_precondition);
    REQUIRE(store->end_job(job.id, JobState::cancelled, {}, {}).has_value());
    CHECK(store->remove_file(world.project.id, FileId{"file-input"}).has_value());
}
