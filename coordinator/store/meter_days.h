#pragma once
/// What each source of work comes to by day of accounts: sums of its meter records. A transaction's
/// records are gathered in memory and written once, at its commit.

#include <cstdint>

#include "coordinator/store/pending_sums.h"
#include "coordinator/store/sqlite/database.h"
#include "shared/model/money.h"
#include "shared/util/result.h"

namespace gleaner::store {

/// Sums of meter records.
struct MeterSums {
    std::int64_t requests = 0;
    std::int64_t parts = 0;
    std::int64_t prompt_tokens = 0;
    std::int64_t cached_tokens = 0;
    std::int64_t generated_tokens = 0;
    std::int64_t device_micros = 0;
    std::int64_t reference_micros = 0;
    Money price;
    Money owner_share;
    Money owner_partner_share;
    Money customer_partner_share;

    MeterSums& operator+=(const MeterSums& more);
    friend bool operator==(const MeterSums&, const MeterSums&) = default;
};

class MeterDays {
public:
    explicit MeterDays(Database& database) : database_(database) {}

    /// `source`: its row number, below 2^40.
    void add(std::int64_t source, std::int64_t day, const MeterSums& record) {
        sums_.add((source << day_bits) | day, record);
    }

    /// Writes what is gathered in memory, so that a SELECT sees it.
    Status flush();

    // The transaction's events, in step with Database::begin/commit/rollback.
    void on_savepoint() { sums_.mark(); }
    void on_release() { sums_.release(); }
    void on_savepoint_undone() { sums_.undo(); }
    void on_transaction_end() { sums_.clear(); }

private:
    static constexpr int day_bits = 22;  ///< eleven thousand years

    Database& database_;
    PendingSums<MeterSums> sums_;
};

}  // namespace gleaner::store
