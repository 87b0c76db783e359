/// Payouts: owners and partners ask for their own, finance operators approve, settle and take back.

#include <boost/json.hpp>

#include "coordinator/api/admin/call.h"
#include "coordinator/api/admin/payout_json.h"
#include "coordinator/vault/vault.h"

namespace gleaner::admin {

namespace json = boost::json;
using store::Payouts;
using store::Store;

namespace {

constexpr std::int64_t page_max = 1'000;
constexpr std::int64_t payout_micros_max = 1'000'000'000'000'000;  // a thousand million
constexpr std::size_t note_bytes_max = 400;

bool by_operator(const Call& call) {
    return call.by(store::PrincipalKind::operator_);
}

/// To others than its party and operators a payout does not exist.
Result<store::Payout> payout_of_caller(Store& store, const Call& call) {
    GLEANER_TRY(auto payout, Payouts(store).read(call.captures[0]));
    if (!by_operator(call) && payout.party.id != call.principal.subject)
        return Error(ErrorCode::not_found, "no such payout");
    return payout;
}

/// Whose payout is asked for: the caller's own, or the one that an operator names.
Result<std::string> party_in(Call& call) {
    if (by_operator(call)) return call.body.text("party");
    GLEANER_TRY(const auto named, call.body.optional_text("party"));
    if (named.empty() || named == call.principal.subject) return call.principal.subject;
    return Error(ErrorCode::not_found, "no such owner or partner");
}

Answer request_payout(AdminState& state, Call call) {
    GLEANER_CO_TRY(const auto party, party_in(call));
    GLEANER_CO_TRY(const auto code, call.body.optional_text("currency"));
    GLEANER_CO_TRY(const auto amount,
                   call.body.optional_integer("amount_micros", 1, payout_micros_max, 0));
    store::PayoutRequest request;
    GLEANER_CO_TRY(request.key, call.body.text("idempotency_key"));
    GLEANER_CO_TRY(call.body.no_more());
    GLEANER_CO_TRY(request.currency, currency_of(code));
    if (amount > 0) request.amount = Money{amount};
    const bool for_operator = by_operator(call);
    if (for_operator) {
        request.origin = store::PayoutOrigin::operator_;
        request.requested_by = call.principal.subject;
    }
    StoreWork work = [=, &state](Store& store) -> Result<json::value> {
        auto asked = request;
        GLEANER_TRY(asked.party, store::PayoutAccounts(store).party(party));
        GLEANER_TRY(const auto payout, Payouts(store).request(asked, state.options.payouts));
        return json::value(to_json(payout, for_operator));
    };
    co_return co_await state.needs.store.write<json::value>(std::move(work));
}

Result<store::PayoutFilter> filter_of(const Call& call) {
    store::PayoutFilter filter;
    GLEANER_TRY(filter.limit, limit_of(call, page_max));
    filter.after = call.parameter("after");
    filter.party = by_operator(call) ? call.parameter("party") : call.principal.subject;
    const std::string text = call.parameter("state");
    if (text.empty()) return filter;
    filter.state = ledger::parse_payout_state(text);
    if (filter.state) return filter;
    return Error(ErrorCode::invalid_argument,
                 "\"state\" must be requested, approved, sent, settled, failed or rejected");
}

Answer list_payouts(AdminState& state, Call call) {
    GLEANER_CO_TRY(const auto filter, filter_of(call));
    StoreWork work = [&call, filter](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto found, Payouts(store).list(filter));
        json::array data;
        for (const auto& payout : found) data.push_back(to_json(payout, by_operator(call)));
        return json::value(json::object{{"data", std::move(data)}});
    };
    co_return co_await state.needs.store.read<json::value>(std::move(work));
}

Answer show_payout(AdminState& state, Call call) {
    StoreWork work = [&call](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto payout, payout_of_caller(store, call));
        return json::value(to_json(payout, by_operator(call)));
    };
    co_return co_await state.needs.store.read<json::value>(std::move(work));
}

using Change = Result<store::Payout> (*)(Payouts&, const std::string& id, const std::string& by,
                                         const std::string& note);

/// The one shape of what finance operators do to a payout.
Answer change_payout(AdminState& state, Call call, std::string note, Change change) {
    StoreWork work = [&call, note, change](Store& store) -> Result<json::value> {
        Payouts payouts(store);
        GLEANER_TRY(const auto payout,
                    change(payouts, call.captures[0], call.principal.subject, note));
        return json::value(to_json(payout, true));
    };
    co_return co_await state.needs.store.write<json::value>(std::move(work));
}

Answer approve_payout(AdminState& state, Call call) {
    GLEANER_CO_TRY(call.body.no_more());
    auto changing = change_payout(state, std::move(call), {},
                                  [](Payouts& payouts, const std::string& id, const std::string& by,
                                     const std::string&) { return payouts.approve(id, by); });
    co_return co_await std::move(changing);
}

Answer reject_payout(AdminState& state, Call call) {
    GLEANER_CO_TRY(auto reason, call.body.text("reason", note_bytes_max));
    GLEANER_CO_TRY(call.body.no_more());
    auto changing =
        change_payout(state, std::move(call), std::move(reason),
                      [](Payouts& payouts, const std::string& id, const std::string& by,
                         const std::string& why) { return payouts.reject(id, by, why); });
    co_return co_await std::move(changing);
}

Answer settle_payout(AdminState& state, Call call) {
    GLEANER_CO_TRY(auto reference, call.body.optional_text("reference", note_bytes_max));
    GLEANER_CO_TRY(call.body.no_more());
    auto changing =
        change_payout(state, std::move(call), std::move(reference),
                      [](Payouts& payouts, const std::string& id, const std::string& by,
                         const std::string& what) { return payouts.settle(id, by, what); });
    co_return co_await std::move(changing);
}

Answer fail_payout(AdminState& state, Call call) {
    GLEANER_CO_TRY(auto reason, call.body.text("reason", note_bytes_max));
    GLEANER_CO_TRY(call.body.no_more());
    auto changing = change_payout(state, std::move(call), std::move(reason),
                                  [](Payouts& payouts, const std::string& id, const std::string& by,
                                     const std::string& why) { return payouts.fail(id, by, why); });
    co_return co_await std::move(changing);
}

}  // namespace

std::vector<AdminRoute> payout_routes() {
    constexpr unsigned money_people = admins | finance;
    return {
        {api::Method::post, "/api/v1/payouts", money_people | owners | partners, request_payout},
        {api::Method::get, "/api/v1/payouts", operators | owners | partners, list_payouts},
        {api::Method::get, "/api/v1/payouts/{id}", operators | owners | partners, show_payout},
        {api::Method::post, "/api/v1/payouts/{id}/approve", money_people, approve_payout},
        {api::Method::post, "/api/v1/payouts/{id}/reject", money_people, reject_payout},
        {api::Method::post, "/api/v1/payouts/{id}/settle", money_people, settle_payout},
        {api::Method::post, "/api/v1/payouts/{id}/fail", money_people, fail_payout},
    };
}

}  // namespace gleaner::admin
