// The kernel's files are played by ordinary ones; the integration test uses real groups.
#include "client-core/platform/linux/cgroup.h"

#include <fstream>
#include <sstream>

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

TEST_CASE("with version 2 the node steps aside and gives each sandbox its limits") {
    const testing::TemporaryFolder root;
    root.write("self", "0::/system.slice/gleaner.service\n");
    root.write("fs/system.slice/gleaner.service/cgroup.controllers", "cpu memory pids\n");
    const auto own = root.path() / "fs/system.slice/gleaner.service";
    const ControlGroups groups(root.path() / "fs", root.path() / "self");
    REQUIRE(groups.available());
    CHECK(read(own / "gleaner-node/cgroup.procs") == "0");
    CHECK(read(own / "cgroup.subtree_control") == "+memory +pids");
    const auto group = groups.make("e1", 1000, 7);
    REQUIRE(group != nullptr);
    CHECK(read(own / "e1/memory.max") == "1000");
    CHECK(read(own / "e1/pids.max") == "7");
    CHECK(group->join_files() == std::vector<std::string>{(own / "e1/cgroup.procs").string()});
    root.write("fs/system.slice/gleaner.service/e1/memory.events", "low 0\noom 1\noom_kill 0\n");
    CHECK_FALSE(group->out_of_memory());
    root.write("fs/system.slice/gleaner.service/e1/memory.events", "low 0\noom 1\noom_kill 1\n");
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
    const ControlGroups groups(root.path() / "fs", root.path() / "self");
    const auto group = groups.make("e2", 2048, 9);
    REQUIRE(group != nullptr);
    CHECK(read(root.path() / "fs/memory/box/e2/memory.limit_in_bytes") == "2048");
    CHECK(read(root.path() / "fs/pids/e2/pids.max") == "9");
    CHECK(group->join_files().size() == 2);
    CHECK(group->limits_memory());
}

TEST_CASE("a machine without control groups gives none") {
    const testing::TemporaryFolder root;
    const ControlGroups groups(root.path() / "fs", root.path() / "self");
    CHECK_FALSE(groups.available());
    CHECK(groups.make("e3", 1, 1) == nullptr);
}

}  // namespace
}  // namespace gleaner
