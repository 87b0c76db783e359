#pragma once
/// Why a node, or one of its devices, does not run as it could.

#include <cstdint>
#include <string>
#include <string_view>

#include "shared/model/sentence.h"
#include "shared/util/clock.h"

namespace gleaner::guest {

/// The stronger first: of several the first is told.
enum class Reason : std::uint8_t {
    none,
    shutting_down,
    paused_by_person,
    snoozed_for_program,  ///< the pause is over, but not the game or film
    schedule,
    business_hours,
    seat_taken,
    game,
    full_screen,
    film,
    in_use,
    unknown_use,  ///< it cannot be told whether somebody is here
    others_cpu,
    on_battery,
    metered,
    traffic_cap,
    device_lost,
    device_failed,
    others_gpu,
    too_hot,
};

/// What a sentence about a reason may name.
struct Details {
    std::string name;          ///< a program, a device, what failed
    std::uint64_t number = 0;  ///< percent, degrees, bytes
    Duration left{};           ///< until it ends by itself; 0: not known
};

[[nodiscard]] Sentence sentence_of(Reason reason, const Details& details);
/// What the coordinator is told of a reason: nothing of programs, and of people only "in use".
[[nodiscard]] std::string_view told_outside(Reason reason);

}  // namespace gleaner::guest
