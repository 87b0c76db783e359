#include "client-core/platform/linux/guest/input_device.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <sys/ioctl.h>

namespace gleaner::guest {

namespace {

/// A bit set as the kernel fills it.
template <std::size_t bits>
class Bits {
public:
    void* data() { return bytes_.data(); }
    [[nodiscard]] static constexpr std::size_t size() { return sizeof(bytes_); }
    [[nodiscard]] bool has(std::size_t bit) const {
        constexpr std::size_t width = sizeof(unsigned long) * 8;
        return (bytes_[bit / width] >> (bit % width) & 1UL) != 0;
    }
    [[nodiscard]] bool has_within(std::size_t first, std::size_t last) const {
        for (std::size_t bit = first; bit <= last; ++bit) {
            if (has(bit)) return true;
        }
        return false;
    }

private:
    std::array<unsigned long, bits / (sizeof(unsigned long) * 8) + 1> bytes_{};
};

template <std::size_t bits>
bool ask(int fd, unsigned long request, Bits<bits>& set) {
    return ioctl(fd, request, set.data()) >= 0;
}

void read_axes(int fd, const Bits<ABS_CNT>& axes, InputDevice& device) {
    for (std::uint16_t code = 0; code < ABS_CNT; ++code) {
        input_absinfo axis{};
        if (!axes.has(code) || ioctl(fd, EVIOCGABS(code), &axis) < 0) continue;
        // Worn sticks rest off centre and tremble by more than they admit: a sixteenth at least.
        const std::int64_t range = std::int64_t{axis.maximum} - axis.minimum;
        const auto sixteenth = static_cast<std::int32_t>(range / 16);
        device.set_axis(code, axis.value, std::max({axis.flat, axis.fuzz, sixteenth, 1}));
    }
}

}  // namespace

bool InputDevice::counts(const input_event& event) {
    switch (event.type) {
        case EV_KEY:
        case EV_REL:
            return true;
        case EV_ABS:
            break;
        default:
            return false;
    }
    if (!pad_) return true;
    Axis& axis = axes_[event.code];
    if (std::abs(std::int64_t{event.value} - axis.value) <= axis.slack) return false;
    axis.value = event.value;
    return true;
}

std::optional<InputDevice> classify_input_device(int fd) {
    Bits<INPUT_PROP_CNT> properties;
    if (ask(fd, EVIOCGPROP(properties.size()), properties) &&
        properties.has(INPUT_PROP_ACCELEROMETER))
        return std::nullopt;
    Bits<EV_CNT> types;
    if (!ask(fd, EVIOCGBIT(0, types.size()), types)) return std::nullopt;
    Bits<KEY_CNT> keys;
    Bits<REL_CNT> wheels;
    Bits<ABS_CNT> axes;
    if (types.has(EV_KEY)) static_cast<void>(ask(fd, EVIOCGBIT(EV_KEY, keys.size()), keys));
    if (types.has(EV_REL)) static_cast<void>(ask(fd, EVIOCGBIT(EV_REL, wheels.size()), wheels));
    if (types.has(EV_ABS)) static_cast<void>(ask(fd, EVIOCGBIT(EV_ABS, axes.size()), axes));
    const bool pad = keys.has_within(BTN_JOYSTICK, BTN_DIGI - 1);
    const bool keyboard = keys.has_within(KEY_ESC, KEY_SPACE);
    const bool pointer = wheels.has(REL_X) || keys.has_within(BTN_MOUSE, BTN_JOYSTICK - 1);
    const bool touch = keys.has(BTN_TOUCH) || keys.has(BTN_TOOL_PEN) || axes.has(ABS_MT_POSITION_X);
    if (!pad && !keyboard && !pointer && !touch) return std::nullopt;
    InputDevice device(pad && !touch);
    if (pad && !touch) read_axes(fd, axes, device);
    return device;
}

}  // namespace gleaner::guest
