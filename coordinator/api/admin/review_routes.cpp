/// Decisions about earnings: nodes that are withheld, claw backs, refunds of broken answers.

#include <boost/json.hpp>

#include "coordinator/api/admin/call.h"
#include "coordinator/api/admin/record_json.h"
#include "coordinator/store/earnings.h"

namespace gleaner::admin {

namespace json = boost::json;
using store::Earnings;
using store::Store;

namespace {

constexpr std::int64_t withheld_max = 1'000;
constexpr std::size_t reason_bytes_max = 500;

json::value reversed_json(const store::Reversed& reversed) {
    return json::object{{"records", reversed.records}, {"price_micros", reversed.price.micros}};
}

/// An owner sees their own machines.
Answer list_withheld(AdminState& state, Call call) {
    const auto owner = call.owner();
    StoreWork work = [owner](Store& store) -> Result<json::value> {
        GLEANER_TRY(auto found, Earnings(store).withheld(withheld_max));
        if (owner) {
            std::erase_if(found, [&](const store::WithheldNode& n) { return n.owner != *owner; });
        }
        return to_list(found);
    };
    co_return co_await state.needs.store.read<json::value>(std::move(work));
}

Answer withhold(AdminState& state, Call call) {
    GLEANER_CO_TRY(auto reason, call.body.text("reason", reason_bytes_max));
    GLEANER_CO_TRY(call.body.no_more());
    const NodeId node(call.captures[0]);
    StoreWork work = [=](Store& store) -> Result<json::value> {
        GLEANER_TRY(Earnings(store).withhold(node, reason));
        return json::value(json::object{{"node", node.get()}, {"withheld", true}});
    };
    co_return co_await state.needs.store.write<json::value>(std::move(work));
}

Answer release(AdminState& state, Call call) {
    GLEANER_CO_TRY(call.body.no_more());
    const NodeId node(call.captures[0]);
    const std::string by = call.principal.subject;
    StoreWork work = [=](Store& store) -> Result<json::value> {
        GLEANER_TRY(Earnings(store).release(node, by));
        return json::value(json::object{{"node", node.get()}, {"withheld", false}});
    };
    co_return co_await state.needs.store.write<json::value>(std::move(work));
}

Answer claw_back(AdminState& state, Call call) {
    GLEANER_CO_TRY(auto reason, call.body.text("reason", reason_bytes_max));
    GLEANER_CO_TRY(call.body.no_more());
    const NodeId node(call.captures[0]);
    const std::string by = call.principal.subject;
    StoreWork work = [=](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto reversed, Earnings(store).claw_back(node, by, reason));
        return reversed_json(reversed);
    };
    co_return co_await state.needs.store.write<json::value>(std::move(work));
}

Answer refund(AdminState& state, Call call) {
    GLEANER_CO_TRY(auto reason, call.body.text("reason", reason_bytes_max));
    GLEANER_CO_TRY(call.body.no_more());
    const RequestId request(call.captures[0]);
    const std::string by = call.principal.subject;
    StoreWork work = [=](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto reversed, Earnings(store).refund(request, by, reason));
        return reversed_json(reversed);
    };
    co_return co_await state.needs.store.write<json::value>(std::move(work));
}

}  // namespace

std::vector<AdminRoute> review_routes() {
    return {
        {api::Method::get, "/api/v1/withheld-nodes", operators | owners, list_withheld},
        {api::Method::post, "/api/v1/nodes/{id}/withhold-earnings", admins | finance, withhold},
        {api::Method::post, "/api/v1/nodes/{id}/release-earnings", admins | finance, release},
        {api::Method::post, "/api/v1/nodes/{id}/claw-back", admins | finance, claw_back},
        {api::Method::post, "/api/v1/requests/{id}/refund", admins | finance, refund},
    };
}

}  // namespace gleaner::admin
