#pragma once
/// How long this machine will probably stay free, learned from itself. Kept are counts for each
/// hour of the week and nothing else: how often somebody came back within ten minutes, half an
/// hour, two and eight hours. Pure; one thread.

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "client-core/core/guest/policy.h"
#include "shared/model/sentence.h"
#include "shared/util/result.h"

namespace gleaner::guest {

/// Remaining free time. The numbers are those of the wire.
enum class IdleBucket : std::uint8_t {
    unknown = 0,
    under_10_min = 1,
    under_30_min = 2,
    under_2_h = 3,
    under_8_h = 4,
    longer = 5,
};

class IdleHistory {
public:
    /// Whether somebody uses the machine from now on. Call at each change; the time in between is
    /// what counts, so that a clock that is set harms nothing. A gap of over a day (the machine was
    /// off) ends a spell without a lesson.
    void note(bool in_use, const Moment& moment);
    /// Only a machine in a free spell has a forecast.
    [[nodiscard]] IdleBucket forecast(const Moment& moment) const;

    [[nodiscard]] std::string to_text() const;
    /// Error: data_corrupt. The caller starts anew and says so.
    [[nodiscard]] static Result<IdleHistory> from_text(const std::string& text);

private:
    static constexpr std::size_t hours = 168;
    static constexpr std::size_t limits = 4;
    struct Hour {
        std::uint32_t seen = 0;                      ///< looks at free time, in 1/16
        std::array<std::uint32_t, limits> stayed{};  ///< of them, free for so much longer
    };
    void learn(Duration length, const Moment& end);

    std::array<Hour, hours> hours_{};
    std::optional<Time> free_since_;
};

[[nodiscard]] Sentence sentence_of(IdleBucket bucket);

}  // namespace gleaner::guest
