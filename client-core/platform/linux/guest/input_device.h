#pragma once
/// What counts as input by a person, on Linux's event devices. Nothing is kept of an event but that
/// it counted; of a game pad's axes, where they last were.

#include <cstdint>
#include <linux/input.h>
#include <map>
#include <optional>

namespace gleaner::guest {

/// One event device that a person uses: keyboard, mouse, touch, tablet or pad.
class InputDevice {
public:
    /// `pad`: its axes count only when they move by more than they may move by themselves.
    explicit InputDevice(bool pad) : pad_(pad) {}

    /// How far an axis of a pad moves by itself. Unknown axes count with the least of all steps.
    void set_axis(std::uint16_t code, std::int32_t value, std::int32_t slack) {
        axes_[code] = {value, slack};
    }

    /// Whether a person did this. Lights, switches of the housing and drift do not count.
    [[nodiscard]] bool counts(const input_event& event);

private:
    struct Axis {
        std::int32_t value = 0;
        std::int32_t slack = 0;
    };
    bool pad_;
    std::map<std::uint16_t, Axis> axes_;
};

/// Asks an open event device what it is. Nothing: none that a person uses (a lid, a jack, a sensor
/// of motion, a power button).
[[nodiscard]] std::optional<InputDevice> classify_input_device(int fd);

}  // namespace gleaner::guest
