#pragma once
/// What the files that implement Store share. Not for others.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "coordinator/store/grid_days.h"
#include "coordinator/store/journal.h"
#include "coordinator/store/meter_days.h"
#include "coordinator/store/records.h"
#include "coordinator/store/rows.h"
#include "coordinator/store/spending.h"
#include "coordinator/store/sqlite/database.h"
#include "coordinator/store/store.h"

namespace gleaner::store {

/// A row of meter_sources with the accounts that its meter records pay: shares are pending at
/// first.
struct MeterSource {
    std::int64_t number = 0;
    AccountNumber customer;
    AccountNumber owner;
    std::int64_t device_class = 0;  ///< its number in GridDays
    std::optional<AccountNumber> owner_partner;
    std::optional<AccountNumber> customer_partner;
    AccountNumber platform;
    ledger::Split split;  ///< of the owner's contract, or the platform's own
};

struct Store::State {
    State(std::unique_ptr<Database> opened, const Clock& injected)
        : database(std::move(opened)),
          clock(injected),
          journal(*database, injected),
          grid_days(*database),
          meter_days(*database),
          spending(*database, injected) {}

    std::unique_ptr<Database> database;
    const Clock& clock;
    ledger::Split split;
    Journal journal;
    GridDays grid_days;
    MeterDays meter_days;
    Spending spending;
    std::unordered_map<std::string, MeterSource> sources;
    std::int64_t sources_day = 0;  ///< for which their splits are right

    Status begin();
    Status commit();
    void rollback();
    /// Writes what is gathered in memory, so that a SELECT sees it.
    Status flush();

    /// Runs `work` in the open transaction, or in one of its own when there is none.
    template <class Work>
    auto atomically(Work work) -> decltype(work()) {
        if (database->depth() > 0) return work();
        GLEANER_TRY(begin());
        auto result = work();
        if (result.has_error()) {
            rollback();
            return result;
        }
        auto committed = commit();
        if (committed.has_error()) {
            rollback();
            return std::move(committed).error();
        }
        return result;
    }

    /// The first row, or not_found with "no such `what`".
    template <class Row, class... Values>
    Result<Row> one(std::string_view what, Row (*map)(const Query&), sql::StatementId id,
                    const Values&... values) {
        Query query(*database, id, values...);
        GLEANER_TRY(auto found, query.next());
        if (!found) return Error(ErrorCode::not_found, std::string("no such ").append(what));
        return map(query);
    }

    template <class Row, class... Values>
    Result<std::vector<Row>> all(Row (*map)(const Query&), sql::StatementId id,
                                 const Values&... values) {
        std::vector<Row> rows;
        Query query(*database, id, values...);
        for (;;) {
            GLEANER_TRY(auto more, query.next());
            if (!more) return rows;
            rows.push_back(map(query));
        }
    }

    template <class... Values>
    Result<bool> exists(sql::StatementId id, const Values&... values) {
        Query query(*database, id, values...);
        return query.next();
    }
};

/// not_found when the statement changed no row.
[[nodiscard]] inline Status changed_one(Result<std::int64_t> changed, std::string_view what) {
    GLEANER_TRY(auto rows, std::move(changed));
    if (rows == 0) return Error(ErrorCode::not_found, std::string("no such ").append(what));
    return ok();
}

}  // namespace gleaner::store
