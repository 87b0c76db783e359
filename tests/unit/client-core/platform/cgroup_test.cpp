// The kernel's files are played by ordinary ones; the integration test uses real groups.
#include "client-core/platform/linux/cgroup.h"

#include <fstream>
#include <sstream>
#include <unistd.h>

#include <doctest/doctest.h>

#include "tests/support/temporary_folder.h"

namespace gleaner {
namespace {

std::string read(const std::filesystem::path& path) {
    std::ifstream in(path);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

/// The name of the n-th group that this process makes.
std::string name_of(int number) {
    return "gleaner-engine-" + std::to_string(getpid()) + "-" + std::to_string(number);
}

TEST_CASE("with version 2 the node steps aside and gives each sandbox its limits") {
    const testing::TemporaryFolder root;
    root.write("self", "0::/system.slice/gleaner.service\n");
    root.write("fs/system.slice/gleaner.service/cgroup.controllers", "cpu memory pids\n");
    const auto own = root.path() / "fs/system.slice/gleaner.service";
    ControlGroups groups(root.path() / "fs", root.path() / "self");
    REQUIRE(groups.available());
    CHECK(read(own / "gleaner-node/cgroup.procs") == "0");
    CHECK(read(own / "cgroup.subtree_control") == "+memory +pids");
    const auto group = groups.make(1000, 7);
    REQUIRE(group != nullptr);
    const auto folder = own / name_of(1);
    CHECK(read(folder / "memory.max") == "1000");
    CHECK(read(folder / "pids.max") == "7");
    CHECK(group->join_files() == std::vector<std::string>{(folder / "cgroup.procs").string()});
    std::ofstream(folder / "memory.events") << "low 0\noom 1\noom_kill 0\n";
    CHECK_FALSE(group->out_of_memory());
    std::ofstream(folder / "memory.events") << "low 0\noom 1\noom_kill 1\n";
    CHECK(group->out_of_memory());
}

TEST_CASE("without the memory controller version 2 is not used") {
    const testing::TemporaryFolder root;
    root.write("self", "0::/a\n");
    root.write("fs/a/cgroup.controllers", "cpu io\n");
    CHECK_FALSE(ControlGroups(root.path() / "fs", root.path() / "self").available());
}

TEST_CASE("with version 1 the memory and process hierarchies are both used") {
    const testing::TemporaryFolder root;
    root.write("self", "5:devices:/x\n4:memory:/box\n3:pids:/\n0::/\n");
    root.write("fs/memory/box/tasks", "");
    root.write("fs/pids/tasks", "");
    ControlGroups groups(root.path() / "fs", root.path() / "self");
    const auto group = groups.make(2048, 9);
    REQUIRE(group != nullptr);
    CHECK(read(root.path() / "fs/memory/box" / name_of(1) / "memory.limit_in_bytes") == "2048");
    CHECK(read(root.path() / "fs/pids" / name_of(1) / "pids.max") == "9");
    CHECK(group->join_files().size() == 2);
    CHECK(group->limits_memory());
}

TEST_CASE("groups of nodes that are gone are removed, those of living nodes are kept") {
    const testing::TemporaryFolder root;
    root.write("self", "4:memory:/\n");
    const auto memory = root.path() / "fs/memory";
    const auto dead = memory / "gleaner-engine-999999999-1";  // no process has such a number
    const auto living = memory / ("gleaner-engine-" + std::to_string(getppid()) + "-1");
    const auto foreign = memory / "user.slice";
    for (const auto& folder : {dead, living, foreign}) std::filesystem::create_directories(folder);
    ControlGroups groups(root.path() / "fs", root.path() / "self");
    REQUIRE(groups.make(1, 1) != nullptr);
    CHECK_FALSE(std::filesystem::exists(dead));
    CHECK(std::filesystem::exists(living));
    CHECK(std::filesystem::exists(foreign));
}

TEST_CASE("a machine without control groups gives none") {
    const testing::TemporaryFolder root;
    ControlGroups groups(root.path() / "fs", root.path() / "self");
    CHECK_FALSE(groups.available());
    CHECK(groups.make(1, 1) == nullptr);
}

}  // namespace
}  // namespace gleaner
