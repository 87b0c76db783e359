/// gleanerctl: reads the command line, layers the profile, runs the one command that was chosen.
/// Exit status: 0 done, 1 it failed (the reason is on stderr), 2 the command line is wrong.

#include <csignal>
#include <exception>
#include <iostream>
#include <string>
#include <thread>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "client-core/cli/context.h"
#include "shared/config/flags.h"

namespace {

using namespace gleaner;

/// With --json the error is JSON too, on stderr: {"error":{"code","message"}}.
int report(const Error& error, bool json) {
    if (json) {
        const boost::json::object reason{{"code", to_string(error.code())},
                                         {"message", error.message()}};
        std::cerr << boost::json::serialize(boost::json::object{{"error", reason}}) << "\n";
    } else {
        std::cerr << "gleanerctl: " << error.message() << "\n";
    }
    return 1;
}

int run(int argc, char** argv) {
    const SystemClock clock;
    cli::Context context{.in = std::cin,
                         .out = std::cout,
                         .err = std::cerr,
                         .clock = clock,
                         .pause = [](Duration duration) { std::this_thread::sleep_for(duration); },
                         .in_is_terminal = ::isatty(STDIN_FILENO) == 1,
                         .err_is_terminal = ::isatty(STDERR_FILENO) == 1};
    config::OptionSet options("GLEANER_");
    cli::declare_options(options, context.profile);

    CLI::App app;
    app.name("gleanerctl");
    config::FlagValues flags;
    config::add_flags(app, options, flags);
    const config::Environment environment = config::process_environment();
    std::string profile_path = cli::default_profile_path(environment);
    const CLI::Option* profile_flag =
        app.add_option("--profile", profile_path, "The profile file")->capture_default_str();
    cli::add_program(app, context);
    const auto exit_code = config::parse_command_line(app, argc, argv);
    if (exit_code) return *exit_code;

    const Status loaded = cli::load_profile(options, profile_path, profile_flag->count() > 0,
                                            environment, flags, context.profile);
    if (!loaded) return report(loaded.error(), context.json);
    const Status done = context.command();
    std::cout.flush();
    if (!done) return report(done.error(), context.json);
    if (!std::cout)
        return report(Error(ErrorCode::io_failed, "cannot write to stdout"), context.json);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    try {
        return run(argc, argv);
    } catch (const std::exception& failure) {
        return report(Error(ErrorCode::internal, failure.what()), false);
    }
}
