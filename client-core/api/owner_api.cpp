#include "client-core/api/owner_api.h"

#include <chrono>

#include <boost/json.hpp>

namespace gleaner {

namespace json = boost::json;

namespace {

/// A person waits for it.
constexpr Duration patience = std::chrono::seconds(15);
constexpr std::int64_t token_life_s = 3600;

Result<std::string> text_of(const json::value& record, const char* field) {
    const auto* object = record.if_object();
    const auto* value = object ? object->if_contains(field) : nullptr;
    if (!value || !value->is_string())
        return Error(ErrorCode::data_corrupt, std::string("the coordinator's reply has no ") +
                                                  field + ": is this the address of its API?");
    return std::string(value->get_string());
}

bool is_live_site(const json::value& site, const std::string& name) {
    const auto found = text_of(site, "name");
    if (!found || found.value() != name) return false;
    const auto* consent = site.get_object().if_contains("consent");
    const auto* fields = consent ? consent->if_object() : nullptr;
    const auto* revoked = fields ? fields->if_contains("revoked") : nullptr;
    return revoked == nullptr || revoked->is_null();
}

}  // namespace

Result<OwnerApi> OwnerApi::open(const OwnerAccess& access) {
    HttpsSettings settings;
    settings.url = access.url;
    settings.ca_pem = access.authority_pem;
    settings.patience = patience;
    GLEANER_TRY(auto client, ApiClient::open(settings, access.key));
    return OwnerApi(std::move(client));
}

Result<ConsentText> OwnerApi::consent() {
    GLEANER_TRY(const auto reply, client_.get("/api/v1/consent"));
    ConsentText consent;
    GLEANER_TRY(consent.date, text_of(reply, "date"));
    GLEANER_TRY(consent.sha256, text_of(reply, "sha256"));
    GLEANER_TRY(consent.text, text_of(reply, "text"));
    return consent;
}

Result<std::string> OwnerApi::find_site(const std::string& name) {
    GLEANER_TRY(const auto reply, client_.get("/api/v1/sites"));
    const auto* fields = reply.if_object();
    const auto* data = fields ? fields->if_contains("data") : nullptr;
    const auto* sites = data ? data->if_array() : nullptr;
    if (!sites)
        return Error(ErrorCode::data_corrupt, "the coordinator's reply has no list of sites");
    for (const auto& site : *sites)
        if (is_live_site(site, name)) return text_of(site, "id");
    return std::string();
}

Result<std::string> OwnerApi::token_for_site(const std::string& name,
                                             const std::string& consent_date,
                                             const std::string& consent_sha256) {
    GLEANER_TRY(std::string site, find_site(name));
    if (site.empty()) {
        const json::object accepted{
            {"date", consent_date}, {"sha256", consent_sha256}, {"accepted", true}};
        GLEANER_TRY(
            const auto made,
            client_.post("/api/v1/sites", json::object{{"name", name}, {"consent", accepted}}));
        GLEANER_TRY(site, text_of(made, "id"));
    }
    GLEANER_TRY(
        const auto token,
        client_.post("/api/v1/tokens",
                     json::object{{"site", site}, {"uses", 1}, {"expires_in_s", token_life_s}}));
    return text_of(token, "token");
}

}  // namespace gleaner
