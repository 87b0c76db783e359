/// Where owners and partners are paid. They set it with their own key and nobody sets it for them;
/// a finance operator verifies that it is theirs. Of the data only its masked end ever leaves.

#include <boost/json.hpp>

#include "coordinator/api/admin/blocking_work.h"
#include "coordinator/api/admin/call.h"
#include "coordinator/api/admin/payout_json.h"
#include "coordinator/api/admin/record_json.h"
#include "coordinator/vault/vault.h"
#include "shared/util/log.h"

namespace gleaner::admin {

namespace json = boost::json;
using store::PayoutAccounts;
using store::PayoutParty;
using store::Store;

namespace {

constexpr std::int64_t page_max = 1'000;

PayoutParty own_party(const Call& call) {
    const bool is_owner = call.by(store::PrincipalKind::owner);
    return {is_owner ? ledger::PartyKind::owner : ledger::PartyKind::partner,
            call.principal.subject};
}

Result<ledger::Payee> payee_in(JsonBody& body) {
    GLEANER_TRY(const auto method_text, body.text("method"));
    const auto method = ledger::parse_payout_method(method_text);
    if (!method)
        return Error(ErrorCode::invalid_argument, "\"method\" must be bank, alipay or wechat");
    ledger::Payee payee;
    payee.method = *method;
    GLEANER_TRY(payee.holder, body.text("holder"));
    GLEANER_TRY(payee.number, body.text("number"));
    GLEANER_TRY(payee.bank, body.optional_text("bank"));
    GLEANER_TRY(payee.branch, body.optional_text("branch"));
    GLEANER_TRY(body.no_more());
    payee = normalised(std::move(payee));
    GLEANER_TRY(ledger::check(payee));
    return payee;
}

Answer set_account(AdminState& state, Call call) {
    GLEANER_CO_TRY(const auto payee, payee_in(call.body));
    const auto party = own_party(call);
    const auto ring = state.needs.vault.ring();
    StoreWork work = [=](Store& store) -> Result<json::value> {
        const store::Seal seal = [&ring](std::string_view plain, std::string_view context) {
            return ring->seal(plain, context);
        };
        GLEANER_TRY(const auto account, PayoutAccounts(store).set(party, payee, seal));
        return json::value(to_json(account));
    };
    co_return co_await state.needs.store.write<json::value>(std::move(work));
}

/// With what could be paid to it now.
Answer show_own_account(AdminState& state, Call call) {
    const auto party = own_party(call);
    StoreWork work = [=](Store& store) -> Result<json::value> {
        json::object shown;
        const auto account = PayoutAccounts(store).newest(party);
        if (account.has_value()) shown = to_json(account.value());
        if (account.has_error() && account.error().code() != ErrorCode::failed_precondition)
            return account.error();
        json::object payable;
        for (const auto& name : currency_names) {
            GLEANER_TRY(const auto amount, store::Payouts(store).payable(party, name.currency));
            if (amount > Money{}) payable[name.code] = amount.micros;
        }
        shown["party"] = party.id;
        shown["payable_micros"] = std::move(payable);
        return json::value(std::move(shown));
    };
    co_return co_await state.needs.store.read<json::value>(std::move(work));
}

Answer list_accounts(AdminState& state, Call call) {
    GLEANER_CO_TRY(const auto limit, limit_of(call, page_max));
    const std::string after = call.parameter("after");
    const bool unverified = call.parameter("unverified") == "true";
    StoreWork work = [=](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto found, PayoutAccounts(store).list(after, unverified, limit));
        return to_list(found);
    };
    co_return co_await state.needs.store.read<json::value>(std::move(work));
}

Answer verify_account(AdminState& state, Call call) {
    GLEANER_CO_TRY(const auto version, call.body.integer("version", 1, INT32_MAX));
    GLEANER_CO_TRY(call.body.no_more());
    const std::string id = call.captures[0];
    const std::string by = call.principal.subject;
    StoreWork work = [=](Store& store) -> Result<json::value> {
        PayoutAccounts accounts(store);
        GLEANER_TRY(const auto party, accounts.party(id));
        GLEANER_TRY(const auto account, accounts.verify(party, version, by));
        return json::value(to_json(account));
    };
    co_return co_await state.needs.store.write<json::value>(std::move(work));
}

/// What a rotation did: what still needs an old key, since that one is missing, stays.
class Resealed {
public:
    std::int64_t count = 0;
    std::int64_t left = 0;
    std::set<std::string> keys;  ///< that `left` needs
};

Result<Resealed> reseal_all(Store& store, const vault::KeyRing& ring) {
    Resealed done;
    const store::Reseal reseal = [&](std::string_view sealed,
                                     std::string_view context) -> std::optional<std::string> {
        const auto plain = ring.open(sealed, context);
        if (plain.has_value()) return ring.seal(plain.value(), context);
        ++done.left;
        done.keys.insert(vault::key_of(sealed));
        return std::nullopt;
    };
    GLEANER_TRY(done.count, PayoutAccounts(store).reseal_all(reseal));
    return done;
}

/// Writes the ring to its file, then puts it in force.
boost::asio::awaitable<Status> put_in_force(AdminState& state, vault::KeyRing fresh) {
    vault::Vault* const vault = &state.needs.vault;
    const auto ring = std::make_shared<const vault::KeyRing>(std::move(fresh));
    std::function<Result<bool>()> save = [vault, ring]() -> Result<bool> {
        GLEANER_TRY(vault->save(*ring));
        return true;
    };
    const auto saved = co_await run_blocking<bool>(state.needs.blocking, std::move(save));
    if (saved.has_error()) co_return saved.error();
    vault->use(ring);
    co_return ok();
}

/// See vault.h for the order of its steps. Whatever was sealed with a ring taken before is in the
/// store's queue before the work here, and so is sealed again with the rest.
Answer rotate(AdminState& state) {
    auto adding = put_in_force(state, state.needs.vault.ring()->with_new_key());
    const auto added = co_await std::move(adding);
    if (added.has_error()) co_return added.error();
    const auto ring = state.needs.vault.ring();
    std::function<Result<Resealed>(Store&)> work = [ring](Store& store) {
        return reseal_all(store, *ring);
    };
    auto resealed = co_await state.needs.store.write<Resealed>(std::move(work));
    if (resealed.has_error()) co_return std::move(resealed).error();
    const Resealed done = std::move(resealed).value();
    auto dropping = put_in_force(state, ring->with_only(done.keys));
    const auto dropped = co_await std::move(dropping);
    if (dropped.has_error()) co_return dropped.error();
    spdlog::info("event=payout_key_rotated accounts={} left={}", done.count, done.left);
    co_return json::value(json::object{
        {"key", ring->current()}, {"accounts", done.count}, {"unreadable", done.left}});
}

Answer rotate_key(AdminState& state, Call /*call*/) {
    if (std::exchange(state.rotating_key, true)) {
        co_return Error(ErrorCode::unavailable, "the key is being rotated already");
    }
    auto rotating = rotate(state);
    auto answer = co_await std::move(rotating);
    state.rotating_key = false;
    co_return answer;
}

constexpr const char* own_account_only =
    "where somebody is paid is set with their own key: operators cannot set it for them";

}  // namespace

std::vector<AdminRoute> payout_account_routes() {
    return {
        {api::Method::put, "/api/v1/payout-accounts/own", owners | partners, set_account,
         own_account_only},
        {api::Method::get, "/api/v1/payout-accounts/own", owners | partners, show_own_account,
         own_account_only},
        {api::Method::get, "/api/v1/payout-accounts", admins | finance, list_accounts},
        {api::Method::post, "/api/v1/payout-accounts/{party}/verify", admins | finance,
         verify_account},
        {api::Method::post, "/api/v1/payout-key/rotate", admins, rotate_key},
    };
}

}  // namespace gleaner::admin
