/// /v1/contracts: what customers bind themselves to. Offered with all that follows from it, in
/// force once they sign. /v1/device-classes: what there is to reserve.

#include <boost/json.hpp>

#include "coordinator/api/openai/contract_json.h"
#include "coordinator/api/openai/contract_request.h"
#include "coordinator/api/openai/contract_words.h"
#include "coordinator/api/openai/credit_gate.h"
#include "coordinator/api/openai/model_catalogue.h"
#include "coordinator/api/openai/reservations.h"
#include "coordinator/api/openai/routes.h"
#include "coordinator/ledger/price_book_json.h"
#include "coordinator/openai/json_text.h"
#include "coordinator/runtime/grid.h"
#include "coordinator/store/executor.h"

namespace gleaner::api {

namespace json = boost::json;
using store::CustomerContract;
using store::CustomerContracts;
using store::Store;

namespace {

/// Of /v1/contracts/{id}/…: only the customer's own.
Result<CustomerContract> own_contract(Store& store, const store::Principal& who,
                                      const std::string& id) {
    GLEANER_TRY(auto contract, CustomerContracts(store).read(id));
    if (!may_see(who, contract)) return Error(ErrorCode::not_found, "no such contract");
    return contract;
}

Handled send(const Result<json::object>& done, Reply& reply) {
    if (done.has_error()) co_return ApiError(done.error());
    (void)co_await reply.send_json(200, json::serialize(done.value()));
    co_return api_ok();
}

std::int64_t devices_on_offer(const Services& services, const store::ContractWish& wish) {
    if (!wish.reserved) return 0;
    const auto devices = services.grid.devices_on_offer();
    const auto found = devices.find(wish.reserved->device_class);
    return found == devices.end() ? 0 : found->second;
}

/// What was known of contracts, credit and prices is not so any more, nor whom machines work for.
void tell_all(const Services& services) {
    services.credit.forget();
    services.models.forget();
    services.reservations.forget();
    services.grid.reservations_changed();
}

using Act = std::function<Result<CustomerContract>(CustomerContracts&, const CustomerContract&)>;

/// What a customer does with a contract of their own.
Handled act_on(const Services& services, const Request& request, Act act, Reply& reply) {
    const std::string id = request.param("id");
    std::function<Result<json::object>(Store&)> work = [&services, &request, &act,
                                                        id](Store& s) -> Result<json::object> {
        GLEANER_TRY(const auto before, own_contract(s, request.caller->principal, id));
        CustomerContracts contracts(s);
        GLEANER_TRY(const auto after, act(contracts, before));
        return contract_json(s, after, services.clock.wall());
    };
    const auto done = co_await services.store.write(std::move(work));
    if (done.has_value()) tell_all(services);
    auto sending = send(done, reply);
    co_return co_await std::move(sending);
}

json::object hours_json(const ledger::PriceBook* book, const std::string& device_class,
                        Currency currency) {
    json::object hours;
    if (book == nullptr) return hours;
    auto without_bands = *book;
    without_bands.bands.clear();
    for (const auto tier : {PrivacyClass::any, PrivacyClass::certified}) {
        const auto price =
            ledger::device_hour_price(without_bands, device_class, currency, tier, {});
        if (price) hours[to_string(tier)] = ledger::short_decimal(*price);
    }
    return hours;
}

}  // namespace

Handled create_contract(const Services& services, Request& request, Reply& reply) {
    const auto text = co_await request.read_all();
    if (text.has_error()) co_return text.error();
    const auto body = openai::parse_object(text.value());
    if (body.has_error()) co_return body.error();
    auto asked = read_contract_request(body.value(), services.clauses, false);
    if (asked.has_error()) co_return ApiError(asked.error());
    auto& wish = asked.value().wish;
    if (wish.project.empty()) wish.project = request.caller->project;
    const auto connected = devices_on_offer(services, wish);
    std::function<Result<json::object>(Store&)> work = [&](Store& s) -> Result<json::object> {
        GLEANER_TRY(const auto project, s.project(wish.project));
        if (project.customer != request.caller->customer)
            return Error(ErrorCode::not_found, "no such project");
        GLEANER_TRY(const auto contract,
                    CustomerContracts(s).offer(wish, asked.value().clauses, connected,
                                               request.caller->principal.credential_id));
        return contract_json(s, contract, services.clock.wall());
    };
    const auto offered = co_await services.store.write(std::move(work));
    auto sending = send(offered, reply);
    co_return co_await std::move(sending);
}

Handled list_contracts(const Services& services, Request& request, Reply& reply) {
    std::function<Result<json::object>(Store&)> work = [&](Store& s) -> Result<json::object> {
        GLEANER_TRY(auto contracts, CustomerContracts(s).of(request.caller->customer));
        std::erase_if(contracts, [&](const CustomerContract& contract) {
            return !may_see(request.caller->principal, contract);
        });
        return contract_list(contracts, services.clock.wall());
    };
    const auto listed = co_await services.store.read(std::move(work));
    auto sending = send(listed, reply);
    co_return co_await std::move(sending);
}

Handled get_contract(const Services& services, Request& request, Reply& reply) {
    std::function<Result<json::object>(Store&)> work = [&](Store& s) -> Result<json::object> {
        GLEANER_TRY(const auto contract,
                    own_contract(s, request.caller->principal, request.param("id")));
        return contract_json(s, contract, services.clock.wall());
    };
    const auto found = co_await services.store.read(std::move(work));
    auto sending = send(found, reply);
    co_return co_await std::move(sending);
}

Handled sign_contract(const Services& services, Request& request, Reply& reply) {
    // How many devices there are is looked up here: the grid is not the store's to ask.
    const auto devices = services.grid.devices_on_offer();
    Act sign = [&request, devices](CustomerContracts& contracts, const CustomerContract& contract) {
        std::int64_t connected = 0;
        if (const auto& reserved = contract.wish.reserved) {
            const auto found = devices.find(reserved->device_class);
            if (found != devices.end()) connected = found->second;
        }
        return contracts.sign(contract.id, request.caller->principal, connected);
    };
    auto acting = act_on(services, request, std::move(sign), reply);
    co_return co_await std::move(acting);
}

Handled reprice_contract(const Services& services, Request& request, Reply& reply) {
    const auto text = co_await request.read_all();
    if (text.has_error()) co_return text.error();
    const auto body = openai::parse_object(text.value());
    if (body.has_error()) co_return body.error();
    const auto fee = read_agreed_amount(body.value(), "fee");
    if (fee.has_error()) co_return ApiError(fee.error());
    Act reprice = [agreed = fee.value()](CustomerContracts& contracts,
                                         const CustomerContract& contract) {
        return contracts.reprice(contract.id, agreed);
    };
    auto acting = act_on(services, request, std::move(reprice), reply);
    co_return co_await std::move(acting);
}

Handled end_contract(const Services& services, Request& request, Reply& reply) {
    Act end = [](CustomerContracts& contracts, const CustomerContract& contract) {
        return contracts.end(contract.id);
    };
    auto acting = act_on(services, request, std::move(end), reply);
    co_return co_await std::move(acting);
}

Handled terminate_contract(const Services& services, Request& request, Reply& reply) {
    const auto text = co_await request.read_all();
    if (text.has_error()) co_return text.error();
    const auto body = openai::parse_object(text.value());
    if (body.has_error()) co_return body.error();
    const auto penalty = read_agreed_amount(body.value(), "penalty");
    if (penalty.has_error()) co_return ApiError(penalty.error());
    Act terminate = [&request, agreed = penalty.value()](CustomerContracts& contracts,
                                                         const CustomerContract& contract) {
        return contracts.terminate(contract.id, agreed, request.caller->principal.credential_id);
    };
    auto acting = act_on(services, request, std::move(terminate), reply);
    co_return co_await std::move(acting);
}

Handled list_device_classes(const Services& services, Request& request, Reply& reply) {
    const auto models = co_await services.models.current();
    if (models.has_error()) co_return models.error();
    const auto* book = models.value()->prices();
    json::array data;
    for (const auto& [device_class, devices] : services.grid.devices_on_offer()) {
        auto hours = hours_json(book, device_class, request.caller->currency);
        data.push_back(
            {{"id", device_class},
             {"object", "device_class"},
             {"devices", devices},
             {"currency", code_of(request.caller->currency)},
             {"hour", hours.empty() ? json::value(nullptr) : json::value(std::move(hours))}});
    }
    json::object list{{"object", "list"}, {"data", std::move(data)}};
    list["price_book"] = book == nullptr ? json::value(nullptr) : json::value(book->version);
    list["bands"] = book == nullptr ? json::array() : ledger::to_json(book->bands);
    (void)co_await reply.send_json(200, json::serialize(list));
    co_return api_ok();
}

}  // namespace gleaner::api
