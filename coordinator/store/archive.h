#pragma once
/// Closed months whose entries, postings and meter records lie in SQLite files of their own, beside
/// the database: archive-2026-12.db. Balances, sums of days, keys and billed attempts stay, so that
/// all that was true before is true after: balances, whole days of statements, the ledger's check,
/// and that nothing is posted or billed a second time.
///
/// Two files are not written in one atomic transaction (the database uses a write-ahead log), so a
/// month is moved in steps, each of which may be the last before a crash:
///   1. the month is copied, in one transaction of the new file, and compared with what is here;
///   2. what has to stay is written beside the rows, in small transactions: nobody reads it yet;
///   3. one small transaction says that the month is archived: from here on its rows are not read;
///   4. the rows are deleted, in small transactions.
/// The next run takes up where a crash left off: a file of which 3 knows nothing is made anew.

#include <string>
#include <vector>

#include "coordinator/store/store.h"
#include "shared/model/civil_day.h"

namespace gleaner::store {

struct ArchivedMonth {
    Month month;
    std::string file;  ///< its name, beside the database
    WallTime archived;
    std::int64_t entries = 0;
    std::int64_t postings = 0;
    std::int64_t meter_records = 0;
    bool swept = false;  ///< no row of it is left in the database
};

/// Moves the oldest month that is not archived, if it is before `before`; finishes first what a
/// crash left undone. Returns what was archived: nothing when there is nothing left to do. Blocks,
/// with a connection of its own to the database at `path`, which others may use meanwhile: call it
/// again until it returns nothing. Errors: failed_precondition (the month or the one after it is
/// not closed), data_corrupt (the copy differs), disk_full, io_failed.
Result<std::optional<ArchivedMonth>> archive_month(const std::string& path, const Clock& clock,
                                                   Month before);

class Archives {
public:
    explicit Archives(Store& store) : Archives(store.state()) {}
    explicit Archives(Store::State& state) : state_(state) {}

    /// Oldest first.
    Result<std::vector<ArchivedMonth>> list();
    /// The archived months that [from, to) touches. Errors: failed_precondition when an end of the
    /// period cuts a day of one of them, of which only the sum is here.
    Result<std::vector<ArchivedMonth>> touched(WallTime from, WallTime to);

private:
    Store::State& state_;
};

}  // namespace gleaner::store
