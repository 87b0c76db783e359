#pragma once
/// Measures how a node's devices are used, from what the coordinator itself sees: which work is
/// lent to which device, and how it ends. Pure; times are handed in and never run backwards (an
/// earlier one counts as now).
///
/// The argument that leased = useful + Σ lost. A device is leased while work is with it. Each
/// microsecond of that time is given to pieces of work as it passes: in equal parts to those that
/// can be running, which are the first `slots` in the order in which the node takes them (streams
/// at once, items in turn; a model that is being loaded only when there is no other work). No
/// microsecond is given twice or kept back, so what all pieces have gathered is the leased time.
/// When a piece ends it hands over what it gathered, and whoever ends it says, once, what that was
/// for: useful or one cause of loss. What is still gathering belongs to no cause yet and appears
/// when it ends, on the day on which it ends.
///
/// Accepted work is useful only as far as the node says that the device ran it; the rest of what it
/// gathered is `waiting`. Both are summed over a reckoning (see take()), since single items overlap
/// in other ways than equal parts.

#include <compare>
#include <cstdint>
#include <map>
#include <span>
#include <string>

#include "shared/model/device_use.h"
#include "shared/util/clock.h"

namespace gleaner::core {

/// One piece of work on a device. In this order a node takes them.
struct WorkKey {
    enum class Kind : std::uint8_t { stream, item, load };
    Kind kind = Kind::item;
    std::uint64_t id = 0;     ///< of the stream or lease; of a load its number
    std::uint32_t index = 0;  ///< within the lease
    friend auto operator<=>(const WorkKey&, const WorkKey&) = default;
};

/// What a piece of work had of its device. To be handed back once to accept() or lose().
struct WorkPart {
    std::string device;
    std::int64_t micros = 0;
};

class NodeUse {
public:
    /// From now on these devices are on offer, and no others.
    void offer(std::span<const std::string> devices, Time now);
    /// So much work runs on it at once; at least 1.
    void set_slots(const std::string& device, std::uint32_t slots, Time now);
    /// What it draws at work above what it draws idle.
    void set_watts(const std::string& device, std::int64_t watts, Time now);

    /// Work that is there already stays as it is.
    void begin(const WorkKey& key, const std::string& device, Time now);
    /// Nothing of the device's time for work that is not there.
    [[nodiscard]] WorkPart end(const WorkKey& key, Time now);

    /// `claimed_micros`: the device's time for it, as the node says.
    void accept(const WorkPart& part, std::int64_t claimed_micros);
    void lose(const WorkPart& part, LossCause cause);
    /// Of work that was cut off: useful as far as claimed, the rest lost to `cause`.
    void divide(const WorkPart& part, std::int64_t claimed_micros, LossCause cause);
    /// As much of a claim as the device's leased time still covers: a node that claims more than
    /// the coordinator saw it have gains nothing. What is credited is not credited again.
    [[nodiscard]] std::int64_t credit(const WorkPart& part, std::int64_t claimed_micros);

    /// Is work other than loading with the device?
    [[nodiscard]] bool works(const std::string& device) const;
    /// All that was counted until now and not taken before.
    [[nodiscard]] DeviceUse take(Time now);

private:
    struct Lane {
        std::map<WorkKey, std::int64_t> live;  ///< what each has gathered
        std::size_t loads = 0;                 ///< of them; they are the last
        std::uint32_t slots = 1;
        std::int64_t watts = 0;
        bool offered = false;
        Time since;
        std::int64_t idle_micros = 0;
        std::int64_t accepted_micros = 0;  ///< gathered by accepted work, and what it claimed
        std::int64_t claimed_micros = 0;
        std::int64_t uncredited_micros = 0;
        std::int64_t microjoules = 0;

        void advance(Time now);
    };
    Lane& lane(const std::string& device, Time now);

    std::map<std::string, Lane> lanes_;  ///< never erased: a node has few devices
    DeviceUse counted_;
};

}  // namespace gleaner::core
