#include "coordinator/store/key_limits.h"
#include "coordinator/store/operators.h"
#include "coordinator/store/state.h"
#include "coordinator/store/store.h"
#include "shared/util/random.h"

namespace gleaner::store {

namespace {

Status require_name(std::string_view name, std::string_view whose) {
    if (!name.empty() && name.size() <= 200) return ok();
    return Error(ErrorCode::invalid_argument,
                 std::string("the name of ").append(whose).append(" has 1 to 200 bytes"));
}

Status require_sha256(std::string_view secret_sha256) {
    if (secret_sha256.size() == 64) return ok();
    return Error(ErrorCode::invalid_argument, "a secret is given as 64 hex characters of SHA-256");
}

template <class T>
Status as_status(const Result<T>& result) {
    if (result.has_error()) return result.error();
    return ok();
}

Status require_subject(Store& store, PrincipalKind kind, const std::string& subject) {
    switch (kind) {
        case PrincipalKind::operator_:
            return Operators(store).require(subject);
        case PrincipalKind::owner:
            return as_status(store.owner(OwnerId{subject}));
        case PrincipalKind::partner:
            return as_status(store.partner(PartnerId{subject}));
        case PrincipalKind::project:
            return as_status(store.project(ProjectId{subject}));
    }
    return Error(ErrorCode::invalid_argument, "a key speaks for somebody");
}

}  // namespace

Result<Owner> Store::add_owner(std::string_view name, const PartnerId& referred_by) {
    GLEANER_TRY(require_name(name, "an owner"));
    if (!referred_by.empty()) {
        GLEANER_TRY(partner(referred_by));
    }
    const Owner owner{OwnerId{random_token("own_", 20)}, std::string(name), referred_by,
                      state_->clock.wall()};
    GLEANER_TRY(state_->database->run(sql::insert_owner, owner.id, owner.name,
                                      unless_empty(referred_by), owner.created));
    return owner;
}

Result<Partner> Store::add_partner(std::string_view name) {
    GLEANER_TRY(require_name(name, "a partner"));
    const Partner partner{PartnerId{random_token("par_", 20)}, std::string(name),
                          state_->clock.wall()};
    GLEANER_TRY(
        state_->database->run(sql::insert_partner, partner.id, partner.name, partner.created));
    return partner;
}

Result<Customer> Store::add_customer(std::string_view name, const PartnerId& referred_by,
                                     const OwnerId& own_sites_of) {
    GLEANER_TRY(require_name(name, "a customer"));
    if (!referred_by.empty()) {
        GLEANER_TRY(partner(referred_by));
    }
    if (!own_sites_of.empty()) {
        GLEANER_TRY(owner(own_sites_of));
    }
    const Customer customer{CustomerId{random_token("cus_", 20)},
                            std::string(name),
                            referred_by,
                            own_sites_of,
                            state_->clock.wall(),
                            customer_weight_usual};
    GLEANER_TRY(state_->database->run(sql::insert_customer, customer.id, customer.name,
                                      unless_empty(referred_by), unless_empty(own_sites_of),
                                      customer.created));
    return customer;
}

Result<Project> Store::add_project(const CustomerId& customer_id, std::string_view name,
                                   Currency currency) {
    GLEANER_TRY(require_name(name, "a project"));
    GLEANER_TRY(customer(customer_id));
    const Project project{ProjectId{random_token("proj_", 20)}, customer_id, std::string(name),
                          currency, state_->clock.wall()};
    GLEANER_TRY(state_->database->run(sql::insert_project, project.id, customer_id, project.name,
                                      code_of(currency), project.created));
    return project;
}

Result<Owner> Store::owner(const OwnerId& id) {
    return state_->one("owner", owner_row, sql::select_owner, id);
}

Result<Partner> Store::partner(const PartnerId& id) {
    return state_->one("partner", partner_row, sql::select_partner, id);
}

Result<Customer> Store::customer(const CustomerId& id) {
    return state_->one("customer", customer_row, sql::select_customer, id);
}

Result<Project> Store::project(const ProjectId& id) {
    return state_->one("project", project_row, sql::select_project, id);
}

Result<std::vector<Owner>> Store::owners() {
    return state_->all(owner_row, sql::list_owners);
}

Result<std::vector<Partner>> Store::partners() {
    return state_->all(partner_row, sql::list_partners);
}

Result<std::vector<Customer>> Store::customers() {
    return state_->all(customer_row, sql::list_customers);
}

Result<std::vector<Project>> Store::projects(const CustomerId& customer) {
    return state_->all(project_row, sql::list_projects, customer);
}

Result<Credential> Store::add_credential(PrincipalKind kind, std::string_view subject,
                                         std::string_view label, std::string_view secret_sha256,
                                         const KeyLimits& limits) {
    GLEANER_TRY(require_sha256(secret_sha256));
    GLEANER_TRY(require_subject(*this, kind, std::string(subject)));
    GLEANER_TRY(check_key_limits(kind, limits, state_->clock.wall()));
    Credential credential;
    credential.id = random_token("key_", 20);
    credential.kind = kind;
    credential.subject = subject;
    credential.label = label;
    credential.created = state_->clock.wall();
    credential.limits = limits;
    GLEANER_TRY(state_->database->run(sql::insert_credential, credential.id, to_string(kind),
                                      subject, label, secret_sha256, credential.created,
                                      to_string(limits.scopes), limits.monthly_cap,
                                      unless_zero(limits.requests_per_minute),
                                      unless_zero(limits.tokens_per_minute), limits.expires));
    return credential;
}

Result<std::vector<Credential>> Store::credentials(PrincipalKind kind, std::string_view subject) {
    return state_->all(credential_row, sql::list_credentials, to_string(kind), subject);
}

Status Store::revoke_credential(std::string_view id) {
    GLEANER_TRY(state_->one("key", credential_row, sql::select_credential, id));
    return state_->database->run(sql::revoke_credential, id, state_->clock.wall());
}

Result<Principal> Store::authenticate(std::string_view secret_sha256) {
    Query query(*state_->database, sql::authenticate, secret_sha256, state_->clock.wall());
    GLEANER_TRY(auto found, query.next());
    if (!found) {
        return Error(ErrorCode::unauthenticated,
                     "the key is wrong, has expired or was revoked: ask for a new one");
    }
    Principal principal;
    principal.kind = principal_kind(query.text("kind"));
    principal.credential_id = query.text("id");
    principal.subject = query.text("subject");
    principal.expires = query.optional_time("expires");
    principal.role = operator_role(query.text("role"));
    if (principal.kind != PrincipalKind::project) return principal;
    principal.customer = query.id<CustomerId>("customer");
    principal.currency = currency(query.text("currency"));
    principal.scopes = scopes(query.text("scopes"));
    principal.requests_per_minute = query.integer("requests_per_minute");
    principal.tokens_per_minute = query.integer("tokens_per_minute");
    return principal;
}

}  // namespace gleaner::store
