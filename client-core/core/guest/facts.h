#pragma once
/// What a node knows about the person whose machine it lives on, and about the machine. Plain
/// values: platform/guest_watch.h finds them out, policy.h decides by them.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shared/util/clock.h"

namespace gleaner::guest {

/// One device of the node, as others use it.
struct DeviceFacts {
    std::string id;                        ///< the node's: "cpu", "cuda0"
    std::optional<std::uint32_t> percent;  ///< use by all, the node too, 0 to 100
    std::optional<double> watts;           ///< drawn now
    /// Use by programs that are not the node's, 0 to 100. Unset: this system cannot tell.
    std::optional<std::uint32_t> others_percent;
    /// Device memory that those programs hold.
    std::optional<std::uint64_t> others_memory_bytes;
    std::optional<std::uint64_t> memory_free_bytes;
    std::optional<std::uint64_t> memory_total_bytes;
    std::vector<std::string> others;  ///< their names, the heaviest first
    std::optional<std::uint32_t> celsius;
    bool lost = false;  ///< the driver says that it is gone, or restarts

    friend bool operator==(const DeviceFacts&, const DeviceFacts&) = default;
};

/// What a café's billing software, or whoever uses the hook, has said of the seat.
enum class Seat : std::uint8_t { unknown, free, taken };

/// Unset is "cannot be told on this system", which is not "no".
struct Facts {
    std::optional<Time> last_input;          ///< keyboard, mouse, touch or pad
    std::optional<std::string> full_screen;  ///< the program that fills a screen; empty: none does
    std::vector<std::string> programs;       ///< running ones, by file name; sorted, each once
    std::optional<std::uint32_t> others_cpu_percent;  ///< of all cores together
    std::optional<bool> on_battery;
    std::optional<std::uint32_t> battery_percent;
    std::optional<bool> metered;  ///< the network counts what is used
    std::optional<std::uint32_t> cpu_celsius;
    std::optional<std::uint64_t> memory_available_bytes;
    std::optional<bool> locked;  ///< the screen
    /// The program that keeps the screen awake (a film, a presentation); empty: none does.
    std::optional<std::string> film;
    /// Somebody could sit here: a graphical session exists. A server has none.
    std::optional<bool> desktop;
    Seat seat = Seat::unknown;      ///< told by the hook, not found out
    std::uint64_t month_bytes = 0;  ///< the node's own traffic of this month, counted by the node
    bool shutting_down = false;     ///< the system
    std::vector<DeviceFacts> devices;

    friend bool operator==(const Facts&, const Facts&) = default;
};

}  // namespace gleaner::guest
