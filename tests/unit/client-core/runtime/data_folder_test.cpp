#include "client-core/runtime/data_folder.h"

#include <fstream>

#include <doctest/doctest.h>

#include "client-core/runtime/node_tools.h"
#include "client-core/runtime/speed_book.h"
#include "tests/support/temporary_folder.h"

namespace gleaner {
namespace {

using testing::TemporaryFolder;

TEST_CASE("one folder serves one node at a time") {
    TemporaryFolder folder;
    {
        const auto first = DataFolder::open(folder.path() / "node");
        REQUIRE(first);
        CHECK(DataFolder::in_use(folder.path() / "node"));
        const auto second = DataFolder::open(folder.path() / "node");
        REQUIRE_FALSE(second);
        CHECK(second.error().code() == ErrorCode::failed_precondition);
        CHECK(second.error().message().find("instance") != std::string::npos);
    }
    CHECK_FALSE(DataFolder::in_use(folder.path() / "node"));
    CHECK(DataFolder::open(folder.path() / "node"));
}

TEST_CASE("a folder too long for sockets is refused at the start; other files are left alone") {
    TemporaryFolder folder;
    const auto too_long = DataFolder::open(folder.path() / std::string(80, 'x'));
    REQUIRE_FALSE(too_long);
    CHECK(too_long.error().code() == ErrorCode::invalid_argument);
    folder.write("sockets/e-abc/engine.sock", "");
    folder.write("sockets/mine", "");
    folder.write("run/mine", "");
    REQUIRE(DataFolder::open(folder.path()));
    CHECK_FALSE(std::filesystem::exists(folder.path() / "sockets/e-abc"));
    CHECK(std::filesystem::exists(folder.path() / "sockets/mine"));
    CHECK(std::filesystem::exists(folder.path() / "run/mine"));
}

TEST_CASE("the status outlives the node, which then counts as stopped") {
    TemporaryFolder folder;
    CHECK(status_as_json(folder.path()).error().code() == ErrorCode::not_found);
    {
        const auto node = DataFolder::open(folder.path());
        REQUIRE(node);
        node.value().write_status(R"({"state":"connected"})");
        CHECK(status_as_json(folder.path()).value() == R"({"state":"connected","running":true})");
    }
    CHECK(status_as_json(folder.path()).value() == R"({"state":"stopped","running":false})");
}

TEST_CASE("speeds are kept over restarts, and a damaged book is an empty one") {
    TemporaryFolder folder;
    const auto file = folder.path() / "speeds.json";
    {
        SpeedBook book(file);
        CHECK_FALSE(book.find("cpu"));
        book.record("cpu", {12.5, 80});
    }
    {
        const SpeedBook book(file);
        REQUIRE(book.find("cpu"));
        CHECK(book.find("cpu")->first == 12.5);
        CHECK(book.find("cpu")->second == 80);
    }
    std::ofstream(file) << "{\"cpu\":[\"fast\"";
    CHECK_FALSE(SpeedBook(file).find("cpu"));
}

}  // namespace
}  // namespace gleaner
