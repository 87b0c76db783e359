/// Daemon: what a person may give away to be helped.

#include <array>
#include <cstdio>

#include "client-core/control/guest_settings.h"
#include "client-core/runtime/daemon.h"
#include "client-core/runtime/daemon_words.h"
#include "client-core/runtime/node_tools.h"
#include "client-core/runtime/version.h"
#include "shared/model/civil_day.h"
#include "shared/proto/control.pb.h"

namespace gleaner {

namespace {

constexpr std::size_t report_lines = 500;
constexpr std::int64_t day_seconds = 86'400;

/// "2026-11-25T08:30:00Z".
std::string time_text(std::int64_t at_s) {
    const auto second = static_cast<int>(at_s % day_seconds);
    std::array<char, 16> time{};
    std::snprintf(time.data(), time.size(), "T%02d:%02d:%02dZ", second / 3'600, second / 60 % 60,
                  second % 60);
    return date_text(at_s / day_seconds) + time.data();
}

}  // namespace

std::string Daemon::report() const {
    control::State state;
    describe(state);
    std::string text = "gleaner-node " + std::string(software_version) + "\n" +
                       std::string(system_name()) + " " + std::string(machine_architecture()) +
                       "\nnode " + state.node() + ", site " + state.site() + ", coordinator " +
                       state.coordinator() + "\nat " + time_text(clock_.wall().seconds()) +
                       "\nstate: " + state.why().en() + "\n";
    for (const auto& device : state.devices()) {
        text += "device " + device.id() + ": " + device.name() + ", " +
                std::to_string(device.memory_total_bytes() >> 20) + " MiB";
        if (!device.why().en().empty()) text += ": " + device.why().en();
        text += '\n';
    }
    if (guard_)
        text += "\n# Settings in force, with the site's.\n" + settings_to_toml(guard_->in_force());
    text += '\n';
    for (const auto& line : log_.page(0, report_lines, "")) {
        text += time_text(line.at_s) + " " + std::string(to_string(line.level)) + " " +
                line.text.en + '\n';
    }
    return words::utf8(text);
}

}  // namespace gleaner
