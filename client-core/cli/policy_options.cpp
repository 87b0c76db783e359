#include "client-core/cli/policy_options.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#include <CLI/CLI.hpp>

#include "client-core/control/guest_settings.h"

namespace gleaner::cli {

void PolicyOptions::declare(CLI::App& command) {
    command.add_option("--file", file, "A TOML file with settings");
    command.add_option("--set", set, "SETTING=VALUE, may be repeated");
}

Result<guest::Settings> PolicyOptions::apply(guest::Settings base) const {
    if (!file.empty()) {
        std::ifstream in(file, std::ios::binary);
        const std::string text{std::istreambuf_iterator<char>(in), {}};
        if (!in) return Error(ErrorCode::not_found, "cannot read " + file);
        GLEANER_TRY(base, settings_from_toml(text, file, base));
    }
    std::string toml;
    for (const auto& line : set) {
        const auto equals = line.find('=');
        if (equals == std::string::npos)
            return Error(ErrorCode::invalid_argument,
                         "\"" + line + "\" is not understood: write SETTING=VALUE");
        // give_back=release, month=20GiB: words and sizes need no quotes here.
        const std::string value = line.substr(equals + 1);
        const bool list = value.starts_with('[') || value.starts_with('"');
        const bool number = !value.empty() && std::all_of(value.begin(), value.end(), [](char c) {
            return c >= '0' && c <= '9';
        });
        const bool bare = list || number || value == "true" || value == "false";
        toml += line.substr(0, equals + 1) + (bare ? value : "\"" + value + "\"") + "\n";
    }
    return settings_from_toml(toml, "--set", base);
}

}  // namespace gleaner::cli
