#pragma once
/// The grid's days: device time on offer and sold, by day and kind of device. What a
/// transaction's meter records sell is gathered in memory and written once, at its commit.

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "coordinator/store/pending_sums.h"
#include "coordinator/store/sqlite/database.h"
#include "shared/model/money.h"
#include "shared/util/result.h"

namespace gleaner::store {

class GridDays {
public:
    explicit GridDays(Database& database) : database_(database) {}

    /// The number under which a kind of device is summed; good for this object's life.
    [[nodiscard]] std::int64_t class_number(const std::string& device_class);
    void sold(std::int64_t day, std::int64_t class_number, std::int64_t device_micros, Money paid);

    /// Writes what is gathered in memory, so that a SELECT sees it.
    Status flush();

    // The transaction's events, in step with Database::begin/commit/rollback.
    void on_savepoint();
    void on_release();
    void on_savepoint_undone();
    void on_transaction_end();

private:
    Status write(const PendingSums<std::int64_t>::Sums& sums, bool of_money);

    Database& database_;
    std::unordered_map<std::string, std::int64_t> numbers_;
    std::vector<std::string> classes_;  ///< by number
    // By day << 32 | class number.
    PendingSums<std::int64_t> sold_;
    PendingSums<std::int64_t> paid_;
};

}  // namespace gleaner::store
