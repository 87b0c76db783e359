#pragma once
/// Statements by whom they are of, and what is behind each of their lines: meter records behind
/// work, journal entries behind everything else.

#include <cstdint>
#include <string>
#include <vector>

#include "coordinator/ledger/ledger.h"
#include "coordinator/store/store.h"
#include "shared/util/result.h"

namespace gleaner::store {

/// Whose account, in which currency, over [from, to).
struct StatementOf {
    ledger::PartyKind kind = ledger::PartyKind::platform;
    std::string id;  ///< empty for the platform
    Currency currency = Currency::cny;
    WallTime from;
    WallTime to;
};

/// Which line of work: empty members select nothing, so that an empty filter means all work.
struct LineFilter {
    std::string subject;              ///< the line's subject, or its model's name
    std::string device_class;         ///< of owners' lines
    std::string date;                 ///< of customers' lines: "2026-11-25"
    bool referred_customers = false;  ///< of partners' lines: the other half
};

/// One meter record as the party may see it: what is not its business is empty. A partner sees
/// amounts alone, an owner nothing of customers, a customer nothing of owners and their machines.
struct LineRecord {
    std::int64_t number = 0;  ///< ascending; `after` continues behind it
    WallTime at;              ///< when the store accepted the work
    std::string request;
    std::string attempt;
    std::string node;
    std::string hostname;
    std::string device_class;
    std::string model;
    std::int64_t prompt_tokens = 0;
    std::int64_t cached_tokens = 0;
    std::int64_t generated_tokens = 0;
    std::int64_t device_micros = 0;
    std::int64_t reference_micros = 0;
    Money price;
    Money amount;  ///< the party's share; minus the price for a customer
    std::string owner;
    std::string customer;
};

/// One journal entry behind a line that is not work, or a batch behind what is held.
struct LineEntry {
    std::int64_t number = 0;  ///< ascending; `after` continues behind it
    WallTime at;
    std::string kind;  ///< the line's
    std::string key;   ///< what made the entry unique; of what is held: the batch
    Money amount;
};

inline constexpr std::int64_t line_rows_max = 1000;  ///< of one page

class StatementRecords {
public:
    explicit StatementRecords(Store& store) : store_(store) {}

    /// Errors: not_found (the party), internal when its lines do not add up to the journal's
    /// balance.
    Result<ledger::Statement> statement(const StatementOf& of);
    /// Meter records behind a line of work, oldest first, at most `limit` (up to line_rows_max).
    /// All pages together sum to the line. Errors: not_found, invalid_argument, failed_precondition
    /// (archived: names the file).
    Result<std::vector<LineRecord>> records(const StatementOf& of, const LineFilter& line,
                                            std::int64_t after, std::int64_t limit);
    /// The same for lines of other kinds; an empty kind: all of them but what is held.
    Result<std::vector<LineEntry>> entries(const StatementOf& of, const std::string& kind,
                                           std::int64_t after, std::int64_t limit);

private:
    Store& store_;
};

}  // namespace gleaner::store
