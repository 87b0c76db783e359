#include "coordinator/store/contracts.h"

#include "coordinator/store/state.h"
#include "shared/model/civil_day.h"
#include "shared/util/check.h"
#include "shared/util/random.h"

namespace gleaner::store {

namespace {

RevenueContract contract_row(const Query& row) {
    RevenueContract contract;
    contract.id = row.text("id");
    contract.owner = row.id<OwnerId>("owner");
    contract.currency = currency(row.text("currency"));
    auto terms = ledger::revenue_terms_from_json(row.text("terms"));
    GLEANER_CHECK(terms.has_value(), "only terms that were checked are stored");
    contract.terms = std::move(terms).value();
    contract.first_day = row.integer("first_day");
    if (!row.null("end_day")) contract.end_day = row.integer("end_day");
    contract.proposed = row.time("proposed");
    contract.proposed_by = row.text("proposed_by");
    contract.signed_at = row.optional_time("signed");
    contract.signed_by = row.text("signed_by");
    return contract;
}

Error refused(std::string why) {
    return {ErrorCode::invalid_argument, std::move(why)};
}

std::string days_of(std::int64_t first, std::optional<std::int64_t> end) {
    return date_text(first) + (end ? " to " + date_text(*end - 1) : " on");
}

}  // namespace

Result<RevenueContract> RevenueContracts::propose(const OwnerId& owner, Currency currency,
                                                  const ledger::RevenueTerms& terms,
                                                  std::int64_t first_day,
                                                  std::optional<std::int64_t> end_day,
                                                  std::string_view by) {
    auto& state = store_.state();
    GLEANER_TRY(ledger::check(terms));
    if (first_day < day_of(state.clock.wall())) {
        return refused("the contract would begin on " + date_text(first_day) +
                       ", which has passed: what was earned is shared already");
    }
    if (end_day && *end_day <= first_day) {
        return refused("the contract would end before it begins on " + date_text(first_day));
    }
    return state.atomically([&]() -> Result<RevenueContract> {
        GLEANER_TRY(store_.owner(owner));
        const std::string id = random_token("rct_", 20);
        GLEANER_TRY(state.database->run(sql::insert_revenue_contract, id, owner, code_of(currency),
                                        ledger::to_json(terms), first_day, end_day,
                                        state.clock.wall(), by));
        return read(id);
    });
}

Result<RevenueContract> RevenueContracts::sign(const std::string& id, const Principal& by) {
    auto& state = store_.state();
    return state.atomically([&]() -> Result<RevenueContract> {
        GLEANER_TRY(const auto contract, read(id));
        if (by.kind != PrincipalKind::owner || by.subject != contract.owner.get()) {
            return Error(ErrorCode::permission_denied,
                         "only the owner signs, with a key of their own");
        }
        if (contract.signed_at) return contract;
        const std::int64_t today = day_of(state.clock.wall());
        if (contract.first_day < today) {
            return Error(ErrorCode::failed_precondition, "this contract was to begin on " +
                                                             date_text(contract.first_day) +
                                                             ": ask for a new proposal");
        }
        Query other(*state.database, sql::select_overlapping_revenue_contract, contract.owner,
                    code_of(contract.currency), id, contract.first_day, contract.end_day);
        GLEANER_TRY(auto overlaps, other.next());
        if (overlaps) {
            std::optional<std::int64_t> end;
            if (!other.null("end_day")) end = other.integer("end_day");
            return Error(ErrorCode::failed_precondition,
                         "contract " + other.text("id") + " holds from " +
                             days_of(other.integer("first_day"), end) + ": end that one first");
        }
        GLEANER_TRY(state.database->run(sql::sign_revenue_contract, id, state.clock.wall(),
                                        by.credential_id));
        state.sources.clear();  // their splits may be other ones now
        return read(id);
    });
}

Result<RevenueContract> RevenueContracts::end(const std::string& id, std::int64_t end_day) {
    auto& state = store_.state();
    return state.atomically([&]() -> Result<RevenueContract> {
        GLEANER_TRY(const auto contract, read(id));
        if (end_day <= std::max(day_of(state.clock.wall()), contract.first_day)) {
            return refused(
                "a contract ends after a day on which it holds, tomorrow at the "
                "earliest");
        }
        if (contract.end_day && *contract.end_day < end_day) {
            return refused("this contract ends on " + date_text(*contract.end_day - 1) +
                           " already: propose a new one for later");
        }
        GLEANER_TRY(state.database->run(sql::end_revenue_contract, id, end_day));
        return read(id);
    });
}

Result<RevenueContract> RevenueContracts::read(const std::string& id) {
    return store_.state().one("contract", contract_row, sql::select_revenue_contract, id);
}

Result<std::vector<RevenueContract>> RevenueContracts::of(const OwnerId& owner) {
    return store_.state().all(contract_row, sql::list_revenue_contracts, owner);
}

Result<ledger::RevenueTerms> RevenueContracts::in_force(const OwnerId& owner, Currency currency,
                                                        std::int64_t day) {
    auto& state = store_.state();
    Query query(*state.database, sql::select_revenue_contract_in_force, owner, code_of(currency),
                day);
    GLEANER_TRY(auto found, query.next());
    if (found) return ledger::revenue_terms_from_json(query.text("terms"));
    ledger::RevenueTerms terms;
    terms.split = state.split;
    return terms;
}

}  // namespace gleaner::store
