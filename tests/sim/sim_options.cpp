#include "tests/sim/sim_options.h"

#include <sstream>

#include "shared/util/random.h"

namespace gleaner::sim {

SimOptions draw_options(std::uint64_t seed) {
    Random random(seed ^ 0x5157a3d1c0ffeeULL);
    const auto sometimes = [&](double p, Duration least, Duration most) {
        if (!random.chance(p)) return Duration{0};
        const auto span = static_cast<std::uint64_t>((most - least).count());
        return least + Duration{static_cast<std::int64_t>(random.below(span))};
    };
    // So that a given share of the nodes is away at a time, whatever their number.
    const auto away = [&](double p, double share_max, Duration each, std::uint32_t nodes) {
        if (!random.chance(p)) return Duration{0};
        const double share = 0.02 + random.unit() * share_max;
        return Duration{static_cast<std::int64_t>(static_cast<double>(each.count()) /
                                                  (share * static_cast<double>(nodes)))};
    };
    SimOptions options;
    options.seed = seed;
    options.nodes = 20 + static_cast<std::uint32_t>(random.below(random.chance(0.2) ? 380 : 100));
    options.sites = 3 + static_cast<std::uint32_t>(random.below(15));
    options.owners = 3 + static_cast<std::uint32_t>(random.below(options.sites - 2));
    options.customers = 2 + static_cast<std::uint32_t>(random.below(6));
    options.models = 1 + static_cast<std::uint32_t>(random.below(3));
    options.jobs = 6 + static_cast<std::uint32_t>(random.below(14));
    options.items_max = 200 + static_cast<std::uint32_t>(random.below(1'500));
    options.streams_per_minute = static_cast<std::uint32_t>(random.below(60));
    options.nat_drop = sometimes(0.7, 2s, 40s);
    options.power_off = away(0.6, 0.25, 195s, options.nodes);
    options.site_power_cut = sometimes(0.4, std::chrono::minutes(3), std::chrono::minutes(15));
    options.mass_loss = sometimes(0.3, std::chrono::minutes(5), std::chrono::minutes(15));
    options.reclaim = away(0.7, 0.3, 150s, options.nodes);
    options.coordinator_kill = sometimes(0.4, std::chrono::minutes(4), std::chrono::minutes(20));
    options.shutdown = away(0.5, 0.1, 195s, options.nodes);
    options.cheats = random.chance(0.5) ? random.unit() * 0.15 : 0;
    options.slow_nodes = random.chance(0.5) ? random.unit() * 0.3 : 0;
    options.poison = random.chance(0.4) ? random.unit() * 0.004 : 0;
    options.rejected = random.chance(0.4) ? random.unit() * 0.02 : 0;
    options.load_failures = random.chance(0.4) ? random.unit() * 0.3 : 0;
    options.diskless = random.chance(0.4);
    options.store_trouble = sometimes(0.4, std::chrono::minutes(3), std::chrono::minutes(12));
    if (random.chance(0.2)) options.commit_delay = sometimes(1, 500ms, 3s);
    options.rejecters = random.chance(0.4) ? random.unit() * 0.12 : 0;
    options.coordinator_sleep = sometimes(0.4, std::chrono::minutes(3), std::chrono::minutes(15));
    options.model_change = sometimes(0.3, std::chrono::minutes(5), std::chrono::minutes(15));
    return options;
}

std::string describe(const SimOptions& options) {
    std::ostringstream text;
    const auto seconds = [](Duration d) { return d.count() / 1'000'000; };
    text << "seed=" << options.seed << " nodes=" << options.nodes << " sites=" << options.sites
         << " owners=" << options.owners << " customers=" << options.customers
         << " models=" << options.models << " jobs=" << options.jobs
         << " items_max=" << options.items_max << " streams/min=" << options.streams_per_minute
         << " nat_drop=" << seconds(options.nat_drop)
         << "s power_off=" << seconds(options.power_off)
         << "s site_cut=" << seconds(options.site_power_cut)
         << "s mass_loss=" << seconds(options.mass_loss) << "s reclaim=" << seconds(options.reclaim)
         << "s kill=" << seconds(options.coordinator_kill)
         << "s shutdown=" << seconds(options.shutdown) << "s cheats=" << options.cheats
         << " slow=" << options.slow_nodes << " poison=" << options.poison
         << " rejected=" << options.rejected << " load_failures=" << options.load_failures
         << " diskless=" << options.diskless << " store_trouble=" << seconds(options.store_trouble)
         << "s commit_ms=" << options.commit_delay.count() / 1'000
         << " rejecters=" << options.rejecters << " sleep=" << seconds(options.coordinator_sleep)
         << "s model_change=" << seconds(options.model_change) << "s";
    return text.str();
}

}  // namespace gleaner::sim
