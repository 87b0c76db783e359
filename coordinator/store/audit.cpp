#include "coordinator/store/audit.h"

#include <map>
#include <set>

#include "coordinator/store/state.h"
#include "shared/artefact/sha256.h"

namespace gleaner::store {

using ledger::AuditHead;
using ledger::AuditRow;

namespace {

AuditRow audit_row(const Query& row) {
    AuditRow read;
    read.number = row.integer("number");
    read.at = row.time("at");
    read.who = row.text("operator");
    read.credential = row.text("credential");
    read.action = row.text("action");
    read.sent = row.text("sent");
    read.intent = row.integer("intent");
    read.outcome = row.text("outcome");
    read.hash = row.text("hash");
    return read;
}

std::string hash_of(const AuditRow& row, std::string_view previous_hash) {
    return hash_bytes(ledger::chained_text(row, previous_hash)).get();
}

/// Heads that were kept elsewhere: by number, with who kept them.
struct KeptHead {
    AuditHead head;
    std::string where;
};

Result<std::vector<KeptHead>> heads_of_closes(Store::State& state) {
    std::vector<KeptHead> heads;
    Query query(*state.database, sql::list_audit_heads_of_closes);
    for (;;) {
        GLEANER_TRY(auto more, query.next());
        if (!more) return heads;
        heads.push_back({{query.integer("audit_number"), query.text("audit_hash")},
                         "the close of " + query.text("kind") + " number " + query.text("number")});
    }
}

/// The walk's state: what comes next, and the first thing that is wrong.
class Walk {
public:
    explicit Walk(std::vector<KeptHead> kept) {
        for (auto& head : kept) kept_.emplace(head.head.number, std::move(head));
    }
    void see(const AuditRow& row) {
        ++check_.rows;
        if (row.intent == 0 && row.outcome.empty()) ++check_.unfinished;
        if (row.intent > 0) --check_.unfinished;
        const std::int64_t expected = check_.head.number + 1;
        if (row.number != expected) {
            bad(expected, "row " + std::to_string(expected) + " is missing");
        } else if (row.hash != hash_of(row, previous_)) {
            bad(row.number, "row " + std::to_string(row.number) +
                                " is not what was written: its hash does not follow from it and "
                                "from the row before");
        }
        compare(row);
        previous_ = row.hash;
        check_.head = {row.number, row.hash};
    }
    /// Call after the last row.
    [[nodiscard]] AuditCheck finish() && {
        for (const auto& [number, kept] : kept_) {
            if (seen_.contains(number)) continue;
            bad(number, kept.where + " knew row " + std::to_string(number) +
                            ", which is not there: rows were cut off");
        }
        return std::move(check_);
    }

private:
    void compare(const AuditRow& row) {
        const auto [first, last] = kept_.equal_range(row.number);
        for (auto at = first; at != last; ++at) {
            seen_.insert(row.number);
            if (at->second.head.hash == row.hash) continue;
            bad(row.number, at->second.where + " knew row " + std::to_string(row.number) +
                                " with another hash: the log was written anew");
        }
    }
    void bad(std::int64_t number, std::string problem) {
        if (check_.first_bad != 0 && check_.first_bad <= number) return;
        check_.first_bad = number;
        check_.problem = std::move(problem);
    }

    AuditCheck check_;
    std::string previous_{ledger::audit_genesis};
    std::multimap<std::int64_t, KeptHead> kept_;
    std::set<std::int64_t> seen_;  ///< of the kept ones
};

}  // namespace

Result<std::int64_t> Audit::append(const AuditAct& act, std::int64_t intent,
                                   std::string_view outcome) {
    auto& state = store_.state();
    return state.atomically([&]() -> Result<std::int64_t> {
        GLEANER_TRY(const auto last, head());
        AuditRow row;
        row.number = last.number + 1;
        row.at = state.clock.wall();
        row.who = act.who;
        row.credential = act.credential;
        row.action = act.action;
        row.sent = act.sent;
        row.intent = intent;
        row.outcome = outcome;
        row.hash = hash_of(row, last.number == 0 ? ledger::audit_genesis : last.hash);
        GLEANER_TRY(state.database->run(sql::insert_audit, row.number, row.at, row.who,
                                        row.credential, row.action, row.sent, row.intent,
                                        row.outcome, row.hash));
        return row.number;
    });
}

Result<std::int64_t> Audit::intend(const AuditAct& act) {
    return append(act, 0, {});
}

Status Audit::conclude(std::int64_t intent, std::string_view outcome) {
    auto& state = store_.state();
    return state.atomically([&]() -> Status {
        GLEANER_TRY(const auto concluded, state.exists(sql::select_audit_outcome, intent));
        if (concluded) return ok();
        GLEANER_TRY(const auto row,
                    state.one("row of the audit log", audit_row, sql::select_audit_row, intent));
        GLEANER_TRY(append({row.who, row.credential, row.action, {}}, intent, outcome));
        return ok();
    });
}

Status Audit::note(const AuditAct& act, std::string_view outcome) {
    GLEANER_TRY(append(act, 0, outcome));
    return ok();
}

Result<std::vector<AuditRow>> Audit::rows(const AuditFilter& filter) {
    auto& state = store_.state();
    if (filter.who.empty()) {
        return state.all(audit_row, sql::list_audit, filter.before, filter.from, filter.to,
                         filter.limit);
    }
    return state.all(audit_row, sql::list_audit_of_operator, filter.before, filter.from, filter.to,
                     filter.limit, filter.who);
}

Result<AuditHead> Audit::head() {
    Query query(*store_.state().database, sql::select_audit_head);
    GLEANER_TRY(auto found, query.next());
    if (!found) return AuditHead{};
    return AuditHead{query.integer("number"), query.text("hash")};
}

Result<AuditCheck> Audit::verify(const std::optional<AuditHead>& expected) {
    auto& state = store_.state();
    return state.atomically([&]() -> Result<AuditCheck> {
        GLEANER_TRY(auto kept, heads_of_closes(state));
        if (expected) kept.push_back({*expected, "you"});
        Walk walk(std::move(kept));
        Query query(*state.database, sql::walk_audit);
        for (;;) {
            GLEANER_TRY(auto more, query.next());
            if (!more) break;
            walk.see(audit_row(query));
        }
        return std::move(walk).finish();
    });
}

}  // namespace gleaner::store
