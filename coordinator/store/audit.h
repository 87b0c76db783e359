#pragma once
/// The log of what operators did: rows that are only ever added, chained by their hashes. The
/// verbs run in the caller's transaction, like Store's.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/ledger/audit_chain.h"
#include "coordinator/store/store.h"

namespace gleaner::store {

/// What an operator is about to do, or has read.
struct AuditAct {
    std::string who;         ///< the operator's name
    std::string credential;  ///< id of their key
    std::string action;      ///< "POST /api/v1/owners"
    std::string sent;        ///< without secrets
};

struct AuditFilter {
    WallTime from;                    ///< inclusive
    WallTime to{INT64_MAX};           ///< exclusive
    std::string who;                  ///< empty: of all operators
    std::int64_t before = INT64_MAX;  ///< rows with lower numbers only
    std::int64_t limit = 100;
};

struct AuditCheck {
    std::int64_t rows = 0;        ///< that were looked at
    std::int64_t unfinished = 0;  ///< acts of which it is not known how they ended
    ledger::AuditHead head;       ///< the newest row
    std::int64_t first_bad = 0;   ///< number of the first row that does not fit; 0: all fit
    std::string problem;          ///< a sentence; empty when all fit
};

class Audit {
public:
    explicit Audit(Store& store) : store_(store) {}

    /// Records what is about to be done; returns the row's number, for conclude().
    Result<std::int64_t> intend(const AuditAct& act);
    /// Records how it ended, once: a second call leaves the first outcome. Errors: not_found.
    Status conclude(std::int64_t intent, std::string_view outcome);
    /// Records something that is over already, such as a look at what is confidential.
    Status note(const AuditAct& act, std::string_view outcome);

    /// Newest first.
    Result<std::vector<ledger::AuditRow>> rows(const AuditFilter& filter);
    Result<ledger::AuditHead> head();
    /// Walks the whole chain. Compares it with `expected`, a head that somebody kept, and with
    /// those that closed periods kept: so rows that are missing at the end are noticed, too.
    Result<AuditCheck> verify(const std::optional<ledger::AuditHead>& expected = std::nullopt);

private:
    Result<std::int64_t> append(const AuditAct& act, std::int64_t intent, std::string_view outcome);

    Store& store_;
};

}  // namespace gleaner::store
