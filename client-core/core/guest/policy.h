#pragma once
/// Whether the node may work now, device by device: what is known of the machine and its people in,
/// run / throttle / pause with a reason out. Pure: no clock, no I/O; one thread. Promises: when all
/// conditions hold again, work resumes; a pause that was asked for does not end in the middle of a
/// game or film; a device that fails again and again waits longer each time.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "client-core/core/guest/facts.h"
#include "client-core/core/guest/reasons.h"
#include "client-core/core/guest/settings.h"
#include "shared/util/clock.h"

namespace gleaner::guest {

/// Now, as the machine's clock and its calendar have it.
struct Moment {
    Time now;                         ///< monotonic
    std::uint32_t weekday = 0;        ///< local; 0 is Monday
    std::uint32_t second_of_day = 0;  ///< local

    [[nodiscard]] std::uint32_t minute_of_day() const { return second_of_day / 60; }
};

enum class Verdict : std::uint8_t { run, throttle, pause };

struct DeviceDecision {
    Verdict verdict = Verdict::run;
    bool release = false;  ///< paused: its memory is freed, too
    Reason reason = Reason::none;
    Sentence why;  ///< empty: runs

    friend bool operator==(const DeviceDecision&, const DeviceDecision&) = default;
};

struct Decision {
    std::map<std::string, DeviceDecision> devices;
    Reason whole = Reason::none;  ///< what holds for all of the machine
    Sentence why;
    /// When the reason for all of it ends by itself, if that is known.
    std::optional<Time> ends;
    /// Decide again then even if no fact has changed; before it, nothing changes.
    std::optional<Time> look_again;
};

class Policy {
public:
    static constexpr Duration seat_free_wait = std::chrono::minutes(1);
    static constexpr Duration quiet_after = std::chrono::seconds(60);  ///< others stopped using it
    static constexpr Duration suspend_max = std::chrono::minutes(10);  ///< then memory is freed
    static constexpr std::uint32_t morning_minute = 6 * 60;            ///< "until tomorrow" ends

    [[nodiscard]] Decision decide(const Facts& facts, const Settings& settings,
                                  const Moment& moment);

    // ---- what the person says; then decide() anew ----
    void pause(std::optional<Time> until);
    /// Until the next morning in local time.
    void pause_until_tomorrow(const Moment& moment);
    /// Ends a pause, and the wait for idleness: whoever says so is not to be waited for. Input that
    /// comes half a minute later counts again.
    void resume(Time now);

    // ---- what the node says ----
    void device_failed(const std::string& device, const std::string& why, Time now);
    /// The person has seen to it.
    void clear_failure(const std::string& device);

private:
    /// Something that goes on until it has been quiet for a while.
    struct Use {
        bool on = false;
        Time seen;
    };
    struct DeviceState {
        std::vector<Time> failures;  ///< within the last hour
        std::string failure;
        std::uint32_t blocks = 0;  ///< in a row
        std::optional<Time> blocked_until;
        Use others;
        std::optional<std::uint64_t> usual_memory;  ///< of others, learned
        Time usual_since;
        bool hot = false;
        std::optional<Time> paused_since;
    };
    struct Found {
        Reason reason = Reason::none;
        Details details;
        bool throttles = false;  ///< instead of pausing
    };

    // machine_rules.cpp
    [[nodiscard]] Found whole_machine(const Facts& facts, const Settings& settings,
                                      const Moment& moment);
    [[nodiscard]] Found person(const Facts& facts, const Settings& settings, Time now);
    [[nodiscard]] Found calendar(const Facts& facts, const Settings& settings,
                                 const Moment& moment);
    [[nodiscard]] Found presence(const Facts& facts, const Settings& settings, Time now);
    [[nodiscard]] Found supplies(const Facts& facts, const Settings& settings, Time now);
    // device_rules.cpp
    [[nodiscard]] Found device(const DeviceFacts& facts, const Facts& all, const Settings& settings,
                               Time now);
    [[nodiscard]] bool used_by_others(const DeviceFacts& facts, DeviceState& state, Time now);
    [[nodiscard]] bool releases(const DeviceFacts& device, const Facts& facts, const Found& found,
                                const Settings& settings, Time now);

    void look_at(Time time);

    std::optional<Time> paused_until_;
    bool paused_ = false;
    std::optional<Time> resumed_at_;
    Use others_cpu_;
    std::map<std::string, DeviceState> devices_;
    std::optional<Time> look_again_;
    std::optional<Time> ends_;
};

}  // namespace gleaner::guest
