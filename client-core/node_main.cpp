/// gleaner-node: finds out what this machine is and runs the node, or one of its tools.

#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <CLI/CLI.hpp>

#include "client-core/platform/hardware_facts.h"
#include "client-core/platform/linux/sandbox_bwrap.h"
#include "client-core/runtime/node.h"
#include "shared/config/flags.h"
#include "shared/util/log.h"

extern char** environ;

namespace {

using namespace gleaner;

config::Environment environment() {
    config::Environment result;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string text(*entry);
        const auto equals = text.find('=');
        if (equals != std::string::npos)
            result.emplace_back(text.substr(0, equals), text.substr(equals + 1));
    }
    return result;
}

int fail(const Error& error) {
    std::fprintf(stderr, "gleaner-node: %s\n", error.message().c_str());
    return 1;
}

Status load(config::OptionSet& options, const std::string& config_path,
            const config::FlagValues& flags) {
    if (!config_path.empty()) {
        GLEANER_TRY(options.load_file(config_path));
    }
    GLEANER_TRY(options.load_environment(environment()));
    return options.load_flags(flags);
}

Result<std::string> token_of(const NodeOptions& options) {
    if (!options.token.empty() || options.token_file.empty()) return options.token;
    std::ifstream file(options.token_file);
    std::string text((std::istreambuf_iterator<char>(file)), {});
    if (!file.is_open() || text.empty())
        return Error(ErrorCode::not_found, "cannot read token_file " + options.token_file);
    return text;
}

/// Beside this program, where the packages put it.
std::string probe_beside_program() {
    std::error_code problem;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", problem);
    for (const auto* place : {"gleaner-probe", "platform/gleaner-probe"})
        if (const auto path = self.parent_path() / place; std::filesystem::exists(path, problem))
            return path.string();
    return (self.parent_path() / "gleaner-probe").string();
}

Result<std::string> fingerprint_of(const NodeOptions& options) {
    const auto facts = read_hardware_facts();
    if (!identifies_machine(facts) && options.instance == 0)
        return Error(ErrorCode::failed_precondition,
                     "nothing in this machine's hardware tells it from another: give each machine "
                     "of the site its own --instance number");
    return hardware_fingerprint(facts, options.instance).get();
}

Result<NodeParts> gather(NodeOptions options) {
    if (options.data_dir.empty())
        options.data_dir = default_data_dir(environment(), ::geteuid() == 0).string();
    if (options.probe.empty()) options.probe = probe_beside_program();
    GLEANER_TRY(auto address, parse_address(options.coordinator));
    GLEANER_TRY(auto token, token_of(options));
    GLEANER_TRY(auto fingerprint, fingerprint_of(options));
    GLEANER_TRY(auto devices, take_inventory(options));
    GLEANER_TRY(auto folder, DataFolder::open(options.data_dir));
    BwrapSandbox::Options sandbox_options;
    sandbox_options.bwrap_program = options.bwrap;
    GLEANER_TRY(auto sandbox, BwrapSandbox::create(sandbox_options));
    return NodeParts{std::move(options),     std::move(folder), std::move(address),
                     std::move(devices),     std::move(fingerprint), std::move(token),
                     std::move(sandbox)};
}

boost::asio::awaitable<void> run_into(Node& node, Status& outcome) {
    outcome = co_await node.run();
}

/// The first signal hands work back, the second ends at once.
void on_signals(boost::asio::signal_set& signals, Node& node, bool again) {
    signals.async_wait([&signals, &node, again](const boost::system::error_code& problem, int) {
        if (problem) return;
        if (again) std::_Exit(1);
        node.stop();
        on_signals(signals, node, true);
    });
}

Status run(NodeOptions options) {
    GLEANER_TRY(auto parts, gather(std::move(options)));
    const SystemClock clock;
    boost::asio::io_context network{1};
    Node node(std::move(parts), clock, network.get_executor());
    boost::asio::signal_set signals(network, SIGTERM, SIGINT);
    on_signals(signals, node, false);
    Status outcome = ok();
    boost::asio::co_spawn(network, run_into(node, outcome),
                          [&](const std::exception_ptr& thrown) {
                              signals.cancel();
                              network.stop();
                              if (thrown) std::rethrow_exception(thrown);
                          });
    network.run();
    return outcome;
}

Status show_status(const NodeOptions& options) {
    const auto folder = options.data_dir.empty()
                            ? default_data_dir(environment(), ::geteuid() == 0)
                            : std::filesystem::path(options.data_dir);
    GLEANER_TRY(auto text, DataFolder::read_status(folder));
    std::printf("%s\n", text.c_str());
    return ok();
}

}  // namespace

int main(int argc, char** argv) {
    NodeOptions options;
    auto declared = declare_node_options(options);
    config::FlagValues flags;
    std::string config_path;

    CLI::App app("A Gleaner node: runs inference in a sandbox for the coordinator it is enrolled at.");
    app.require_subcommand(1);
    auto* run_it = app.add_subcommand("run", "Enrols if need be, and works until SIGTERM.");
    auto* status = app.add_subcommand("status", "Prints what the node in data_dir last said, as JSON.");
    for (auto* command : {run_it, status}) {
        command->add_option("--config", config_path, "The TOML file.");
        config::add_flags(*command, declared, flags);
    }
    if (const auto code = config::parse_command_line(app, argc, argv)) return *code;
    if (const auto loaded = load(declared, config_path, flags); loaded.has_error())
        return fail(loaded.error());
    if (!set_up_log("node", options.log_level))
        return fail({ErrorCode::invalid_argument, "unknown log_level"});
    const auto done = run_it->parsed() ? run(options) : show_status(options);
    return done.has_error() ? fail(done.error()) : 0;
}
