#include "client-core/cli/profile.h"

#include "shared/tls/private_file.h"

namespace gleaner::cli {

namespace {

const std::string* find_variable(const config::Environment& environment, std::string_view name) {
    for (const auto& [key, value] : environment) {
        if (key == name && !value.empty()) return &value;
    }
    return nullptr;
}

}  // namespace

void declare_options(config::OptionSet& options, Profile& profile) {
    options.text({.name = "url", .sentence = "The coordinator's address, https://HOST:PORT."},
                 profile.url);
    options.text({.name = "key",
                  .sentence = "The key that says who you are, or @FILE to read it from a file.",
                  .unit = {},
                  .secret = true},
                 profile.key);
    options.text({.name = "ca",
                  .sentence = "The PEM file of the authority that vouches for the coordinator."},
                 profile.ca);
}

std::string default_profile_path(const config::Environment& environment) {
    const std::string* config_home = find_variable(environment, "XDG_CONFIG_HOME");
    if (config_home != nullptr) return *config_home + "/gleaner/gleanerctl.toml";
    const std::string* home = find_variable(environment, "HOME");
    return home == nullptr ? std::string() : *home + "/.config/gleaner/gleanerctl.toml";
}

Status load_profile(config::OptionSet& options, const std::string& path, bool path_was_given,
                    const config::Environment& environment, const config::FlagValues& flags,
                    Profile& profile) {
    if (!path.empty()) {
        const auto text = tls::read_private_file(path);
        const bool absent = !text && text.error().code() == ErrorCode::not_found;
        if (!text && (!absent || path_was_given)) return text.error();
        if (text) {
            GLEANER_TRY(options.load_toml(text.value(), path));
        }
    }
    GLEANER_TRY(options.load_environment(environment));
    GLEANER_TRY(options.load_flags(flags));
    if (profile.key.starts_with('@')) {
        GLEANER_TRY(auto text, tls::read_private_file(profile.key.substr(1)));
        while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
        profile.key = std::move(text);
    }
    return ok();
}

Result<ApiClient> open_api(const Profile& profile) {
    if (profile.key.empty()) {
        return Error(ErrorCode::unauthenticated,
                     "no key: give --key KEY or --key @FILE, set GLEANER_KEY, or put key = \"…\" "
                     "into the profile file");
    }
    if (profile.url.empty()) {
        return Error(ErrorCode::invalid_argument,
                     "no coordinator named: give --url https://HOST:PORT, set GLEANER_URL, or put "
                     "url = \"…\" into the profile file");
    }
    HttpsSettings settings;
    settings.url = profile.url;
    settings.ca_path = profile.ca;
    return ApiClient::open(settings, profile.key,
                           "(the key comes from --key, GLEANER_KEY or the profile)");
}

}  // namespace gleaner::cli
