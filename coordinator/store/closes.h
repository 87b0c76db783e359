#pragma once
/// Closed days and months of the books. Nothing is posted into a closed day any more: the journal
/// gives no number below the moment up to which the books are frozen, and refuses to post while the
/// clock reads an earlier one.
///
/// A period is closed in three verbs, so that reading it holds up no posting: freeze() (short,
/// writes), reconcile() (long, may run on a reader), close() (short, writes). Why this loses no
/// entry: an entry's number is never below the clock's reading, and freeze() demands that the clock
/// is past the period's end; so what is numbered inside the period was committed before freeze(),
/// which holds the only write lock, and what comes later is numbered at or after the frozen moment.
/// A burst of entries before midnight that counts on past it belongs to the next day, as its meter
/// records and sums of days do, whose day follows from the same number. The grace time after a
/// day's end is not needed for this: it is there so that a clock that is set back by a few minutes
/// does not stop all posting. A crash after freeze() leaves a day that is frozen and not closed:
/// the next attempt closes it.

#include <optional>
#include <string>
#include <vector>

#include "coordinator/ledger/audit_chain.h"
#include "coordinator/ledger/reconciliation.h"
#include "coordinator/store/store.h"

namespace gleaner::store {

/// A day is closed this long after it has ended.
inline constexpr Duration close_grace = std::chrono::minutes(10);

struct ClosedPeriod {
    ledger::Period period;
    WallTime closed;
    std::string by;       ///< an operator's name, or "bookkeeper"
    std::string despite;  ///< why a month was closed with mismatches
    std::int64_t mismatches = 0;
    std::string report_json;  ///< empty in lists
    std::string sha256;       ///< of report_json
    ledger::AuditHead audit;  ///< the audit log's newest row at that time
};

/// How far the books are closed. Days and months as in ledger::Period.
struct ClosingProgress {
    std::optional<std::int64_t> first_day;  ///< of the first entry; nothing: no entry yet
    std::optional<std::int64_t> last_day;   ///< closed
    std::optional<std::int64_t> last_month;
    WallTime frozen_until;
    WallTime archived_until;

    /// What is to be closed next; nothing without entries.
    [[nodiscard]] std::optional<std::int64_t> next_day() const;
    /// Nothing, too, while days of it are open.
    [[nodiscard]] std::optional<std::int64_t> next_month() const;
};

class Closes {
public:
    explicit Closes(Store& store) : store_(store) {}

    Result<ClosingProgress> progress();

    /// Freezes the period if it is the next to be closed. Nothing happens when it is closed
    /// already. Errors: failed_precondition (it has not ended, an earlier one is open, no entries).
    Status freeze(ledger::Period period);
    /// Compares journal, meter records, sums of days and results of a frozen period.
    Result<ledger::Reconciliation> reconcile(ledger::Period period);
    /// Records the close of a frozen period; of a month also all balances at its end. Returns the
    /// older close when there is one. Errors: failed_precondition (not frozen, out of order, a
    /// month with mismatches and an empty `despite`).
    Result<ClosedPeriod> close(ledger::Period period, std::string_view by, std::string_view despite,
                               const ledger::Reconciliation& found);
    /// All three, in one transaction.
    Result<ClosedPeriod> run(ledger::Period period, std::string_view by,
                             std::string_view despite = {});

    /// Newest first, numbers below `before`.
    Result<std::vector<ClosedPeriod>> list(ledger::PeriodKind kind, std::int64_t before,
                                           std::int64_t limit);
    /// With its report. Errors: not_found.
    Result<ClosedPeriod> closed(ledger::Period period);

private:
    Status may_close(ledger::Period period, const ClosingProgress& progress);

    Store& store_;
};

/// "2026-11-30", "2026-11".
[[nodiscard]] std::string to_text(ledger::Period period);
/// The inverse; nothing for what is neither.
[[nodiscard]] std::optional<ledger::Period> parse_period(std::string_view text);
/// Its first moment, and the first one after it.
[[nodiscard]] WallTime start_of(ledger::Period period);
[[nodiscard]] WallTime end_of(ledger::Period period);
/// Its first day, and the first one after it.
[[nodiscard]] std::int64_t first_day_of(ledger::Period period);
[[nodiscard]] std::int64_t end_day_of(ledger::Period period);

}  // namespace gleaner::store
