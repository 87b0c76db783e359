/// gleaner-coordinator: parses the command line and calls init or serve.

#include <cstdio>
#include <string>

#include <CLI/CLI.hpp>

#include "coordinator/init.h"
#include "coordinator/serve.h"
#include "coordinator/settings.h"
#include "shared/config/flags.h"
#include "shared/util/log.h"

namespace {

int fail(const gleaner::Error& error) {
    std::fprintf(stderr, "gleaner-coordinator: %s\n", error.message().c_str());
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    gleaner::Settings settings;
    auto options = gleaner::declare_options(settings);
    gleaner::config::FlagValues flags;
    std::string config_path;
    gleaner::InitRequest request{"", "operator", "first customer"};

    CLI::App app("The coordinator of a Gleaner grid: shards work over nodes and settles accounts.");
    app.require_subcommand(1);
    auto* serve = app.add_subcommand("serve", "Runs the coordinator until SIGTERM or SIGINT.");
    auto* init = app.add_subcommand(
        "init", "Makes configuration, authority, database, first operator and first API key.");
    for (auto* command : {serve, init}) {
        command->add_option("--config", config_path, "The TOML file.");
        gleaner::config::add_flags(*command, options, flags);
    }
    init->add_option("--operator", request.operator_name, "Name of the first operator.");
    init->add_option("--customer", request.customer_name, "Name of the first customer.");
    if (const auto code = gleaner::config::parse_command_line(app, argc, argv)) return *code;

    const bool starting = serve->parsed();
    if (const auto loaded =
            gleaner::config::load_layers(options, starting ? config_path : "", flags);
        loaded.has_error())
        return fail(loaded.error());
    if (!gleaner::set_up_log("coordinator", settings.log_level))
        return fail({gleaner::ErrorCode::invalid_argument, "unknown log_level"});
    if (!starting) {
        request.config_path = config_path.empty() ? "gleaner-coordinator.toml" : config_path;
        const auto made = gleaner::initialise(settings, request);
        return made.has_error() ? fail(made.error()) : 0;
    }
    const auto served = gleaner::serve(settings);
    return served.has_error() ? fail(served.error()) : 0;
}
