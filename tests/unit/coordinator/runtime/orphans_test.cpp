#include "coordinator/runtime/orphans.h"

#include <filesystem>
#include <fstream>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <doctest/doctest.h>

#include "coordinator/store/blobs.h"
#include "coordinator/store/executor.h"
#include "tests/support/store_world.h"
#include "tests/support/temporary_folder.h"

using namespace gleaner;
using namespace gleaner::runtime;
namespace fs = std::filesystem;

namespace {

void put(const fs::path& path, std::chrono::hours age) {
    std::ofstream(path) << "bytes";
    fs::last_write_time(path, fs::file_time_type::clock::now() - age);
}

struct Rig {
    fs::path file(const std::string& name) { return blobs.file_path(FileId{name}); }
    fs::path artefact(const std::string& name) { return blobs.artefact_path(Sha256{name}); }

    testing::TemporaryFolder folder;
    SystemClock clock;
    store::Blobs blobs = store::Blobs::open(folder.path()).value();
};

boost::asio::awaitable<void> clean_up(Rig& rig, store::StoreExecutor& store,
                                      boost::asio::any_io_executor blocking, Status& outcome) {
    outcome = co_await remove_orphans(store, rig.blobs, std::move(blocking), rig.clock.wall());
}

}  // namespace

TEST_CASE("only what nothing names and what is old is removed") {
    Rig rig;
    for (const auto* name : {"file-named", "file-lost"}) put(rig.file(name), 25h);
    put(rig.file("file-fresh"), 23h);
    for (const auto* name : {"aa", "bb"}) put(rig.artefact(name), 240h);
    put(rig.artefact("cc"), 1h);
    fs::create_directory(rig.folder.path() / "files" / "not-a-file");
    const NamedBlobs named{{"file-named"}, {"aa"}};
    const auto removed = remove_unnamed(rig.blobs, named, rig.clock.wall() - 24h);
    CHECK(removed.files == 1);
    CHECK(removed.artefacts == 1);
    CHECK(removed.bytes == 10);
    CHECK(fs::exists(rig.file("file-named")));
    CHECK_FALSE(fs::exists(rig.file("file-lost")));
    CHECK(fs::exists(rig.file("file-fresh")));
    CHECK(fs::exists(rig.artefact("aa")));
    CHECK_FALSE(fs::exists(rig.artefact("bb")));
    CHECK(fs::exists(rig.artefact("cc")));
    CHECK(fs::exists(rig.folder.path() / "files" / "not-a-file"));
}

TEST_CASE("what the store names is kept: files, models, engines") {
    Rig rig;
    const auto database = (rig.folder.path() / "gleaner.db").string();
    const Sha256 model{testing::fake_sha256(5)};
    const Sha256 engine{testing::fake_sha256(6)};
    {
        auto store =
            store::Store::open(database, store::Store::Mode::read_write, rig.clock).value();
        const auto world = testing::StoreWorld::fill(*store, rig.clock, Money{1'000'000});
        store::File file;
        file.id = FileId{"file-registered"};
        file.project = world.project.id;
        file.purpose = "batch";
        file.filename = "in.jsonl";
        file.bytes = 5;
        REQUIRE(store->add_file(file).has_value());
        store::Model offered;
        offered.name = "m";
        offered.sha256 = model;
        offered.size_bytes = 5;
        offered.context_tokens = 512;
        offered.memory_bytes = 5;
        offered.slots = 1;
        offered.created = rig.clock.wall();
        const auto added = store->add_model(offered, {});
        REQUIRE_MESSAGE(added.has_value(), added.error().message());
        store::EnginePackage package;
        package.sha256 = engine;
        package.size_bytes = 5;
        package.name = "llama.cpp";
        package.version = "1";
        package.backend = "cpu";
        package.os = "linux";
        package.arch = "x86_64";
        package.created = rig.clock.wall();
        REQUIRE(store->add_engine(package).has_value());
    }
    for (const auto& path :
         {rig.file("file-registered"), rig.file("file-lost"), rig.artefact(model.get()),
          rig.artefact(engine.get()), rig.artefact(testing::fake_sha256(7))})
        put(path, 48h);

    boost::asio::io_context io;
    boost::asio::thread_pool pool{1};
    auto store = store::StoreExecutor::start(database, rig.clock, io.get_executor()).value();
    Status outcome = Error(ErrorCode::internal, "it did not run");
    boost::asio::co_spawn(io, clean_up(rig, *store, pool.get_executor(), outcome),
                          [](const std::exception_ptr& thrown) {
                              if (thrown) std::rethrow_exception(thrown);
                          });
    io.run();
    CHECK(outcome.has_value());
    CHECK(fs::exists(rig.file("file-registered")));
    CHECK(fs::exists(rig.artefact(model.get())));
    CHECK(fs::exists(rig.artefact(engine.get())));
    CHECK_FALSE(fs::exists(rig.file("file-lost")));
    CHECK_FALSE(fs::exists(rig.artefact(testing::fake_sha256(7))));
}
