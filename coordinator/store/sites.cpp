#include "coordinator/store/state.h"
#include "coordinator/store/store.h"
#include "shared/util/random.h"

namespace gleaner::store {

namespace {

/// Who accepted must be the owner, by a key of their own that is still good.
Status check_acceptance(const OwnerId& owner, const std::optional<Credential>& acceptor) {
    if (acceptor && acceptor->kind == PrincipalKind::owner && acceptor->subject == owner.get() &&
        !acceptor->revoked) {
        return ok();
    }
    return Error(
        ErrorCode::permission_denied,
        "a site needs its owner's own consent: the owner must accept the consent text with "
        "their own key; neither a partner nor an operator can do it for them");
}

std::string text_row(const Query& row) {
    return row.text("text");
}

}  // namespace

Result<Site> Store::add_site(const OwnerId& owner_id, std::string_view name, const Consent& consent,
                             std::string_view text) {
    if (name.empty() || name.size() > 200) {
        return Error(ErrorCode::invalid_argument, "the name of a site has 1 to 200 bytes");
    }
    if (consent.text_date.size() != 10 || consent.text_sha256.size() != 64 || consent.revoked ||
        text.empty()) {
        return Error(ErrorCode::invalid_argument,
                     "a consent names its text by date (2026-11-01) and SHA-256 (64 hex "
                     "characters), comes with it, and is not yet revoked");
    }
    return state_->atomically([&]() -> Result<Site> {
        GLEANER_TRY(owner(owner_id));
        Query query(*state_->database, sql::select_credential, consent.accepted_by);
        GLEANER_TRY(auto found, query.next());
        GLEANER_TRY(check_acceptance(owner_id,
                                     found ? std::optional(credential_row(query)) : std::nullopt));
        Site site;
        site.id = SiteId{random_token("site_", 20)};
        site.owner = owner_id;
        site.name = name;
        site.consent = consent;
        site.created = state_->clock.wall();
        if (site.consent.accepted == WallTime{}) site.consent.accepted = site.created;
        GLEANER_TRY(state_->database->run(sql::keep_consent_text, consent.text_sha256, text));
        GLEANER_TRY(state_->database->run(
            sql::insert_site, site.id, site.owner, site.name, consent.text_date,
            consent.text_sha256, consent.accepted_by, site.consent.accepted, site.created));
        return site;
    });
}

Result<Site> Store::site(const SiteId& id) {
    return state_->one("site", site_row, sql::select_site, id);
}

Result<std::string> Store::consent_text(const SiteId& id) {
    return state_->one("site", text_row, sql::select_consent_text, id);
}

Result<std::vector<Site>> Store::sites(std::optional<OwnerId> owner) {
    if (owner) return state_->all(site_row, sql::list_sites_of_owner, *owner);
    return state_->all(site_row, sql::list_sites);
}

Status Store::certify_site(const SiteId& id, bool certified) {
    return changed_one(state_->database->change(sql::certify_site, id, certified), "site");
}

Status Store::set_site_policy(const SiteId& id, std::string_view toml) {
    constexpr std::size_t bytes_max = 16'384;
    if (toml.size() > bytes_max)
        return Error(ErrorCode::invalid_argument, "a site's policy has at most 16 KiB");
    return changed_one(state_->database->change(sql::set_site_policy, id, toml), "site");
}

Result<std::vector<NodeId>> Store::revoke_consent(const SiteId& id) {
    return state_->atomically([&]() -> Result<std::vector<NodeId>> {
        GLEANER_TRY(site(id));
        const WallTime now = state_->clock.wall();
        GLEANER_TRY(state_->database->run(sql::revoke_consent, id, now));
        GLEANER_TRY(state_->database->run(sql::revoke_tokens_of_site, id, now));
        GLEANER_TRY(state_->database->run(sql::revoke_nodes_of_site, id, now));
        GLEANER_TRY(auto revoked, nodes(id));
        std::vector<NodeId> ids;
        for (const auto& node : revoked) ids.push_back(node.id);
        return ids;
    });
}

Result<EnrolmentToken> Store::add_token(const SiteId& site_id, std::string_view secret_sha256,
                                        std::int64_t uses, WallTime expires) {
    const WallTime now = state_->clock.wall();
    if (secret_sha256.size() != 64 || (uses < 1 && uses != -1) || expires <= now) {
        return Error(
            ErrorCode::invalid_argument,
            "a token has a secret of 64 hex characters of SHA-256, at least one use (or -1: "
            "unlimited) and an expiry in the future");
    }
    return state_->atomically([&]() -> Result<EnrolmentToken> {
        GLEANER_TRY(const auto site, this->site(site_id));
        if (site.consent.revoked) {
            return Error(ErrorCode::failed_precondition, "the owner revoked the consent for site " +
                                                             site.name +
                                                             ": no machine can be enrolled there");
        }
        const EnrolmentToken token{random_token("tok_", 20), site_id, uses, now, expires, {}};
        GLEANER_TRY(state_->database->run(sql::insert_token, token.id, site_id, secret_sha256, uses,
                                          now, expires));
        return token;
    });
}

Result<std::vector<EnrolmentToken>> Store::tokens(const SiteId& site) {
    return state_->all(token_row, sql::list_tokens, site);
}

Status Store::revoke_token(std::string_view id) {
    GLEANER_TRY(state_->one("token", token_row, sql::select_token, id));
    return state_->database->run(sql::revoke_token, id, state_->clock.wall());
}

Result<Node> Store::node(const NodeId& id) {
    return state_->one("node", node_row, sql::select_node, id);
}

Result<std::vector<Node>> Store::nodes(std::optional<SiteId> site) {
    if (site) return state_->all(node_row, sql::list_nodes_of_site, *site);
    return state_->all(node_row, sql::list_nodes);
}

Status Store::touch_node(const NodeId& id, std::string_view software_version) {
    return changed_one(
        state_->database->change(sql::touch_node, id, state_->clock.wall(), software_version),
        "node");
}

Status Store::revoke_node(const NodeId& id) {
    GLEANER_TRY(node(id));
    return state_->database->run(sql::revoke_node, id, state_->clock.wall());
}

}  // namespace gleaner::store
