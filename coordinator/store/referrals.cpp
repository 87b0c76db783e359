#include "coordinator/store/referrals.h"

#include "coordinator/store/reversals.h"
#include "coordinator/store/state.h"
#include "shared/util/random.h"

namespace gleaner::store {

namespace {

ReferralCode code_row(const Query& row) {
    return {row.text("code"), row.id<PartnerId>("partner"), row.text("label"), row.time("created"),
            row.optional_time("revoked")};
}

Referral referral_row(const Query& row) {
    const bool owner = row.text("kind") == "owner";
    return {owner ? ledger::PartyKind::owner : ledger::PartyKind::customer,
            row.text("id"),
            row.text("name"),
            row.time("since"),
            row.text("code"),
            currency(row.text("currency")),
            row.money("commission")};
}

}  // namespace

Result<ReferralCode> Referrals::add_code(const PartnerId& partner, std::string_view label) {
    auto& state = store_.state();
    if (label.size() > 200) {
        return Error(ErrorCode::invalid_argument, "a code's label has at most 200 bytes");
    }
    return state.atomically([&]() -> Result<ReferralCode> {
        GLEANER_TRY(store_.partner(partner));
        const std::string code = random_token("", 8);
        GLEANER_TRY(state.database->run(sql::insert_referral_code, code, partner, label,
                                        state.clock.wall()));
        return resolve(code);
    });
}

Result<std::vector<ReferralCode>> Referrals::codes(const PartnerId& partner) {
    return store_.state().all(code_row, sql::list_referral_codes, partner);
}

Status Referrals::revoke_code(const PartnerId& partner, std::string_view code) {
    auto& state = store_.state();
    return state.atomically([&]() -> Status {
        GLEANER_TRY(const auto known,
                    state.one("referral code", code_row, sql::select_referral_code, code));
        if (known.partner != partner) return Error(ErrorCode::not_found, "no such referral code");
        return state.database->run(sql::revoke_referral_code, code, state.clock.wall());
    });
}

Result<ReferralCode> Referrals::resolve(std::string_view code) {
    auto& state = store_.state();
    Query query(*state.database, sql::select_referral_code, code);
    GLEANER_TRY(auto found, query.next());
    if (!found || query.optional_time("revoked")) {
        return Error(ErrorCode::invalid_argument,
                     "nobody's referral code is \"" + std::string(code.substr(0, 20)) +
                         "\": ask the one who gave it to you, or leave it out");
    }
    return code_row(query);
}

Result<Owner> Referrals::add_owner(std::string_view name, std::string_view code) {
    auto& state = store_.state();
    return state.atomically([&]() -> Result<Owner> {
        GLEANER_TRY(const auto known, resolve(code));
        GLEANER_TRY(const auto owner, store_.add_owner(name, known.partner));
        GLEANER_TRY(state.database->run(sql::set_owner_referral, owner.id, known.partner, code));
        return owner;
    });
}

Result<Customer> Referrals::add_customer(std::string_view name, std::string_view code,
                                         const OwnerId& own_sites_of) {
    auto& state = store_.state();
    return state.atomically([&]() -> Result<Customer> {
        GLEANER_TRY(const auto known, resolve(code));
        GLEANER_TRY(const auto customer, store_.add_customer(name, known.partner, own_sites_of));
        GLEANER_TRY(
            state.database->run(sql::set_customer_referral, customer.id, known.partner, code));
        return customer;
    });
}

Result<std::vector<Referral>> Referrals::of(const PartnerId& partner) {
    auto& state = store_.state();
    GLEANER_TRY(store_.partner(partner));
    GLEANER_TRY(state.flush());
    return state.all(referral_row, sql::list_referred, partner);
}

Status Referrals::set_cap(const PartnerId& partner, Currency currency, Money most) {
    if (most < Money{}) {
        return Error(ErrorCode::invalid_argument, "a commission is capped at zero or more");
    }
    auto& state = store_.state();
    return state.atomically([&]() -> Status {
        GLEANER_TRY(store_.partner(partner));
        return state.database->run(sql::put_commission_cap, partner, code_of(currency), most);
    });
}

Result<std::optional<Money>> Referrals::cap(const PartnerId& partner, Currency currency) {
    return CommissionMonths(store_.state()).cap(partner, currency);
}

}  // namespace gleaner::store
