#pragma once
/// What is used and spent, from the customer's side: hours of usage, and months of spending by key,
/// project and customer. A transaction's meter records are gathered in memory and written once, at
/// its commit; then the budgets that were crossed raise their alerts.

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "coordinator/store/pending_sums.h"
#include "coordinator/store/records.h"
#include "coordinator/store/sqlite/database.h"
#include "shared/model/currency.h"
#include "shared/model/money.h"
#include "shared/util/clock.h"
#include "shared/util/result.h"

namespace gleaner::store {

/// Sums of meter records, as a customer is told them.
struct UsageSums {
    std::int64_t requests = 0;
    std::int64_t prompt_tokens = 0;
    std::int64_t cached_tokens = 0;
    std::int64_t generated_tokens = 0;
    Money price;

    UsageSums& operator+=(const UsageSums& more);
    friend bool operator==(const UsageSums&, const UsageSums&) = default;
};

/// A row of usage_sources, with the spenders that its records count for.
struct UsageSource {
    std::int64_t number = 0;
    std::int64_t key = 0;  ///< 0: made by no key that is known
    std::int64_t project = 0;
    std::int64_t customer = 0;
};

/// Whose money is counted by month.
enum class SpenderKind : std::uint8_t { key, project, customer };
[[nodiscard]] std::string_view to_string(SpenderKind kind);

class Spending {
public:
    Spending(Database& database, const Clock& clock) : database_(database), clock_(clock) {}

    /// The source of a record's usage; made when there is none. Valid until the transaction ends.
    Result<const UsageSource*> source(const MeterRecord& record, bool batch, Currency currency);
    /// `at`: when the record was accepted.
    void add(const UsageSource& source, WallTime at, const UsageSums& record);

    /// The row number under which a party's months are summed; made when there is none.
    Result<std::int64_t> spender(SpenderKind kind, std::string_view id, Currency currency);
    /// Raises the alerts of what has been spent in `month` already: a budget was set or lowered.
    Status raise_alerts(std::int64_t spender, std::int64_t month);

    /// Writes what is gathered in memory, so that a SELECT sees it.
    Status flush();

    // The transaction's events, in step with Database::begin/commit/rollback.
    void on_savepoint();
    void on_release();
    void on_savepoint_undone();
    void on_committed();
    void on_transaction_undone();

private:
    static constexpr int hour_bits = 23;   ///< nine centuries
    static constexpr int month_bits = 16;  ///< five thousand years

    Result<UsageSource> load(const MeterRecord& record, bool batch, Currency currency);
    void forget();

    Database& database_;
    const Clock& clock_;
    std::unordered_map<std::string, UsageSource> sources_;
    std::string source_key_;
    PendingSums<UsageSums> hours_;        ///< by source << hour_bits | hour
    PendingSums<std::int64_t> months_;    ///< by spender << month_bits | month
    std::vector<std::string> raised_;     ///< lines for the log, once committed
    std::vector<std::size_t> raised_at_;  ///< sizes of raised_ at the savepoints
};

}  // namespace gleaner::store
