/// Owners, partners, customers and keys.

#include <boost/json.hpp>

#include "coordinator/api/admin/call.h"
#include "coordinator/api/admin/record_json.h"
#include "coordinator/store/referrals.h"
#include "coordinator/store/operators.h"
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
    GLEANER_TRY(const auto credit, store.available_credit(customer.id));
    json::array ids;
    for (const auto& project : projects) ids.emplace_back(project.id.get());
    shown["projects"] = std::move(ids);
    shown["credit_micros"] = credit.micros;
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

/// With an operator's key comes all that their role may do.
Status require_admin(const Call& call) {
    if (call.principal.role == store::OperatorRole::admin) return ok();
    return Error(ErrorCode::permission_denied,
                 "only an operator with the role admin makes and revokes operators' keys");
}

/// Whose keys a request is about: a customer (its first project), a project, or an operator.
class Subject {
public:
    Subject(std::string of_customer, std::string of_project, std::string of_operator)
        : customer_(std::move(of_customer)),
          project_(std::move(of_project)),
          operator_(std::move(of_operator)) {}

    [[nodiscard]] Status check() const {
        const int given = static_cast<int>(!customer_.empty()) +
                          static_cast<int>(!project_.empty()) +
                          static_cast<int>(!operator_.empty());
        if (given == 1) return ok();
        return Error(ErrorCode::invalid_argument,
                     "name exactly one of \"customer\", \"project\" and \"operator\"");
    }
    [[nodiscard]] PrincipalKind kind() const {
        return operator_.empty() ? PrincipalKind::project : PrincipalKind::operator_;
    }
    [[nodiscard]] Result<std::string> id(Store& store) const {
        if (!operator_.empty()) return operator_;
        if (!project_.empty()) return project_;
        GLEANER_TRY(store.customer(CustomerId(customer_)));
        GLEANER_TRY(const auto projects, store.projects(CustomerId(customer_)));
        if (projects.empty()) return Error(ErrorCode::not_found, "the customer has no project");
        return projects.front().id.get();
    }

private:
    std::string customer_;
    std::string project_;
    std::string operator_;
};

Answer add_apikey(AdminState& state, Call call) {
    GLEANER_CO_TRY(auto customer, call.body.optional_text("customer"));
    GLEANER_CO_TRY(auto project, call.body.optional_text("project"));
    GLEANER_CO_TRY(auto operator_name, call.body.optional_text("operator"));
    GLEANER_CO_TRY(auto label, call.body.optional_text("label"));
    GLEANER_CO_TRY(call.body.no_more());
    const Subject subject(customer, project, operator_name);
    GLEANER_CO_TRY(subject.check());
    const bool for_operator = subject.kind() == PrincipalKind::operator_;
    if (for_operator) {
        GLEANER_CO_TRY(require_admin(call));
    }
    const std::string key = random_token(for_operator ? "glo_" : "sk-", 40);
    StoreWork work = [=](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto id, subject.id(store));
        GLEANER_TRY(const auto credential,
                    store.add_credential(subject.kind(), id, label,
                                         hash_bytes(std::string_view(key)).get()));
        json::object shown = to_json(credential);
        shown["key"] = key;
        return json::value(std::move(shown));
    };
    co_return co_await state.needs.store.write<json::value>(std::move(work));
}

Answer list_apikeys(AdminState& state, Call call) {
    const Subject subject(call.parameter("customer"), call.parameter("project"),
                          call.parameter("operator"));
    GLEANER_CO_TRY(subject.check());
    StoreWork work = [=](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto id, subject.id(store));
        GLEANER_TRY(const auto found, store.credentials(subject.kind(), id));
        return to_list(found);
    };
    co_return co_await state.needs.store.read<json::value>(std::move(work));
}

Answer revoke_apikey(AdminState& state, Call call) {
    const std::string id = call.captures[0];
    StoreWork work = [=, &call](Store& store) -> Result<json::value> {
        GLEANER_TRY(const bool of_operator, store::Operators(store).has_key(id));
        if (of_operator) {
            GLEANER_TRY(require_admin(call));
        }
        GLEANER_TRY(store.revoke_credential(id));
        return json::value(json::object{{"id", id}, {"revoked", true}});
    };
    auto revoked = co_await state.needs.store.write<json::value>(std::move(work));
    if (revoked.has_value()) state.needs.forget_cached();
    co_return revoked;
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
        {api::Method::post, "/api/v1/apikeys", operators, add_apikey},
        {api::Method::get, "/api/v1/apikeys", operators, list_apikeys},
        {api::Method::delete_, "/api/v1/apikeys/{id}", operators, revoke_apikey},
    };
}

}  // namespace gleaner::admin
