/// `sim`: explores seeds of the simulated grid. The first line of each run says how to repeat it.

#include <cstdint>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "tests/sim/simulation.h"

namespace {

using namespace gleaner::sim;

struct Arguments {
    std::uint64_t seed = 1;
    std::uint64_t seeds = 1;
    bool twice = false;
    bool quiet = false;
    std::string log = "none";
    std::string canary = "none";
    std::string seeds_from;
};

/// The first number of each line; lines that begin otherwise are comments.
std::vector<std::uint64_t> seeds_in(const std::string& path) {
    std::vector<std::uint64_t> seeds;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        std::istringstream text(line);
        std::uint64_t seed = 0;
        if (text >> seed) seeds.push_back(seed);
    }
    return seeds;
}

Canary canary_named(const std::string& name) {
    if (name == "double_settle") return Canary::double_settle;
    if (name == "double_bill") return Canary::double_bill;
    if (name == "lose_item") return Canary::lose_item;
    if (name == "unbalanced") return Canary::unbalanced;
    if (name == "stuck_lease") return Canary::stuck_lease;
    if (name == "ignore_stall") return Canary::ignore_stall;
    if (name == "false_refusal") return Canary::false_refusal;
    if (name == "unnoticed_sleep") return Canary::unnoticed_sleep;
    return Canary::none;
}

/// True when the seed held.
bool run_seed(std::uint64_t seed, const Arguments& arguments) {
    auto options = draw_options(seed);
    options.canary = canary_named(arguments.canary);
    if (!arguments.quiet) std::cout << "sim " << describe(options) << std::endl;
    auto report = Simulation(options, arguments.log == "full").run();
    if (arguments.twice && Simulation(options, false).run().hash != report.hash)
        report.violations.push_back("the same seed gave other commands the second time");
    const auto& stats = report.stats;
    if (!arguments.quiet || !report.violations.empty())
        std::cout << "seed " << seed << ": " << (report.violations.empty() ? "held" : "BROKEN")
                  << " steps=" << report.steps << " events=" << stats.events
                  << " leases=" << stats.leases << " accepted=" << stats.accepted
                  << " wrong=" << stats.wrong_accepted << " failed=" << stats.failed
                  << " entries=" << report.entries << " streams=" << stats.streams_done
                  << " refused=" << stats.streams_refused
                  << " interrupted=" << stats.streams_interrupted << " stalls=" << stats.stalls
                  << " healed_s=" << report.healed_after.count() / 1'000'000 << " hash=" << std::hex
                  << report.hash << std::dec << std::endl;
    for (const auto& violation : report.violations) std::cout << "  " << violation << "\n";
    return report.violations.empty();
}

}  // namespace

int main(int argc, char** argv) {
    Arguments arguments;
    CLI::App app("Simulates a grid under faults, in virtual time, from a seed.");
    app.add_option("--seed", arguments.seed, "First seed");
    app.add_option("--seeds", arguments.seeds, "How many seeds");
    app.add_flag("--twice", arguments.twice, "Run each seed twice and compare all commands");
    app.add_flag("--quiet", arguments.quiet, "Print only broken seeds");
    app.add_option("--log", arguments.log, "none | full: every command of the scheduler")
        ->check(CLI::IsMember({"none", "full"}));
    app.add_option("--canary", arguments.canary,
                   "A deliberate lie of the coordinator: exits with 0 when it is found")
        ->check(CLI::IsMember({"none", "double_settle", "double_bill", "lose_item", "unbalanced",
                               "stuck_lease", "ignore_stall", "false_refusal", "unnoticed_sleep"}));
    app.add_option("--seeds-from", arguments.seeds_from, "A file of seeds to run instead")
        ->check(CLI::ExistingFile);
    CLI11_PARSE(app, argc, argv);
    std::vector<std::uint64_t> seeds;
    for (std::uint64_t i = 0; i < arguments.seeds; ++i) seeds.push_back(arguments.seed + i);
    if (!arguments.seeds_from.empty()) seeds = seeds_in(arguments.seeds_from);
    arguments.seeds = seeds.size();
    std::uint64_t broken = seeds.empty() ? 1 : 0;  // an empty file tests nothing
    for (const auto seed : seeds)
        if (!run_seed(seed, arguments)) ++broken;
    std::cout << arguments.seeds - broken << " of " << arguments.seeds << " seeds held"
              << std::endl;
    // A deliberate lie that nobody notices is the failure then.
    if (arguments.canary != "none") return broken == arguments.seeds ? 0 : 1;
    return broken == 0 ? 0 : 1;
}
