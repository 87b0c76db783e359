/// Owners, partners and customers.

#include <boost/json.hpp>

#include "coordinator/api/admin/call.h"
#include "coordinator/api/admin/record_json.h"
#include "coordinator/store/operators.h"
#include "coordinator/store/referrals.h"
#include "coordinator/store/tenants.h"
#include "shared/artefact/sha256.h"
#include "shared/util/random.h"

namespace gleaner::admin {

namespace json = boost::json;
using store::PrincipalKind;
using store::Store;

namespace {

/// A partner sees whom they referred, nobody else.
template <class Record>
void keep_referrals(const Call& call, std::vector<Record>& records) {
    if (!call.by(PrincipalKind::partner)) return;
    std::erase_if(records, [&](const Record& record) {
        return record.referred_by.get() != call.principal.subject;
    });
}

Status check_one_referrer(const std::string& partner, const std::string& code) {
    if (partner.empty() || code.empty()) return ok();
    return Error(ErrorCode::invalid_argument,
                 "name the partner with \"referred_by\" or their \"referral_code\", not both");
}

Answer add_owner(AdminState& state, Call call) {
    GLEANER_CO_TRY(auto name, call.body.text("name"));
    GLEANER_CO_TRY(auto partner, call.body.optional_text("referred_by"));
    GLEANER_CO_TRY(auto code, call.body.optional_text("referral_code"));
    GLEANER_CO_TRY(call.body.no_more());
    GLEANER_CO_TRY(check_one_referrer(partner, code));
    const std::string key = random_token("glw_", 40);
    StoreWork work = [=](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto owner, code.empty() ? store.add_owner(name, PartnerId(partner))
                                                   : store::Referrals(store).add_owner(name, code));
        GLEANER_TRY(const auto credential,
                    store.add_credential(PrincipalKind::owner, owner.id.get(), "first key",
                                         hash_bytes(std::string_view(key)).get()));
        json::object shown = to_json(owner);
        shown["key_id"] = credential.id;
        shown["key"] = key;
        return json::value(std::move(shown));
    };
    co_return co_await state.needs.store.write<json::value>(std::move(work));
}

Answer list_owners(AdminState& state, Call call) {
    StoreWork work = [&call](Store& store) -> Result<json::value> {
        GLEANER_TRY(auto found, store.owners());
        keep_referrals(call, found);
        return to_list(found);
    };
    co_return co_await state.needs.store.read<json::value>(std::move(work));
}

Answer add_partner(AdminState& state, Call call) {
    GLEANER_CO_TRY(auto name, call.body.text("name"));
    GLEANER_CO_TRY(call.body.no_more());
    const std::string key = random_token("glp_", 40);
    StoreWork work = [=](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto partner, store.add_partner(name));
        GLEANER_TRY(const auto credential,
                    store.add_credential(PrincipalKind::partner, partner.id.get(), "first key",
                                         hash_bytes(std::string_view(key)).get()));
        json::object shown = to_json(partner);
        shown["key_id"] = credential.id;
        shown["key"] = key;
        return json::value(std::move(shown));
    };
    co_return co_await state.needs.store.write<json::value>(std::move(work));
}

Answer list_partners(AdminState& state, Call call) {
    StoreWork work = [&call](Store& store) -> Result<json::value> {
        GLEANER_TRY(auto found, store.partners());
        if (call.by(PrincipalKind::partner)) {
            std::erase_if(found, [&](const store::Partner& partner) {
                return partner.id.get() != call.principal.subject;
            });
        }
        return to_list(found);
    };
    co_return co_await state.needs.store.read<json::value>(std::move(work));
}

/// A customer with what only operators see: projects and credit.
Result<json::object> whole_customer(Store& store, const store::Customer& customer) {
    json::object shown = to_json(customer);
    GLEANER_TRY(const auto projects, store.projects(customer.id));
    GLEANER_TRY(const auto credit, store::Tenants(store).credit(customer.id, Currency::cny));
    json::array ids;
    for (const auto& project : projects) ids.emplace_back(project.id.get());
    shown["projects"] = std::move(ids);
    shown["balance_micros"] = credit.balance.micros;
    shown["credit_limit_micros"] = credit.limit.micros;
    shown["credit_micros"] = credit.available().micros;
    return shown;
}

Answer add_customer(AdminState& state, Call call) {
    GLEANER_CO_TRY(auto name, call.body.text("name"));
    GLEANER_CO_TRY(auto partner, call.body.optional_text("referred_by"));
    GLEANER_CO_TRY(auto owner, call.body.optional_text("own_sites_of"));
    GLEANER_CO_TRY(auto code, call.body.optional_text("referral_code"));
    GLEANER_CO_TRY(call.body.no_more());
    GLEANER_CO_TRY(check_one_referrer(partner, code));
    StoreWork work = [=](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto customer,
                    code.empty()
                        ? store.add_customer(name, PartnerId(partner), OwnerId(owner))
                        : store::Referrals(store).add_customer(name, code, OwnerId(owner)));
        GLEANER_TRY(store.add_project(customer.id, "default"));
        GLEANER_TRY(auto shown, whole_customer(store, customer));
        return json::value(std::move(shown));
    };
    co_return co_await state.needs.store.write<json::value>(std::move(work));
}

Answer list_customers(AdminState& state, Call call) {
    StoreWork work = [&call](Store& store) -> Result<json::value> {
        GLEANER_TRY(auto found, store.customers());
        keep_referrals(call, found);
        if (!call.by(PrincipalKind::operator_)) return to_list(found);
        json::array data;
        for (const auto& customer : found) {
            GLEANER_TRY(auto shown, whole_customer(store, customer));
            data.push_back(std::move(shown));
        }
        return json::value(json::object{{"data", std::move(data)}});
    };
    co_return co_await state.needs.store.read<json::value>(std::move(work));
}

}  // namespace

std::vector<AdminRoute> people_routes() {
    return {
        {api::Method::post, "/api/v1/owners", operators, add_owner},
        {api::Method::get, "/api/v1/owners", operators | partners, list_owners},
        {api::Method::post, "/api/v1/partners", operators, add_partner},
        {api::Method::get, "/api/v1/partners", operators | partners, list_partners},
        {api::Method::post, "/api/v1/customers", operators, add_customer},
        {api::Method::get, "/api/v1/customers", operators | partners, list_customers},
    };
}

}  // namespace gleaner::admin
