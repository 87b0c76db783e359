#include "coordinator/store/pending_sums.h"

#include <doctest/doctest.h>

using gleaner::store::PendingSums;
using Taken = std::vector<std::pair<std::int64_t, std::int64_t>>;

TEST_CASE("sums are handed out once, by ascending key, without those that cancel out") {
    PendingSums<std::int64_t> sums;
    sums.add(9, 5);
    sums.add(2, 3);
    sums.add(4, 1);
    sums.add(4, -1);
    CHECK(sums.of(9) == 5);
    CHECK(sums.of(1) == 0);
    CHECK(sums.take() == Taken{{2, 3}, {9, 5}});
    CHECK(sums.take().empty());
}

TEST_CASE("an undone savepoint takes off only what it added") {
    PendingSums<std::int64_t> sums;
    sums.add(1, 10);
    sums.mark();
    sums.add(1, 5);
    sums.mark();
    sums.add(1, 100);
    sums.add(2, 7);
    sums.undo();
    CHECK(sums.of(1) == 15);
    CHECK(sums.of(2) == 0);
    sums.release();
    sums.mark();
    sums.add(1, 1);
    sums.undo();
    CHECK(sums.take() == Taken{{1, 15}});
}

TEST_CASE("an inner savepoint that was released is undone with the one around it") {
    PendingSums<std::int64_t> sums;
    sums.mark();
    sums.mark();
    sums.add(1, 4);
    sums.release();
    sums.undo();
    CHECK(sums.of(1) == 0);
}

TEST_CASE("what was written inside a savepoint is pending again when it is undone") {
    PendingSums<std::int64_t> sums;
    sums.add(1, 4);
    sums.mark();
    CHECK(sums.take() == Taken{{1, 4}});
    sums.undo();
    CHECK(sums.take() == Taken{{1, 4}});
}
