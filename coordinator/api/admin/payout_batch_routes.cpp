/// Batches of payouts: what is approved becomes a file for a bank, Alipay or WeChat. The file is
/// the one place where whole account numbers leave the coordinator.

#include <charconv>
#include <limits>

#include <boost/json.hpp>

#include "coordinator/api/admin/call.h"
#include "coordinator/api/admin/payout_json.h"
#include "coordinator/api/admin/record_json.h"
#include "coordinator/vault/vault.h"
#include "shared/util/log.h"

namespace gleaner::admin {

namespace json = boost::json;
using store::Payouts;
using store::Store;

namespace {

constexpr std::int64_t page_max = 1'000;
constexpr std::size_t note_bytes_max = 400;

/// The work that is given it keeps the ring alive.
store::Unseal unseal_with(std::shared_ptr<const vault::KeyRing> ring) {
    return [ring = std::move(ring)](std::string_view sealed, std::string_view context) {
        return ring->open(sealed, context);
    };
}

Result<std::int64_t> number_in(const std::string& text) {
    std::int64_t number = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
    if (parsed.ec == std::errc() && parsed.ptr == text.data() + text.size() && number > 0)
        return number;
    return Error(ErrorCode::not_found, "no such batch of payouts");
}

Answer export_batch(AdminState& state, Call call) {
    store::BatchRequest request;
    GLEANER_CO_TRY(const auto code, call.body.optional_text("currency"));
    GLEANER_CO_TRY(const auto method_text, call.body.text("method"));
    GLEANER_CO_TRY(request.key, call.body.text("idempotency_key"));
    GLEANER_CO_TRY(call.body.no_more());
    GLEANER_CO_TRY(request.currency, currency_of(code));
    const auto method = ledger::parse_payout_method(method_text);
    if (!method)
        co_return Error(ErrorCode::invalid_argument, "\"method\" must be bank, alipay or wechat");
    request.method = *method;
    request.by = call.principal.subject;
    if (*method == ledger::PayoutMethod::alipay) {
        request.payer_login = state.options.payer_login;
        request.payer_name = state.options.payer_name;
    }
    const auto unseal = unseal_with(state.needs.vault.ring());
    StoreWork work = [=](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto batch, Payouts(store).export_batch(request, unseal));
        return json::value(to_json(batch));
    };
    auto exported = co_await state.needs.store.write<json::value>(std::move(work));
    if (exported.has_value()) spdlog::info("admin: payouts exported method={}", method_text);
    co_return exported;
}

Answer list_batches(AdminState& state, Call call) {
    GLEANER_CO_TRY(const auto limit, limit_of(call, page_max));
    const std::string after = call.parameter("after");
    std::int64_t before = std::numeric_limits<std::int64_t>::max();
    if (!after.empty()) {
        GLEANER_CO_TRY(before, number_in(after));
    }
    StoreWork work = [=](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto found, Payouts(store).batches(before, limit));
        return to_list(found);
    };
    co_return co_await state.needs.store.read<json::value>(std::move(work));
}

Answer show_batch(AdminState& state, Call call) {
    GLEANER_CO_TRY(const auto number, number_in(call.captures[0]));
    StoreWork work = [=](Store& store) -> Result<json::value> {
        Payouts payouts(store);
        GLEANER_TRY(const auto batch, payouts.batch(number));
        GLEANER_TRY(const auto all, payouts.payouts_of(number));
        json::object shown = to_json(batch);
        json::array data;
        for (const auto& payout : all) data.push_back(to_json(payout, true));
        shown["data"] = std::move(data);
        return json::value(std::move(shown));
    };
    co_return co_await state.needs.store.read<json::value>(std::move(work));
}

/// Among the writes, so that a rotation of the key comes wholly before or after it.
DocumentAnswer batch_file(AdminState& state, Call call) {
    GLEANER_CO_TRY(const auto number, number_in(call.captures[0]));
    const auto unseal = unseal_with(state.needs.vault.ring());
    std::function<Result<std::string>(Store&)> work = [=](Store& store) {
        return Payouts(store).batch_text(number, unseal);
    };
    auto text = co_await state.needs.store.write<std::string>(std::move(work));
    if (text.has_error()) co_return std::move(text).error();
    Document file("text/csv; charset=utf-8", "payouts-" + std::to_string(number) + ".csv",
                  std::move(text).value());
    co_return file;
}

Answer settle_batch(AdminState& state, Call call) {
    GLEANER_CO_TRY(const auto number, number_in(call.captures[0]));
    GLEANER_CO_TRY(const auto reference, call.body.optional_text("reference", note_bytes_max));
    GLEANER_CO_TRY(call.body.no_more());
    const std::string by = call.principal.subject;
    StoreWork work = [=](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto count, Payouts(store).settle_batch(number, by, reference));
        return json::value(json::object{{"number", number}, {"settled", count}});
    };
    co_return co_await state.needs.store.write<json::value>(std::move(work));
}

}  // namespace

std::vector<AdminRoute> payout_batch_routes() {
    constexpr unsigned money_people = admins | finance;
    AdminRoute file{api::Method::get, "/api/v1/payout-batches/{number}/csv", money_people, nullptr};
    file.document = batch_file;
    return {
        {api::Method::post, "/api/v1/payout-batches", money_people, export_batch},
        {api::Method::get, "/api/v1/payout-batches", money_people, list_batches},
        {api::Method::get, "/api/v1/payout-batches/{number}", money_people, show_batch},
        file,
        {api::Method::post, "/api/v1/payout-batches/{number}/settle", money_people, settle_batch},
    };
}

}  // namespace gleaner::admin
