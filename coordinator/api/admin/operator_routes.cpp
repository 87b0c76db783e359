/// Operators and their roles. Only an admin adds one or changes what one may do.

#include <boost/json.hpp>

#include "coordinator/api/admin/call.h"
#include "coordinator/api/admin/payout_json.h"
#include "coordinator/api/admin/record_json.h"
#include "shared/artefact/sha256.h"
#include "shared/util/log.h"
#include "shared/util/random.h"

namespace gleaner::admin {

namespace json = boost::json;
using store::Operators;
using store::Store;

namespace {

Result<store::OperatorRole> role_in(JsonBody& body) {
    GLEANER_TRY(const auto text, body.text("role"));
    const auto role = store::parse_operator_role(text);
    if (role) return *role;
    return Error(ErrorCode::invalid_argument, "\"role\" must be admin, finance or support");
}

Answer add_operator(AdminState& state, Call call) {
    GLEANER_CO_TRY(auto name, call.body.text("name"));
    GLEANER_CO_TRY(const auto role, role_in(call.body));
    GLEANER_CO_TRY(call.body.no_more());
    const std::string key = random_token("glo_", 40);
    StoreWork work = [=](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto added, Operators(store).add(name, role));
        GLEANER_TRY(const auto credential,
                    store.add_credential(store::PrincipalKind::operator_, name, "first key",
                                         hash_bytes(std::string_view(key)).get()));
        json::object shown = to_json(added);
        shown["key_id"] = credential.id;
        shown["key"] = key;
        return json::value(std::move(shown));
    };
    co_return co_await state.needs.store.write<json::value>(std::move(work));
}

Answer list_operators(AdminState& state, Call /*call*/) {
    StoreWork work = [](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto found, Operators(store).list());
        return to_list(found);
    };
    co_return co_await state.needs.store.read<json::value>(std::move(work));
}

Answer set_role(AdminState& state, Call call) {
    GLEANER_CO_TRY(const auto role, role_in(call.body));
    GLEANER_CO_TRY(call.body.no_more());
    const std::string name = call.captures[0];
    StoreWork work = [=](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto changed, Operators(store).set_role(name, role));
        return json::value(to_json(changed));
    };
    auto changed = co_await state.needs.store.write<json::value>(std::move(work));
    if (changed.has_value()) {
        state.needs.forget_cached();
        spdlog::info("admin: operator role changed to {}", to_string(role));
    }
    co_return changed;
}

}  // namespace

std::vector<AdminRoute> operator_routes() {
    return {
        {api::Method::post, "/api/v1/operators", admins, add_operator},
        {api::Method::get, "/api/v1/operators", operators, list_operators},
        {api::Method::put, "/api/v1/operators/{name}/role", admins, set_role},
    };
}

}  // namespace gleaner::admin
