#include "client-core/platform/linux/guest/process_table.h"

#include <doctest/doctest.h>

#include "tests/unit/client-core/platform/guest/tree.h"

namespace gleaner::guest {
namespace {

using testing::MadeProcess;
using Names = std::vector<std::string>;

TEST_CASE("a program's name may hold blanks and parentheses") {
    const auto stat = parse_process_stat(
        "7 (a b) c) S 3 1 1 0 -1 4194560 9 9 9 9 10 20 30 40 20 0 1 0 100 1000 10\n");
    REQUIRE(stat);
    CHECK(stat->name == "a b) c");
    CHECK(stat->parent == 3);
    CHECK(stat->ticks == 100);
    CHECK_FALSE(stat->kernel);
    CHECK_FALSE(parse_process_stat("7 (a"));
    CHECK_FALSE(parse_process_stat("7 (a) S 1"));
    CHECK_FALSE(parse_process_stat(""));
}

TEST_CASE("programs are named by both names, without the node's own and the kernel's") {
    const testing::TemporaryFolder root;
    testing::put_process(root, {2, 0, "kthreadd", "", 0, true});
    testing::put_process(root, {100, 1, "gleaner-node", "/usr/bin/gleaner-node"});
    testing::put_process(root, {101, 100, "bwrap", "/usr/bin/bwrap"});
    testing::put_process(root, {90, 101, "llama-server", "/engine/llama-server"});
    testing::put_process(root, {200, 1, "game.exe", "/opt/wine/wine64-preloader"});
    testing::put_process(root, {201, 1, "firefox", "/usr/lib/firefox (deleted)"});
    testing::put_process(root, {202, 1, "other-user", ""});
    ProcessTable table(root.path());
    table.refresh(Time{0}, {100});
    CHECK(table.programs() == Names{"firefox", "game.exe", "other-user", "wine64-preloader"});
    CHECK(table.own(90));
    CHECK_FALSE(table.own(200));
    CHECK(table.name_of(200) == "wine64-preloader");
    CHECK(table.name_of(202) == "other-user");
    CHECK(table.name_of(999) == "process 999");
}

TEST_CASE("a young process that executes another program is named anew, an ended one forgotten") {
    const testing::TemporaryFolder root;
    testing::put_process(root, {200, 1, "sh", "/bin/sh"});
    testing::put_process(root, {201, 1, "ended", "/bin/ended"});
    ProcessTable table(root.path());
    table.refresh(Time{0}, {});
    testing::put_process(root, {200, 1, "game", "/games/game"});
    testing::remove_process(root, 201);
    table.refresh(Time{5'000'000}, {});
    CHECK(table.programs() == Names{"game"});
}

TEST_CASE("an old process is read in its turn, at the latest after twelve readings") {
    const testing::TemporaryFolder root;
    testing::put_process(root, {200, 1, "sh", "/bin/sh"});
    ProcessTable table(root.path());
    table.refresh(Time{0}, {});
    testing::put_process(root, {200, 1, "game", "/games/game"});
    int readings = 0;
    while (table.programs() != Names{"game"} && readings < 20) {
        ++readings;
        table.refresh(Time{(100 + 5 * readings) * 1'000'000}, {});
    }
    CHECK(readings <= 12);
}

TEST_CASE("the node's processor time is that of all its processes and their ended children") {
    const testing::TemporaryFolder root;
    testing::put_process(root, {100, 1, "gleaner-node", "", 10});
    testing::put_process(root, {101, 100, "bwrap", "", 1});
    testing::put_process(root, {200, 1, "game", "", 1000});
    ProcessTable table(root.path());
    table.refresh(Time{0}, {100});
    CHECK(table.own_ticks() == 44);
    // Another program has got the number of one of them.
    testing::put_process(root, {101, 1, "game", "", 1000, false, 900});
    CHECK(table.own_ticks() == 40);
    table.refresh(Time{5'000'000}, {100});
    CHECK_FALSE(table.own(101));
}

}  // namespace
}  // namespace gleaner::guest
