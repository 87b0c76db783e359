#include "client-core/runtime/today_count.h"

#include <fstream>

#include <doctest/doctest.h>

#include "tests/support/temporary_folder.h"

namespace gleaner {
namespace {

using testing::TemporaryFolder;

TEST_CASE("what was done today is counted over restarts of the node, and kept") {
    const TemporaryFolder folder;
    ManualClock clock;
    {
        TodayCount today(folder.path() / "today", clock);
        today.note(3, 30);
        today.note(5, 50);
        today.node_starts();
        today.note(2, 20);  // of another start
        CHECK(today.items() == 7);
        CHECK(today.tokens() == 70);
        today.save();
    }
    TodayCount again(folder.path() / "today", clock);
    CHECK(again.items() == 7);
    clock.advance(25h);
    CHECK(again.items() == 0);
    again.note(1, 1);
    CHECK(again.items() == 1);
}

TEST_CASE("a damaged file is a day on which nothing was done yet") {
    const TemporaryFolder folder;
    std::ofstream(folder.path() / "today") << "not a number";
    const ManualClock clock;
    CHECK(TodayCount(folder.path() / "today", clock).items() == 0);
}

}  // namespace
}  // namespace gleaner
