#include "coordinator/init.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <system_error>

#include <fmt/format.h>

#include "coordinator/serve.h"
#include "coordinator/store/blobs.h"
#include "coordinator/store/store.h"
#include "coordinator/vault/vault.h"
#include "shared/artefact/sha256.h"
#include "shared/tls/authority.h"
#include "shared/util/random.h"

namespace gleaner {

namespace fs = std::filesystem;

namespace {

struct FirstKeys {
    std::string operator_key;
    std::string api_key;
    std::string project;
};

std::string toml_text(std::string_view text) {
    std::string result = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') result += '\\';
        result += c;
    }
    return result + '"';
}

std::string toml_list(const std::vector<std::string>& texts) {
    std::string result = "[";
    for (const auto& text : texts) result += (result.size() > 1 ? ", " : "") + toml_text(text);
    return result + "]";
}

/// The default file, in which every option stands commented out, with these options set.
std::string with_values(const std::string& explained,
                        const std::map<std::string, std::string>& values) {
    std::istringstream lines(explained);
    std::string result;
    std::string table;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with('[')) table = line.substr(1, line.find(']') - 1) + ".";
        const auto name_at = line.find_first_not_of("# ");
        const auto equals = line.find(" = ");
        if (line.starts_with('#') && equals != std::string::npos && name_at < equals) {
            const auto name = line.substr(name_at, equals - name_at);
            const auto value = values.find(table + name);
            if (value != values.end()) line = name + " = " + value->second;
        }
        result += line + "\n";
    }
    return result;
}

Status write_config(const Settings& settings, const std::string& path) {
    Settings defaults;
    const auto explained = declare_options(defaults).default_file();
    std::ofstream out(path);
    out << with_values(explained,
                       {{"data_folder", toml_text(fs::absolute(settings.data_folder).string())},
                        {"release_public_key", toml_text(settings.release_public_key)},
                        {"gateway.port", std::to_string(settings.gateway_port)},
                        {"api.port", std::to_string(settings.api_port)},
                        {"api.server_names", toml_list(settings.server_names)}});
    out.flush();
    if (!out) return Error(ErrorCode::io_failed, "cannot write " + path);
    return ok();
}

Result<FirstKeys> first_records(const Settings& settings, const InitRequest& request) {
    const SystemClock clock;
    GLEANER_TRY(auto store, store::Store::open(settings.in_data("gleaner.db").string(),
                                               store::Store::Mode::read_write, clock));
    FirstKeys keys;
    keys.operator_key = random_token("glo_", 32);
    keys.api_key = random_token("sk-", 40);
    GLEANER_TRY(store->begin());
    GLEANER_TRY(store->add_credential(store::PrincipalKind::operator_, request.operator_name,
                                      "first operator", hash_bytes(keys.operator_key).get()));
    GLEANER_TRY(auto customer, store->add_customer(request.customer_name, {}, {}));
    GLEANER_TRY(auto project, store->add_project(customer.id, "default"));
    GLEANER_TRY(store->add_credential(store::PrincipalKind::project, project.id.get(), "first key",
                                      hash_bytes(keys.api_key).get()));
    GLEANER_TRY(store->commit());
    keys.project = project.id.get();
    return keys;
}

/// `serve` refuses to start without it.
std::string release_key_step(const std::string& config) {
    return "  0. gleanerctl key new --out release.key    (away from this machine), then put what\n"
           "     \"gleanerctl key show release.key\" prints into " +
           config + ": release_public_key = \"ed25519:…\"\n";
}

void print_next_steps(const Settings& settings, const InitRequest& request, const FirstKeys& keys) {
    const auto ca = fs::absolute(settings.in_data("ca.pem")).string();
    const bool has_release_key = !settings.release_public_key.empty();
    fmt::print(
        "Configuration   {}\n"
        "Data folder     {}\n"
        "Authority       {}\n"
        "Operator key    {}\n"
        "API key         {}   (project {})\n"
        "These two keys are shown only now: keep them.\n\n"
        "Next:\n"
        "{}"
        "  1. gleaner-coordinator serve --config {}\n"
        "  2. export GLEANER_URL=https://localhost:{} GLEANER_CA={} GLEANER_KEY={}\n"
        "  3. gleanerctl engine add ENGINE.tar.zst    (signed with the release key)\n"
        "  4. gleanerctl model add MODEL.gguf --name NAME\n"
        "  5. gleanerctl owner add NAME               (the owner then makes a site and its "
        "tokens)\n"
        "  6. gleaner-node run --coordinator HOST:{} --token TOKEN     on every machine\n",
        request.config_path, fs::absolute(settings.data_folder).string(), ca, keys.operator_key,
        keys.api_key, keys.project, has_release_key ? "" : release_key_step(request.config_path),
        request.config_path, settings.api_port, ca, keys.operator_key, settings.gateway_port);
}

}  // namespace

Status initialise(const Settings& settings, const InitRequest& request) {
    const SystemClock clock;
    if (fs::exists(request.config_path))
        return Error(ErrorCode::already_exists,
                     request.config_path + " exists: nothing was changed; choose another --config");
    if (!settings.release_public_key.empty()) {
        GLEANER_TRY(release_key_of(settings));
    }
    std::error_code problem;
    fs::create_directories(settings.data_folder, problem);
    if (problem)
        return Error(ErrorCode::io_failed,
                     "cannot make " + settings.data_folder + ": " + problem.message());
    fs::permissions(settings.data_folder, fs::perms::owner_all, problem);
    GLEANER_TRY(auto authority, tls::Authority::create("Gleaner", clock));
    GLEANER_TRY(
        authority.save(settings.in_data("ca.pem").string(), settings.in_data("ca.key").string()));
    GLEANER_TRY(auto server_key, tls::KeyPair::generate());
    GLEANER_TRY(server_key.save(settings.in_data("server.key").string()));
    GLEANER_TRY(vault::Vault::open(settings.in_data("payout.key")));
    GLEANER_TRY(store::Blobs::open(settings.data_folder));
    GLEANER_TRY(auto keys, first_records(settings, request));
    GLEANER_TRY(write_config(settings, request.config_path));
    print_next_steps(settings, request, keys);
    return ok();
}

}  // namespace gleaner
