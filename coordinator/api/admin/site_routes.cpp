/// Consent, sites and enrolment tokens. A site is made by its owner's own acceptance and nobody
/// else's; taking the consent back stops every node of the site at once.

#include <boost/json.hpp>

#include "coordinator/api/admin/call.h"
#include "coordinator/api/admin/record_json.h"
#include "shared/artefact/sha256.h"
#include "shared/util/log.h"
#include "shared/util/random.h"

namespace gleaner::admin {

namespace json = boost::json;
using store::Store;

namespace {

constexpr std::int64_t token_life_s_max = 365 * 86'400;
constexpr std::size_t policy_bytes_max = 16'384;

Answer show_consent(AdminState& state, Call /*call*/) {
    const ConsentText& consent = state.options.consent;
    co_return json::value(json::object{{"date", consent.date},
                                       {"text", consent.text},
                                       {"sha256", hash_bytes(consent.text).get()}});
}

Answer show_accepted_consent(AdminState& state, Call call) {
    const SiteId id(call.captures[0]);
    StoreWork work = [&call, id](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto site, site_of_caller(store, call, id));
        GLEANER_TRY(const auto text, store.consent_text(id));
        auto consent = to_json(site).at("consent");
        consent.as_object()["text"] = text;
        return consent;
    };
    co_return co_await state.needs.store.read<json::value>(std::move(work));
}

/// The acceptance in the request, if it is that of the text in force.
Result<store::Consent> accepted_consent(const AdminState& state, Call& call) {
    GLEANER_TRY(auto accepted, call.body.object("consent"));
    GLEANER_TRY(const auto date, accepted.text("date"));
    GLEANER_TRY(const auto hash, accepted.text("sha256"));
    GLEANER_TRY(const bool yes, accepted.boolean("accepted"));
    GLEANER_TRY(accepted.no_more());
    const ConsentText& in_force = state.options.consent;
    if (date != in_force.date || hash != hash_bytes(in_force.text).get()) {
        return Error(ErrorCode::failed_precondition, "the consent text in force is that of " +
                                                         in_force.date +
                                                         ": read it and accept that one");
    }
    if (!yes) {
        return Error(ErrorCode::failed_precondition, "without consent there is no site");
    }
    store::Consent consent;
    consent.text_date = date;
    consent.text_sha256 = hash;
    consent.accepted_by = call.principal.credential_id;
    consent.accepted = state.needs.clock.wall();
    return consent;
}

Answer add_site(AdminState& state, Call call) {
    GLEANER_CO_TRY(auto name, call.body.text("name"));
    GLEANER_CO_TRY(auto consent, accepted_consent(state, call));
    GLEANER_CO_TRY(call.body.no_more());
    const OwnerId owner(call.principal.subject);
    StoreWork work = [=, &state](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto site,
                    store.add_site(owner, name, consent, state.options.consent.text));
        return json::value(to_json(site));
    };
    co_return co_await state.needs.store.write<json::value>(std::move(work));
}

Answer list_sites(AdminState& state, Call call) {
    const auto owner = call.owner();
    StoreWork work = [=](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto found, store.sites(owner));
        return to_list(found);
    };
    co_return co_await state.needs.store.read<json::value>(std::move(work));
}

Answer revoke_consent(AdminState& state, Call call) {
    const SiteId id(call.captures[0]);
    std::function<Result<std::vector<NodeId>>(Store&)> work =
        [&call, id](Store& store) -> Result<std::vector<NodeId>> {
        GLEANER_TRY(site_of_caller(store, call, id));
        return store.revoke_consent(id);
    };
    auto revoked = co_await state.needs.store.write<std::vector<NodeId>>(std::move(work));
    if (revoked.has_error()) co_return std::move(revoked).error();
    for (const NodeId& node : revoked.value()) {
        state.needs.grid.cut_off(node, "the owner took back the consent for this site");
    }
    const auto nodes = static_cast<std::int64_t>(revoked.value().size());
    spdlog::info("admin: consent revoked site={} nodes={}", id.get(), nodes);
    co_return json::value(json::object{{"id", id.get()}, {"nodes_revoked", nodes}});
}

Answer certify_site(AdminState& state, Call call) {
    GLEANER_CO_TRY(const bool certified, call.body.boolean("certified"));
    GLEANER_CO_TRY(call.body.no_more());
    const SiteId id(call.captures[0]);
    StoreWork work = [=](Store& store) -> Result<json::value> {
        GLEANER_TRY(store.certify_site(id, certified));
        GLEANER_TRY(const auto site, store.site(id));
        return json::value(to_json(site));
    };
    co_return co_await state.needs.store.write<json::value>(std::move(work));
}

Answer show_policy(AdminState& state, Call call) {
    const SiteId id(call.captures[0]);
    StoreWork work = [&call, id](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto site, site_of_caller(store, call, id));
        return json::value(json::object{{"id", id.get()}, {"policy", site.policy}});
    };
    co_return co_await state.needs.store.read<json::value>(std::move(work));
}

Answer set_policy(AdminState& state, Call call) {
    GLEANER_CO_TRY(const auto policy, call.body.lines("policy", policy_bytes_max));
    GLEANER_CO_TRY(call.body.no_more());
    const SiteId id(call.captures[0]);
    StoreWork work = [&call, id, policy](Store& store) -> Result<json::value> {
        GLEANER_TRY(site_of_caller(store, call, id));
        GLEANER_TRY(store.set_site_policy(id, policy));
        return json::value(json::object{{"id", id.get()}, {"policy", policy}});
    };
    auto set = co_await state.needs.store.write<json::value>(std::move(work));
    if (set.has_value()) state.needs.grid.site_policy(id, policy);
    co_return set;
}

Answer add_token(AdminState& state, Call call) {
    GLEANER_CO_TRY(auto site, call.body.text("site"));
    GLEANER_CO_TRY(const auto uses, call.body.optional_integer("uses", -1, 1'000'000, 1));
    GLEANER_CO_TRY(const auto life_s,
                   call.body.optional_integer("expires_in_s", 1, token_life_s_max, 86'400));
    GLEANER_CO_TRY(call.body.no_more());
    // The part before the first dot is what the node will show, and what is stored as a hash.
    const std::string secret = random_token("glt_", 32);
    if (!state.options.release_key) {
        co_return Error(ErrorCode::failed_precondition,
                        "a token names the release key that nodes are to trust, and this "
                        "coordinator has none: set release_public_key and restart it");
    }
    const std::string token =
        secret + "." + state.options.authority_pin + "." + state.options.release_key->pin();
    const WallTime expires = state.needs.clock.wall() + std::chrono::seconds(life_s);
    StoreWork work = [=, &call](Store& store) -> Result<json::value> {
        GLEANER_TRY(site_of_caller(store, call, SiteId(site)));
        GLEANER_TRY(const auto made,
                    store.add_token(SiteId(site), hash_bytes(std::string_view(secret)).get(), uses,
                                    expires));
        json::object shown = to_json(made);
        shown["token"] = token;
        return json::value(std::move(shown));
    };
    co_return co_await state.needs.store.write<json::value>(std::move(work));
}

Answer list_tokens(AdminState& state, Call call) {
    const SiteId site(call.parameter("site"));
    if (site.empty()) co_return Error(ErrorCode::invalid_argument, "name the site: ?site=ID");
    StoreWork work = [&call, site](Store& store) -> Result<json::value> {
        GLEANER_TRY(site_of_caller(store, call, site));
        GLEANER_TRY(const auto found, store.tokens(site));
        return to_list(found);
    };
    co_return co_await state.needs.store.read<json::value>(std::move(work));
}

/// Is the token one of the owner's sites'?
Result<bool> token_is_of(Store& store, const OwnerId& owner, const std::string& id) {
    GLEANER_TRY(const auto sites, store.sites(owner));
    for (const auto& site : sites) {
        GLEANER_TRY(const auto tokens, store.tokens(site.id));
        for (const auto& token : tokens) {
            if (token.id == id) return true;
        }
    }
    return false;
}

Answer revoke_token(AdminState& state, Call call) {
    const std::string id = call.captures[0];
    const auto owner = call.owner();
    StoreWork work = [=](Store& store) -> Result<json::value> {
        if (owner) {
            GLEANER_TRY(const bool own, token_is_of(store, *owner, id));
            if (!own) return Error(ErrorCode::not_found, "no such token");
        }
        GLEANER_TRY(store.revoke_token(id));
        return json::value(json::object{{"id", id}, {"revoked", true}});
    };
    co_return co_await state.needs.store.write<json::value>(std::move(work));
}

constexpr const char* owner_only =
    "a site begins with its owner's own consent, given with the owner's own key: neither an "
    "operator nor a partner can give it for them";
constexpr const char* owners_policy = "when a site's machines work is its owner's to say";
constexpr const char* not_partners =
    "machines are enrolled by their owner or the platform, never by a partner";

}  // namespace

std::vector<AdminRoute> site_routes() {
    return {
        {api::Method::get, "/api/v1/consent", operators | owners | partners, show_consent},
        {api::Method::post, "/api/v1/sites", owners, add_site, owner_only},
        {api::Method::get, "/api/v1/sites", operators | owners, list_sites},
        {api::Method::get, "/api/v1/sites/{id}/consent", operators | owners, show_accepted_consent},
        {api::Method::delete_, "/api/v1/sites/{id}/consent", operators | owners, revoke_consent},
        {api::Method::put, "/api/v1/sites/{id}/certified", operators, certify_site},
        {api::Method::get, "/api/v1/sites/{id}/policy", operators | owners, show_policy},
        {api::Method::put, "/api/v1/sites/{id}/policy", owners, set_policy, owners_policy},
        {api::Method::post, "/api/v1/tokens", operators | owners, add_token, not_partners},
        {api::Method::get, "/api/v1/tokens", operators | owners, list_tokens},
        {api::Method::delete_, "/api/v1/tokens/{id}", operators | owners, revoke_token},
    };
}

}  // namespace gleaner::admin
