#include "shared/config/flags.h"

#include <iostream>

#include <CLI/CLI.hpp>

extern char** environ;

namespace gleaner::config {

namespace {

std::vector<std::string> flag_names(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::Option* option : app.get_options()) {
        for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    }
    for (const CLI::App* subcommand : app.get_subcommands()) {
        for (std::string& name : flag_names(*subcommand)) names.push_back(std::move(name));
    }
    return names;
}

}  // namespace

void add_flags(CLI::App& app, const OptionSet& options, FlagValues& values) {
    for (const Option& option : options.options()) {
        const std::string name = option.text.name;
        const std::string flag = "--" + OptionSet::flag_name(name);
        const auto keep = [&values, name](const std::string& text) {
            values.emplace_back(name, text);
        };
        if (option.kind == OptionKind::boolean) {
            CLI::callback_t keep_flag = [keep](const CLI::results_t& results) {
                // CLI11 gives an option without its value one that is empty.
                keep(results.empty() || results.front().empty() ? "true" : results.front());
                return true;
            };
            app.add_option(flag, keep_flag, options.describe(option))->expected(0, 1);
        } else {
            app.add_option_function<std::string>(flag, keep, options.describe(option));
        }
    }
}

std::optional<int> parse_command_line(CLI::App& app, int argc, char** argv) {
    try {
        app.parse(argc, argv);
        return std::nullopt;
    } catch (const CLI::ExtrasError& error) {
        std::cerr << error.what() << "\n";
        const std::vector<std::string> known = flag_names(app);
        for (int i = 1; i < argc; ++i) {
            std::string given = argv[i];
            given = given.substr(0, given.find('='));
            if (!given.starts_with("--")) continue;
            if (std::find(known.begin(), known.end(), given) != known.end()) continue;
            const std::string near = OptionSet::nearest(given, known);
            if (!near.empty()) std::cerr << given << ": did you mean " << near << "?\n";
        }
        std::cerr << "Run with --help for the list.\n";
        return 2;
    } catch (const CLI::ParseError& error) {
        const int code = app.exit(error);
        return code == 0 ? 0 : 2;
    }
}

Environment process_environment() {
    Environment result;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string text(*entry);
        const auto equals = text.find('=');
        if (equals != std::string::npos)
            result.emplace_back(text.substr(0, equals), text.substr(equals + 1));
    }
    return result;
}

Status load_layers(OptionSet& options, const std::string& config_path, const FlagValues& flags) {
    if (!config_path.empty()) {
        GLEANER_TRY(options.load_file(config_path));
    }
    GLEANER_TRY(options.load_environment(process_environment()));
    return options.load_flags(flags);
}

}  // namespace gleaner::config
