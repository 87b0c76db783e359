/// gleaner-setup: reads the command line and its files, and sets this machine up.
/// Exit status: 0 done (or done before), 1 it failed (the reason is on stderr), 2 the command line
/// is wrong.

#include <csignal>
#include <exception>
#include <fstream>
#include <iostream>
#include <sstream>
#include <thread>

#include <CLI/CLI.hpp>

#include "client-core/cli/setup.h"
#include "shared/config/flags.h"

namespace {

using namespace gleaner;

struct Files {
    std::string token;
    std::string owner_key;
    std::string authority;
};

Status read_into(const std::string& path, bool whole, std::string& text) {
    if (path.empty()) return ok();
    std::ifstream file(path);
    if (whole) {
        std::stringstream all;
        all << file.rdbuf();
        text = all.str();
    } else {
        std::getline(file, text);
    }
    if (text.empty()) return Error(ErrorCode::not_found, "cannot read anything from " + path);
    return ok();
}

Status run(cli::SetupOptions& options, const Files& files) {
    GLEANER_TRY(read_into(files.token, false, options.token));
    GLEANER_TRY(read_into(files.owner_key, false, options.owner_key));
    GLEANER_TRY(read_into(files.authority, true, options.authority_pem));
    const SystemClock clock;
    const cli::SetupWorld world{
        .out = std::cout, .err = std::cerr, .clock = clock, .pause = [](Duration d) {
            std::this_thread::sleep_for(d);
        }};
    return cli::set_up(options, world);
}

int fail(const std::string& why) {
    std::cerr << "gleaner-setup: " << why << "\n";
    return 1;
}

int start(int argc, char** argv) {
    CLI::App app(
        "Sets this machine up for Gleaner without a person at it: joins a site, takes "
        "settings, measures. May be run again at any time.");
    app.name("gleaner-setup");
    cli::SetupOptions options;
    Files files;
    std::int64_t wait_s = options.wait / 1s;
    app.add_option("--coordinator", options.coordinator, "Host and port of its gateway")
        ->capture_default_str();
    auto* token = app.add_option("--token", options.token,
                                 "A token of the site (other users may see it: better a file)");
    app.add_option("--token-file", files.token, "File with a token of the site")->excludes(token);
    app.add_option("--owner-api", options.owner_api,
                   "Address of the coordinator's API, to create the site with its owner's key");
    app.add_option("--owner-key-file", files.owner_key, "File with the owner's key")
        ->excludes(token);
    app.add_option("--authority", files.authority,
                   "PEM file of whom to trust for --owner-api; else the system's authorities");
    app.add_option("--site", options.site,
                   "The new site's name; with a token, the id of the site that it must be of");
    app.add_option("--accept-consent", options.accepted_consent,
                   "The owner agrees to the text of this date (YYYY-MM-DD)");
    app.add_option("--settings", options.settings, "Take the settings suggested for such a machine")
        ->check(CLI::IsMember({"home", "cafe", "server"}));
    app.add_flag("--benchmark", options.benchmark, "Measure what each device can do");
    app.add_option("--socket", options.socket,
                   "Of this machine's node; else the system's, else yours");
    app.add_option("--wait", wait_s, "Seconds for the node to listen")->capture_default_str();
    const auto exit_code = config::parse_command_line(app, argc, argv);
    if (exit_code) return *exit_code;
    options.wait = std::chrono::seconds(wait_s);
    const Status done = run(options, files);
    std::cout.flush();
    return done ? 0 : fail(done.error().message());
}

}  // namespace

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    try {
        return start(argc, argv);
    } catch (const std::exception& failure) {
        return fail(failure.what());
    }
}
