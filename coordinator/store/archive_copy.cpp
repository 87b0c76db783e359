/// Moves a closed month to a file of its own: see archive.h for the order and why.

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

#include "coordinator/store/archive.h"
#include "coordinator/store/closes.h"
#include "coordinator/store/state.h"

namespace gleaner::store {

namespace {

/// Entries that one transaction keeps or deletes: short, since all posting waits meanwhile.
constexpr std::int64_t entries_per_step = 1'000;
constexpr std::int64_t days_per_step = 7;

std::string file_name(Month month) {
    return "archive-" + month_text(month) + ".db";
}

std::string beside(const std::string& path, const std::string& name) {
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? name : path.substr(0, slash + 1) + name;
}

/// Removes what an unfinished run left, and makes an empty file that nobody else can read.
Status make_anew(const std::string& file) {
    for (const char* suffix : {"", "-journal", "-wal", "-shm"}) {
        const std::string path = file + suffix;
        if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
            return error_from_errno("removing the unfinished " + path, errno);
        }
    }
    const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor < 0) return error_from_errno("making the archive " + file, errno);
    ::close(descriptor);
    return ok();
}

class MonthMove {
public:
    MonthMove(Store& store, const std::string& path, Month month)
        : state_(store.state()),
          database_(*store.state().database),
          file_(beside(path, file_name(month))),
          month_(month),
          from_(start_of_day(first_day(month))),
          to_(start_of_day(first_day(month.next()))) {}

    Status copy() {
        GLEANER_TRY(make_anew(file_));
        GLEANER_TRY(database_.run(sql::attach_archive, file_));
        // Deferred, so that it locks the new file alone: posting goes on meanwhile. What is copied
        // is frozen.
        GLEANER_TRY(database_.run(sql::begin_read));
        auto copied = copy_rows();
        if (copied.has_value()) copied = database_.run(sql::commit);
        if (copied.has_error()) (void)database_.run(sql::rollback);
        return copied;
    }

    /// In place of copy(), for a month that is archived already.
    Status attach() {
        if (::access(file_.c_str(), R_OK) != 0) {
            return Error(ErrorCode::failed_precondition,
                         "the archive " + file_ +
                             " is not there, and rows of it are still to be deleted from the "
                             "database: put it back");
        }
        return database_.run(sql::attach_archive, file_);
    }

    Status keep() {
        const auto end = first_day(month_.next());
        for (auto day = first_day(month_); day < end; day += days_per_step) {
            const auto until = std::min(day + days_per_step, end);
            GLEANER_TRY(
                in_turn([&] { return database_.run(sql::keep_archived_days, day, until); }));
        }
        return in_steps([&](WallTime from, WallTime to) -> Status {
            GLEANER_TRY(database_.run(sql::keep_archived_keys, from, to));
            return database_.run(sql::keep_archived_attempts, from, to);
        });
    }

    Status mark(WallTime now) {
        return in_turn([&]() -> Status {
            Query counts(database_, sql::find_archive_counts);
            GLEANER_TRY(auto counted, counts.next());
            if (!counted) return Error(ErrorCode::internal, "the archive could not be counted");
            GLEANER_TRY(database_.run(sql::insert_archive, month_.number, file_name(month_), now,
                                      counts.integer("entries"), counts.integer("postings"),
                                      counts.integer("meters")));
            return database_.run(sql::set_archived_until, to_);
        });
    }

    Status sweep() {
        GLEANER_TRY(in_steps([&](WallTime from, WallTime to) -> Status {
            GLEANER_TRY(database_.run(sql::sweep_postings, from, to));
            GLEANER_TRY(database_.run(sql::sweep_meters, from, to));
            return database_.run(sql::sweep_entries, from, to);
        }));
        return in_turn([&] { return database_.run(sql::finish_sweep, month_.number); });
    }

private:
    Status copy_rows() {
        for (const auto table : {sql::create_archive_accounts, sql::create_archive_entries,
                                 sql::create_archive_postings, sql::create_archive_meters,
                                 sql::create_archive_days, sql::create_archive_month}) {
            GLEANER_TRY(database_.run(table));
        }
        for (const auto rows : {sql::copy_accounts, sql::copy_entries, sql::copy_postings,
                                sql::copy_meters, sql::sum_archive_days}) {
            GLEANER_TRY(database_.run(rows, from_, to_));
        }
        Query query(database_, sql::find_archive_differences, from_, to_);
        GLEANER_TRY(auto compared, query.next());
        const bool same = compared && query.integer("entries") == 0 &&
                          query.integer("postings") == 0 && query.integer("moved") == 0 &&
                          query.integer("meters") == 0 && query.integer("prices") == 0;
        if (!same) {
            return Error(ErrorCode::data_corrupt,
                         "the copy of " + month_text(month_) +
                             " is not what the books have: nothing was archived; run "
                             "\"gleanerctl ledger check\"");
        }
        Query counts(database_, sql::find_archive_counts);
        GLEANER_TRY(auto counted, counts.next());
        if (!counted) return Error(ErrorCode::internal, "the archive could not be counted");
        return database_.run(sql::insert_archive_month, month_.number, counts.integer("entries"),
                             counts.integer("postings"), counts.integer("meters"));
    }

    /// In a transaction of its own, and then lets others write.
    template <class Work>
    Status in_turn(Work work) {
        auto status = state_.atomically(work);
        database_.let_others_write();
        return status;
    }

    /// All of the month, a few entries at a time.
    template <class Work>
    Status in_steps(Work work) {
        WallTime from = from_;
        while (from < to_) {
            GLEANER_TRY(const auto to, step_end(from));
            GLEANER_TRY(in_turn([&] { return work(from, to); }));
            from = to;
        }
        return ok();
    }

    Result<WallTime> step_end(WallTime from) {
        Query query(database_, sql::select_archive_chunk_end, from, entries_per_step);
        GLEANER_TRY(auto found, query.next());
        return found && !query.null("number") ? query.time("number") : to_;
    }

    Store::State& state_;
    Database& database_;
    std::string file_;
    Month month_;
    WallTime from_;
    WallTime to_;
};

/// The oldest month that is not archived, if it may be.
Result<std::optional<Month>> next_month(Store& store, Month before) {
    GLEANER_TRY(const auto progress, Closes(store).progress());
    std::optional<Month> month;
    if (progress.first_day) month = month_of(*progress.first_day);
    if (progress.archived_until > WallTime{}) month = month_of(day_of(progress.archived_until));
    if (!month || *month >= before) return std::optional<Month>{};
    // The month after it is what statements, confirmations and corrections still look back from.
    if (!progress.last_month || *progress.last_month < month->next().number) {
        const std::string closed = progress.last_month
                                       ? "closed up to " + month_text({*progress.last_month})
                                       : "closed for no month yet";
        return Error(ErrorCode::failed_precondition,
                     month_text(*month) +
                         " cannot be archived yet: it and the month after it "
                         "must be closed, and the books are " +
                         closed);
    }
    return month;
}

Result<std::optional<ArchivedMonth>> archived_month(Store& store, Month month) {
    GLEANER_TRY(auto months, Archives(store).list());
    for (auto& known : months) {
        if (known.month == month) return std::optional(std::move(known));
    }
    return Error(ErrorCode::internal, "the archive's row is missing");
}

}  // namespace

Result<std::optional<ArchivedMonth>> archive_month(const std::string& path, const Clock& clock,
                                                   Month before) {
    GLEANER_TRY(auto store, Store::open(path, Store::Mode::read_write, clock));
    Query unswept(*store->state().database, sql::select_unswept_archive, INT64_MIN);
    GLEANER_TRY(auto unfinished, unswept.next());
    if (unfinished) {
        MonthMove move(*store, path, {unswept.integer("month")});
        const Month month{unswept.integer("month")};
        GLEANER_TRY(unswept.next());
        GLEANER_TRY(move.attach());
        GLEANER_TRY(move.sweep());
        return archived_month(*store, month);
    }
    GLEANER_TRY(const auto month, next_month(*store, before));
    if (!month) return std::optional<ArchivedMonth>{};
    MonthMove move(*store, path, *month);
    GLEANER_TRY(move.copy());
    GLEANER_TRY(move.keep());
    GLEANER_TRY(move.mark(clock.wall()));
    GLEANER_TRY(move.sweep());
    return archived_month(*store, *month);
}

}  // namespace gleaner::store
