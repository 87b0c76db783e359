/// gleaner-node: finds out what this machine is and runs the node, or one of its tools.

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <malloc.h>
#include <string>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include "client-core/platform/hardware_facts.h"
#include "client-core/platform/linux/sandbox_bwrap.h"
#include "client-core/runtime/daemon.h"
#include "client-core/runtime/enrol.h"
#include "client-core/runtime/node_tools.h"
#include "shared/config/flags.h"
#include "shared/util/log.h"

namespace {

using namespace gleaner;
namespace asio = boost::asio;

// Exit statuses beyond 0 and 1, for service managers (told by --help).
constexpr int exit_usage = 2;
constexpr int exit_not_allowed = 3;

int fail(const Error& error) {
    std::fprintf(stderr, "gleaner-node: %s\n", error.message().c_str());
    const bool refused =
        error.code() == ErrorCode::unauthenticated || error.code() == ErrorCode::permission_denied;
    return refused ? exit_not_allowed : 1;
}

/// Beside this program, where the packages put it, or in `built`, where the build tree has it.
std::filesystem::path beside_program(const char* name, const char* built) {
    std::error_code problem;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", problem).parent_path();
    if (auto there = self / built / name; std::filesystem::exists(there, problem)) return there;
    return self / name;
}

void fill_in(NodeOptions& options) {
    if (options.data_dir.empty()) {
        options.data_dir =
            default_data_dir(config::process_environment(), ::geteuid() == 0).string();
    }
    if (options.probe.empty()) {
        options.probe = beside_program("gleaner-probe", "platform").string();
    }
}

Result<std::string> token_of(const NodeOptions& options) {
    if (!options.token.empty() || options.token_file.empty()) return options.token;
    std::ifstream file(options.token_file);
    std::string text((std::istreambuf_iterator<char>(file)), {});
    if (!file.is_open() || text.empty()) {
        return Error(ErrorCode::not_found, "cannot read the token_file " + options.token_file);
    }
    return text;
}

Result<std::string> fingerprint_of(const NodeOptions& options) {
    const HardwareFacts facts = read_hardware_facts();
    if (!identifies_machine(facts) && options.instance == 0) {
        return Error(ErrorCode::failed_precondition,
                     "nothing in this machine's hardware tells it from another: give each machine "
                     "of the site its own --instance number");
    }
    return hardware_fingerprint(facts, options.instance).get();
}

Result<std::unique_ptr<BwrapSandbox>> make_sandbox(const NodeOptions& options) {
    BwrapSandbox::Options sandbox;
    sandbox.bwrap_program = options.bwrap;
    return BwrapSandbox::create(sandbox);
}

template <class T>
asio::awaitable<void> store(asio::awaitable<Result<T>> op, Result<T>& outcome) {
    outcome = co_await std::move(op);
}

/// Runs one operation to its end on this thread.
template <class T>
Result<T> run_alone(asio::io_context& network, asio::awaitable<Result<T>> op) {
    Result<T> outcome = Error(ErrorCode::internal, "the operation did not end");
    asio::co_spawn(network, store(std::move(op), outcome),
                   [&network](const std::exception_ptr& thrown) {
                       network.stop();
                       if (thrown) std::rethrow_exception(thrown);
                   });
    network.run();
    return outcome;
}

/// The first signal hands work back, the second ends at once; engines die with this process.
void on_signals(asio::signal_set& signals, Daemon& daemon, bool again) {
    signals.async_wait([&signals, &daemon, again](const boost::system::error_code& problem, int) {
        if (problem) return;
        if (again) std::_Exit(1);
        daemon.stop();
        on_signals(signals, daemon, true);
    });
}

std::unique_ptr<GuestWatch> make_watch(const NodeOptions& options,
                                       const std::vector<NodeDevice>& devices, const Clock& clock,
                                       const asio::any_io_executor& executor) {
    if (options.policy == "dedicated") return nullptr;
    GuestWatchOptions watch;
    for (const auto& [name, value] : config::process_environment()) watch.environment[name] = value;
    watch.devices = watched_devices(devices);
    return GuestWatch::create(std::move(watch), clock, executor);
}

Status run_node(NodeOptions options) {
    GLEANER_TRY(auto token, token_of(options));
    GLEANER_TRY(auto fingerprint, fingerprint_of(options));
    GLEANER_TRY(auto devices, take_inventory(options));
    GLEANER_TRY(auto folder, DataFolder::open(options.data_dir));
    GLEANER_TRY(auto sandbox, make_sandbox(options));
    const SystemClock clock;
    asio::io_context network{1};
    auto watch = make_watch(options, devices, clock, network.get_executor());
    DaemonParts parts{std::move(options),
                      std::move(folder),
                      std::move(devices),
                      std::move(fingerprint),
                      std::move(token),
                      std::move(sandbox),
                      beside_program("gleaner-gpu-bench", "bench/cuda"),
                      std::move(watch)};
    Daemon daemon(std::move(parts), clock, network.get_executor());
    asio::signal_set signals(network, SIGTERM, SIGINT);
    on_signals(signals, daemon, false);
    return run_alone(network, daemon.run());
}

Status enrol_node(const NodeOptions& options) {
    GLEANER_TRY(auto address, parse_address(options.coordinator.empty() ? default_coordinator
                                                                        : options.coordinator));
    GLEANER_TRY(auto token, token_of(options));
    GLEANER_TRY(auto fingerprint, fingerprint_of(options));
    GLEANER_TRY(const auto folder, DataFolder::open(options.data_dir));
    const SystemClock clock;
    asio::io_context network{1};
    Applicant applicant(std::move(fingerprint), host_name(),
                        Credentials::kept_release_key(folder.path()));
    GLEANER_TRY(const auto node,
                run_alone(network, enrol_into(folder.path(), std::move(address), std::move(token),
                                              std::move(applicant), clock)));
    std::printf("%s\n", node.c_str());
    return ok();
}

Status probe(const NodeOptions& options) {
    GLEANER_TRY(const auto sandbox, make_sandbox(options));
    asio::io_context network{1};
    GLEANER_TRY(const auto text,
                run_alone(network, probe_sandbox(*sandbox, options.probe, network.get_executor())));
    std::fputs(text.c_str(), stdout);
    return ok();
}

Status benchmark(const NodeOptions& options) {
    GLEANER_TRY(const auto devices, take_inventory(options));
    const SystemClock clock;
    std::printf("%s\n", measure_devices_as_json(devices, clock).c_str());
    return ok();
}

Status show_status(const NodeOptions& options) {
    GLEANER_TRY(const auto text, status_as_json(options.data_dir));
    std::printf("%s\n", text.c_str());
    return ok();
}

}  // namespace

int main(int argc, char** argv) {
    // A short-lived worker thread must not leave a memory arena of its own behind.
    mallopt(M_ARENA_MAX, 1);
    NodeOptions options;
    auto declared = declare_node_options(options);
    config::FlagValues flags;
    std::string config_path;

    CLI::App app(
        "A Gleaner node: runs inference in a sandbox for the coordinator it is enrolled at.");
    app.require_subcommand(1);
    app.footer(
        "Exit status: 0 done; 1 failed; 2 wrong option; 3 not (or no longer) allowed in: "
        "starting again without a new token is no help.");
    auto* run = app.add_subcommand("run", "Enrols if need be, and works until SIGTERM.");
    auto* enrol =
        app.add_subcommand("enrol", "Enrols this machine with its site's token and ends.");
    auto* prove = app.add_subcommand("probe", "Tries to escape from the sandbox and reports.");
    auto* measure = app.add_subcommand("benchmark", "Measures this machine's devices, as JSON.");
    auto* status = app.add_subcommand("status", "Prints what the node in data_dir does, as JSON.");
    auto* defaults =
        app.add_subcommand("config", "Prints a TOML file with every option's default.");
    for (auto* command : {run, enrol, prove, measure, status}) {
        command->add_option("--config", config_path, "The TOML file.");
        config::add_flags(*command, declared, flags);
    }
    if (const auto code = config::parse_command_line(app, argc, argv)) return *code;
    if (defaults->parsed()) {
        std::fputs(declared.default_file().c_str(), stdout);
        return 0;
    }
    if (const Status loaded = config::load_layers(declared, config_path, flags); !loaded) {
        std::fprintf(stderr, "gleaner-node: %s\n", loaded.error().message().c_str());
        return exit_usage;
    }
    (void)set_up_log("node", options.log_level);  // the option's choices are the log's levels
    fill_in(options);
    Status done = ok();
    if (run->parsed()) done = run_node(std::move(options));
    if (enrol->parsed()) done = enrol_node(options);
    if (prove->parsed()) done = probe(options);
    if (measure->parsed()) done = benchmark(options);
    if (status->parsed()) done = show_status(options);
    return done ? 0 : fail(done.error());
}
