#pragma once
/// What a closed period of the books comes to, and what in it does not fit together.

#include <cstdint>
#include <string>
#include <vector>

#include "shared/model/money.h"

namespace gleaner::ledger {

enum class PeriodKind : std::uint8_t { day, month };

[[nodiscard]] constexpr const char* to_string(PeriodKind kind) {
    return kind == PeriodKind::day ? "day" : "month";
}

/// A day or month of accounts, counted from January 1970 in Shanghai (shared/model/civil_day.h).
struct Period {
    PeriodKind kind = PeriodKind::day;
    std::int64_t number = 0;
    friend bool operator==(const Period&, const Period&) = default;
};

/// Entries of one kind in one currency. `moved`: the sum of their postings above zero.
struct KindTotal {
    std::string currency;
    std::string kind;
    std::int64_t entries = 0;
    std::int64_t postings = 0;
    Money moved;
};

/// Work in one currency, counted three ways that agree when all is well.
struct WorkTotal {
    std::string currency;
    Money charged;  ///< by the journal's charges
    Money metered;  ///< by the meter records
    Money by_days;  ///< by the sums of days
};

/// The journal against the meter records against the results.
struct Reconciliation {
    static constexpr std::size_t mismatches_max = 100;

    std::int64_t entries = 0;
    std::int64_t meter_records = 0;
    std::int64_t receipts = 0;      ///< looked at
    std::int64_t last_receipt = 0;  ///< the newest of them, by its number in the store
    std::vector<KindTotal> totals;
    std::vector<WorkTotal> work;
    std::int64_t mismatch_count = 0;
    std::vector<std::string> mismatches;  ///< sentences; the first mismatches_max

    void mismatch(std::string sentence) {
        ++mismatch_count;
        if (mismatches.size() < mismatches_max) mismatches.push_back(std::move(sentence));
    }
};

}  // namespace gleaner::ledger
