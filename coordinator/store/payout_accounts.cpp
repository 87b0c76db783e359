#include "coordinator/store/payout_accounts.h"

#include "coordinator/store/payout_rows.h"
#include "coordinator/store/state.h"

namespace gleaner::store {

namespace {

PayoutAccount payout_account_row(const Query& row) {
    PayoutAccount account;
    account.party = payout_party(row);
    account.version = row.integer("version");
    account.method = payout_method(row.text("method"));
    account.masked = row.text("masked");
    account.sealed = row.text("sealed");
    account.created = row.time("created");
    account.verified = row.optional_time("verified");
    account.verified_by = row.text("verified_by");
    return account;
}

Result<PayoutAccount> read_newest(Store::State& state, const PayoutParty& party) {
    auto found = state.one("account", payout_account_row, sql::select_payout_account,
                           ledger::to_string(party.kind), party.id);
    if (found.has_error() && found.error().code() == ErrorCode::not_found)
        return Error(ErrorCode::failed_precondition,
                     "this party has not said where to be paid: they set their account with their "
                     "own key (gleanerctl payout account set)");
    return found;
}

}  // namespace

std::string seal_context(const PayoutParty& party, std::int64_t version) {
    return std::string("payout account of ")
        .append(ledger::to_string(party.kind))
        .append(" ")
        .append(party.id)
        .append(", version ")
        .append(std::to_string(version));
}

Result<PayoutParty> PayoutAccounts::party(std::string_view id) {
    if (id.starts_with("own_")) {
        GLEANER_TRY(const auto owner, store_.owner(OwnerId{std::string(id)}));
        return PayoutParty{ledger::PartyKind::owner, owner.id.get()};
    }
    if (id.starts_with("par_")) {
        GLEANER_TRY(const auto partner, store_.partner(PartnerId{std::string(id)}));
        return PayoutParty{ledger::PartyKind::partner, partner.id.get()};
    }
    return Error(ErrorCode::not_found, "no such owner or partner");
}

Result<PayoutAccount> PayoutAccounts::set(const PayoutParty& whose, const ledger::Payee& payee,
                                          const Seal& seal) {
    GLEANER_TRY(ledger::check(payee));
    auto& state = store_.state();
    return state.atomically([&]() -> Result<PayoutAccount> {
        GLEANER_TRY(party(whose.id));
        const auto before = read_newest(state, whose);
        if (before.has_error() && before.error().code() != ErrorCode::failed_precondition)
            return before.error();
        PayoutAccount account;
        account.party = whose;
        account.version = before.has_value() ? before.value().version + 1 : 1;
        account.method = payee.method;
        account.masked = ledger::masked(payee);
        account.sealed = seal(ledger::to_text(payee), seal_context(whose, account.version));
        account.created = state.clock.wall();
        GLEANER_TRY(state.database->run(
            sql::insert_payout_account, ledger::to_string(whose.kind), whose.id, account.version,
            ledger::to_string(account.method), account.masked, account.sealed, account.created));
        return account;
    });
}

Result<PayoutAccount> PayoutAccounts::newest(const PayoutParty& whose) {
    return read_newest(store_.state(), whose);
}

Result<std::vector<PayoutAccount>> PayoutAccounts::list(std::string_view after,
                                                        bool unverified_only, std::int64_t limit) {
    return store_.state().all(payout_account_row, sql::list_payout_accounts, after,
                              static_cast<std::int64_t>(unverified_only), limit);
}

Result<PayoutAccount> PayoutAccounts::verify(const PayoutParty& whose, std::int64_t version,
                                             std::string_view by) {
    auto& state = store_.state();
    return state.atomically([&]() -> Result<PayoutAccount> {
        GLEANER_TRY(const auto account, read_newest(state, whose));
        if (account.version != version)
            return Error(ErrorCode::failed_precondition,
                         "version " + std::to_string(version) +
                             " is not the account in force, which is version " +
                             std::to_string(account.version) + ": look at that one first");
        GLEANER_TRY(state.database->run(sql::verify_payout_account, ledger::to_string(whose.kind),
                                        whose.id, version, state.clock.wall(), by));
        return read_newest(state, whose);
    });
}

Result<std::int64_t> PayoutAccounts::reseal_all(const Reseal& reseal) {
    auto& state = store_.state();
    return state.atomically([&]() -> Result<std::int64_t> {
        GLEANER_TRY(const auto all, state.all(payout_account_row, sql::list_sealed_accounts));
        std::int64_t count = 0;
        for (const auto& account : all) {
            const auto fresh = reseal(account.sealed, seal_context(account.party, account.version));
            if (!fresh) continue;
            GLEANER_TRY(state.database->run(sql::reseal_payout_account,
                                            ledger::to_string(account.party.kind), account.party.id,
                                            account.version, *fresh));
            ++count;
        }
        return count;
    });
}

Result<std::string> PayoutAccounts::shown_to_node(const NodeId& node) {
    Query query(*store_.state().database, sql::select_account_of_node, node);
    GLEANER_TRY(const bool found, query.next());
    return found ? query.text("masked") : std::string();
}

}  // namespace gleaner::store
