#pragma once
/// The report of a close as JSON: what is kept, hashed and shown. Internal to the store.

#include <string>
#include <vector>

#include "coordinator/store/closes.h"
#include "coordinator/store/state.h"

namespace gleaner::store {

/// What the accounts of a kind have in all at a month's end.
struct GroupBalance {
    std::string currency;
    std::string group;  ///< "customer", "pending", "platform", …
    Money micros;
};

/// A close but for what reconciliation found.
struct CloseReport {
    ledger::Period period;
    WallTime closed;
    std::string by;
    std::string despite;
    ledger::AuditHead audit;
    std::string previous_sha256;  ///< of the close before of the same kind; empty: the first
    std::vector<GroupBalance> groups;
};

[[nodiscard]] std::string to_json_text(const CloseReport& report,
                                       const ledger::Reconciliation& found);
[[nodiscard]] Result<std::string> previous_sha256(Store::State& state, ledger::Period period);
[[nodiscard]] Result<std::vector<GroupBalance>> month_groups(Store::State& state,
                                                             std::int64_t month);

}  // namespace gleaner::store
