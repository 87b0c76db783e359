/// /v1/organization/projects, their API keys, and admin API keys. A customer is what OpenAI calls
/// an organisation; a key with the scope `admin` acts for its own, and sees nothing of another.

#include <algorithm>

#include <boost/json.hpp>

#include "coordinator/api/authenticator.h"
#include "coordinator/api/openai/page.h"
#include "coordinator/api/openai/routes.h"
#include "coordinator/openai/json_text.h"
#include "coordinator/store/executor.h"
#include "coordinator/store/tenants.h"
#include "shared/artefact/sha256.h"
#include "shared/util/random.h"

namespace gleaner::api {

namespace json = boost::json;
using openai::invalid_request;
using store::Store;

namespace {

constexpr std::size_t name_bytes_max = 200;
using ObjectWork = std::function<Result<json::object>(Store&)>;

json::object project_object(const store::Project& project) {
    return {{"id", project.id.get()},
            {"object", "organization.project"},
            {"name", project.name},
            {"created_at", project.created.seconds()},
            {"archived_at", nullptr},
            {"status", "active"},
            {"gleaner", json::object{{"currency", code_of(project.currency)}}}};
}

json::object key_object(const store::Credential& key, const char* kind) {
    json::array scopes;
    for (const auto& [scope, name] : store::scope_names)
        if (key.limits.scopes.has(scope)) scopes.emplace_back(name);
    json::object limits{{"scopes", std::move(scopes)}, {"project_id", key.subject}};
    limits["spend_cap_micros"] =
        key.limits.monthly_cap ? json::value(key.limits.monthly_cap->micros) : json::value(nullptr);
    limits["expires_at"] =
        key.limits.expires ? json::value(key.limits.expires->seconds()) : json::value(nullptr);
    return {{"id", key.id},
            {"object", kind},
            {"name", key.label},
            {"redacted_value", "sk-..."},
            {"created_at", key.created.seconds()},
            {"last_used_at", nullptr},
            {"gleaner", std::move(limits)}};
}

/// {"object": "list"}. Lists of projects and keys are short: a page is all of it.
json::object list_of(json::array data) {
    json::object list{{"object", "list"}, {"has_more", false}};
    list["first_id"] = data.empty() ? json::value(nullptr) : data.front().at("id");
    list["last_id"] = data.empty() ? json::value(nullptr) : data.back().at("id");
    list["data"] = std::move(data);
    return list;
}

/// The project, if it is the customer's. To others it does not exist.
Result<store::Project> own_project(Store& s, const Caller& caller, const ProjectId& id) {
    auto project = s.project(id);
    if (project.has_value() && project.value().customer != caller.customer)
        return Error(ErrorCode::not_found, "no such project");
    return project;
}

bool is_admin_key(const store::Credential& key) {
    return key.limits.scopes.has(store::Scope::admin);
}

Handled send(Result<json::object> done, Reply& reply) {
    if (done.has_error()) co_return ApiError(done.error());
    (void)co_await reply.send_json(200, json::serialize(done.value()));
    co_return api_ok();
}

Handled answer(const Services& services, ObjectWork work, Reply& reply) {
    auto done = co_await services.store.read(std::move(work));
    auto sending = send(std::move(done), reply);
    co_return co_await std::move(sending);
}

Handled change(const Services& services, ObjectWork work, Reply& reply) {
    auto done = co_await services.store.write(std::move(work));
    auto sending = send(std::move(done), reply);
    co_return co_await std::move(sending);
}

struct NewObject {
    std::string name;
    std::optional<Currency> currency;
    store::Scopes scopes = store::usual_scopes;
};

ApiResult<NewObject> read_new(const std::string& text, const Caller& caller) {
    GLEANER_TRY(const auto body, openai::parse_object(text));
    NewObject made;
    made.name = openai::string_member(body, "name");
    if (made.name.empty() || made.name.size() > name_bytes_max)
        return invalid_request("'name' must be text of 1 to 200 bytes.", "name");
    made.currency = caller.principal.currency;
    const auto* extension = openai::member(body, "gleaner");
    if (extension == nullptr) return made;
    if (!extension->is_object()) return invalid_request("'gleaner' must be an object.", "gleaner");
    const auto& members = extension->get_object();
    if (const auto code = openai::string_member(members, "currency"); !code.empty()) {
        made.currency = parse_currency(code);
        if (!made.currency)
            return invalid_request(
                "'gleaner.currency' must be \"CNY\", \"USD\", \"EUR\", \"HKD\" or \"SGD\".",
                "gleaner.currency");
    }
    if (const auto names = openai::string_member(members, "scopes"); !names.empty()) {
        const auto scopes = store::parse_scopes(names);
        if (scopes.has_error()) return invalid_request(scopes.error().message(), "gleaner.scopes");
        made.scopes = scopes.value();
    }
    return made;
}

/// Makes a key for `project`; its value is in the answer, this once.
Handled make_key(const Services& services, Caller caller, ProjectId project, NewObject wanted,
                 const char* kind, Reply& reply) {
    const std::string value = random_token("sk-", 40);
    ObjectWork work = [=](Store& s) -> Result<json::object> {
        GLEANER_TRY(own_project(s, caller, project));
        store::KeyLimits limits;
        limits.scopes = wanted.scopes;
        GLEANER_TRY(const auto key,
                    s.add_credential(store::PrincipalKind::project, project.get(), wanted.name,
                                     hash_bytes(std::string_view(value)).get(), limits));
        auto shown = key_object(key, kind);
        shown["value"] = value;
        return shown;
    };
    return change(services, std::move(work), reply);
}

/// Revokes the key if it is one of that project's.
Handled drop_key(const Services& services, Caller caller, std::optional<ProjectId> project,
                 std::string id, const char* kind, Reply& reply) {
    ObjectWork work = [=](Store& s) -> Result<json::object> {
        const Error missing(ErrorCode::not_found, "no such key");
        const auto key = store::Tenants(s).key(id);
        if (key.has_error() || key.value().kind != store::PrincipalKind::project) return missing;
        const auto& found = key.value();
        const bool of_project = !project || found.subject == project->get();
        const bool of_kind = project || is_admin_key(found);
        const auto owned = own_project(s, caller, ProjectId{found.subject});
        if (!of_project || !of_kind || owned.has_error()) return missing;
        GLEANER_TRY(s.revoke_credential(id));
        return json::object{
            {"object", std::string(kind) + ".deleted"}, {"id", id}, {"deleted", true}};
    };
    auto answering = change(services, std::move(work), reply);
    auto outcome = co_await std::move(answering);
    services.keys.forget();
    co_return outcome;
}

constexpr const char* project_key = "organization.project.api_key";
constexpr const char* admin_key = "organization.admin_api_key";

}  // namespace

Handled list_projects(const Services& services, Request& request, Reply& reply) {
    const auto customer = request.caller->customer;
    ObjectWork work = [customer](Store& s) -> Result<json::object> {
        GLEANER_TRY(const auto projects, s.projects(customer));
        json::array data;
        for (const auto& project : projects) data.push_back(project_object(project));
        return list_of(std::move(data));
    };
    return answer(services, std::move(work), reply);
}

Handled create_project(const Services& services, Request& request, Reply& reply) {
    const auto body = co_await request.read_all();
    if (body.has_error()) co_return body.error();
    const auto wanted = read_new(body.value(), *request.caller);
    if (wanted.has_error()) co_return wanted.error();
    const auto customer = request.caller->customer;
    ObjectWork work = [&](Store& s) -> Result<json::object> {
        GLEANER_TRY(const auto project,
                    s.add_project(customer, wanted.value().name, *wanted.value().currency));
        return project_object(project);
    };
    auto answering = change(services, std::move(work), reply);
    co_return co_await std::move(answering);
}

Handled get_project(const Services& services, Request& request, Reply& reply) {
    const ProjectId id{request.param("id")};
    const auto caller = *request.caller;
    ObjectWork work = [=](Store& s) -> Result<json::object> {
        GLEANER_TRY(const auto project, own_project(s, caller, id));
        return project_object(project);
    };
    return answer(services, std::move(work), reply);
}

Handled list_project_keys(const Services& services, Request& request, Reply& reply) {
    const ProjectId id{request.param("id")};
    const auto caller = *request.caller;
    ObjectWork work = [=](Store& s) -> Result<json::object> {
        GLEANER_TRY(own_project(s, caller, id));
        GLEANER_TRY(const auto keys, s.credentials(store::PrincipalKind::project, id.get()));
        json::array data;
        for (const auto& key : keys)
            if (!key.revoked) data.push_back(key_object(key, project_key));
        return list_of(std::move(data));
    };
    return answer(services, std::move(work), reply);
}

Handled create_project_key(const Services& services, Request& request, Reply& reply) {
    const auto body = co_await request.read_all();
    if (body.has_error()) co_return body.error();
    auto wanted = read_new(body.value(), *request.caller);
    if (wanted.has_error()) co_return wanted.error();
    auto making = make_key(services, *request.caller, ProjectId{request.param("id")},
                           std::move(wanted).value(), project_key, reply);
    co_return co_await std::move(making);
}

Handled get_project_key(const Services& services, Request& request, Reply& reply) {
    const ProjectId id{request.param("id")};
    const std::string key_id = request.param("key");
    const auto caller = *request.caller;
    ObjectWork work = [=](Store& s) -> Result<json::object> {
        GLEANER_TRY(own_project(s, caller, id));
        const auto key = store::Tenants(s).key(key_id);
        if (key.has_error() || key.value().subject != id.get())
            return Error(ErrorCode::not_found, "no such key");
        return key_object(key.value(), project_key);
    };
    return answer(services, std::move(work), reply);
}

Handled delete_project_key(const Services& services, Request& request, Reply& reply) {
    return drop_key(services, *request.caller, ProjectId{request.param("id")}, request.param("key"),
                    project_key, reply);
}

Handled list_admin_keys(const Services& services, Request& request, Reply& reply) {
    const auto customer = request.caller->customer;
    ObjectWork work = [customer](Store& s) -> Result<json::object> {
        GLEANER_TRY(const auto projects, s.projects(customer));
        json::array data;
        for (const auto& project : projects) {
            GLEANER_TRY(const auto keys,
                        s.credentials(store::PrincipalKind::project, project.id.get()));
            for (const auto& key : keys)
                if (!key.revoked && is_admin_key(key)) data.push_back(key_object(key, admin_key));
        }
        return list_of(std::move(data));
    };
    return answer(services, std::move(work), reply);
}

Handled create_admin_key(const Services& services, Request& request, Reply& reply) {
    const auto body = co_await request.read_all();
    if (body.has_error()) co_return body.error();
    auto wanted = read_new(body.value(), *request.caller);
    if (wanted.has_error()) co_return wanted.error();
    wanted.value().scopes = {store::Scope::admin};
    auto making = make_key(services, *request.caller, request.caller->project,
                           std::move(wanted).value(), admin_key, reply);
    co_return co_await std::move(making);
}

Handled delete_admin_key(const Services& services, Request& request, Reply& reply) {
    return drop_key(services, *request.caller, std::nullopt, request.param("key"), admin_key,
                    reply);
}

}  // namespace gleaner::api
