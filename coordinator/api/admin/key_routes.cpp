/// API keys: made, listed, limited and revoked by operators, and by a customer's own admin keys.

#include <algorithm>

#include <boost/json.hpp>

#include "coordinator/api/admin/call.h"
#include "coordinator/api/admin/record_json.h"
#include "coordinator/store/tenants.h"
#include "shared/artefact/sha256.h"
#include "shared/model/civil_time.h"
#include "shared/util/random.h"

namespace gleaner::admin {

namespace json = boost::json;
using store::PrincipalKind;
using store::Scope;
using store::Store;

namespace {

constexpr std::int64_t cap_micros_max = 1'000'000'000'000'000;
constexpr std::int64_t rate_max = 4'000'000'000;
constexpr std::int64_t unchanged = -1;

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
    /// The id, if it is the caller's to act for.
    [[nodiscard]] Result<std::string> id(Store& store, const Call& call) const {
        if (!operator_.empty()) {
            if (call.by(PrincipalKind::operator_)) return operator_;
            return Error(ErrorCode::permission_denied, "only operators make operators' keys");
        }
        if (!project_.empty()) {
            GLEANER_TRY(const auto project, project_of_caller(store, call, ProjectId(project_)));
            return project.id.get();
        }
        GLEANER_TRY(const auto customer, customer_of_caller(store, call, CustomerId(customer_)));
        GLEANER_TRY(const auto projects, store.projects(customer.id));
        if (projects.empty()) return Error(ErrorCode::not_found, "the customer has no project");
        return projects.front().id.get();
    }

private:
    std::string customer_;
    std::string project_;
    std::string operator_;
};

/// With an operator's key comes all that their role may do.
Status require_admin(const Call& call) {
    if (call.by(PrincipalKind::operator_) && call.principal.role == store::OperatorRole::admin) {
        return ok();
    }
    return Error(ErrorCode::permission_denied,
                 "only an operator with the role admin makes and revokes operators' keys");
}

/// What a request says of a key's limits; what it does not say stays as it is.
class Wanted {
public:
    static Result<Wanted> read(JsonBody& body) {
        Wanted wanted;
        GLEANER_TRY(wanted.label_, body.optional_text("label"));
        GLEANER_TRY(const auto* const scopes, body.optional_array("scopes"));
        if (scopes != nullptr) {
            GLEANER_TRY(wanted.scopes_, names_of(*scopes));
        }
        GLEANER_TRY(wanted.cap_,
                    body.optional_integer("spend_cap_micros", 0, cap_micros_max, unchanged));
        GLEANER_TRY(wanted.requests_,
                    body.optional_integer("requests_per_minute", 0, rate_max, unchanged));
        GLEANER_TRY(wanted.tokens_,
                    body.optional_integer("tokens_per_minute", 0, rate_max, unchanged));
        GLEANER_TRY(const auto expires, body.optional_text("expires"));
        if (expires == "never") wanted.expires_.emplace(std::nullopt);
        if (!expires.empty() && expires != "never") {
            GLEANER_TRY(const auto time, parse_time(expires));
            wanted.expires_.emplace(time);
        }
        return wanted;
    }
    [[nodiscard]] store::KeyLimits over(store::KeyLimits limits) const {
        if (scopes_) limits.scopes = *scopes_;
        if (cap_ != unchanged)
            limits.monthly_cap = cap_ == 0 ? std::nullopt : std::optional(Money{cap_});
        if (requests_ != unchanged) limits.requests_per_minute = requests_;
        if (tokens_ != unchanged) limits.tokens_per_minute = tokens_;
        if (expires_) limits.expires = *expires_;
        return limits;
    }
    [[nodiscard]] const std::string& label() const { return label_; }

private:
    static Result<store::Scopes> names_of(const json::array& names) {
        std::string text;
        for (const auto& name : names) {
            if (!name.is_string())
                return Error(ErrorCode::invalid_argument, "\"scopes\" must be a list of names");
            text.append(std::string_view(name.get_string())).push_back(' ');
        }
        return store::parse_scopes(text);
    }

    std::string label_;
    std::optional<store::Scopes> scopes_;
    std::int64_t cap_ = unchanged;
    std::int64_t requests_ = unchanged;
    std::int64_t tokens_ = unchanged;
    std::optional<std::optional<WallTime>> expires_;
};

/// The key, if it is the caller's to act on. To others it does not exist.
Result<store::Credential> key_of_caller(Store& store, const Call& call, const std::string& id) {
    GLEANER_TRY(auto key, store::Tenants(store).key(id));
    if (call.by(PrincipalKind::operator_)) return key;
    const bool own = key.kind == PrincipalKind::project &&
                     project_of_caller(store, call, ProjectId(key.subject)).has_value();
    if (!own) return Error(ErrorCode::not_found, "no such key");
    return key;
}

Answer add_apikey(AdminState& state, Call call) {
    GLEANER_CO_TRY(auto customer, call.body.optional_text("customer"));
    GLEANER_CO_TRY(auto project, call.body.optional_text("project"));
    GLEANER_CO_TRY(auto operator_name, call.body.optional_text("operator"));
    GLEANER_CO_TRY(const auto wanted, Wanted::read(call.body));
    GLEANER_CO_TRY(call.body.no_more());
    const Subject subject(customer, project, operator_name);
    GLEANER_CO_TRY(subject.check());
    const bool for_operator = subject.kind() == PrincipalKind::operator_;
    const std::string key = random_token(for_operator ? "glo_" : "sk-", 40);
    if (for_operator) {
        GLEANER_CO_TRY(require_admin(call));
    }
    StoreWork work = [&](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto id, subject.id(store, call));
        GLEANER_TRY(const auto credential,
                    store.add_credential(subject.kind(), id, wanted.label(),
                                         hash_bytes(std::string_view(key)).get(), wanted.over({})));
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
    StoreWork work = [&](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto id, subject.id(store, call));
        GLEANER_TRY(const auto found, store.credentials(subject.kind(), id));
        json::array data;
        for (const auto& credential : found) {
            json::object shown = to_json(credential);
            if (credential.kind == PrincipalKind::project) {
                GLEANER_TRY(const auto spent, store::Tenants(store).spent_this_month(credential));
                shown["spent_micros"] = spent.micros;
            }
            data.push_back(std::move(shown));
        }
        return json::value(json::object{{"data", std::move(data)}});
    };
    co_return co_await state.needs.store.read<json::value>(std::move(work));
}

Answer set_apikey(AdminState& state, Call call) {
    GLEANER_CO_TRY(const auto wanted, Wanted::read(call.body));
    GLEANER_CO_TRY(call.body.no_more());
    const std::string id = call.captures[0];
    StoreWork work = [&](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto before, key_of_caller(store, call, id));
        const auto& label = wanted.label().empty() ? before.label : wanted.label();
        GLEANER_TRY(const auto credential,
                    store::Tenants(store).set_key_limits(id, label, wanted.over(before.limits)));
        return json::value(to_json(credential));
    };
    auto changed = co_await state.needs.store.write<json::value>(std::move(work));
    if (changed.has_value()) state.needs.forget_cached();
    co_return changed;
}

Answer revoke_apikey(AdminState& state, Call call) {
    const std::string id = call.captures[0];
    StoreWork work = [&](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto key, key_of_caller(store, call, id));
        if (key.kind == PrincipalKind::operator_) {
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

std::vector<AdminRoute> key_routes() {
    constexpr store::Scopes admin{Scope::admin};
    return {
        {api::Method::post, "/api/v1/apikeys", operators | customers, add_apikey, nullptr, admin},
        {api::Method::get, "/api/v1/apikeys", operators | customers, list_apikeys, nullptr, admin},
        {api::Method::put, "/api/v1/apikeys/{id}", operators | customers, set_apikey, nullptr,
         admin},
        {api::Method::delete_, "/api/v1/apikeys/{id}", operators | customers, revoke_apikey,
         nullptr, admin},
    };
}

}  // namespace gleaner::admin
