#pragma once
/// What this machine has done since local midnight, over restarts of the node.

#include <cstdint>
#include <ctime>
#include <filesystem>

#include "shared/util/clock.h"

namespace gleaner {

/// Single-threaded. A file that is missing or damaged is a day on which nothing was done yet.
class TodayCount {
public:
    TodayCount(std::filesystem::path file, const Clock& clock);

    /// The node's totals since its start; lower ones than last time are those of another start.
    void note(std::uint64_t items, std::uint64_t tokens);
    /// A node that starts counts from nought.
    void node_starts();
    [[nodiscard]] std::uint64_t items() const { return is_today() ? items_ : 0; }
    [[nodiscard]] std::uint64_t tokens() const { return is_today() ? tokens_ : 0; }
    /// Into the file, if anything is new. What cannot be written is skipped: it only informs.
    void save();

private:
    [[nodiscard]] bool is_today() const;

    std::filesystem::path file_;
    const Clock& clock_;
    std::int64_t day_ = 0;  ///< YYYYMMDD, local
    std::uint64_t items_ = 0;
    std::uint64_t tokens_ = 0;
    std::uint64_t last_items_ = 0;
    std::uint64_t last_tokens_ = 0;
    bool unsaved_ = false;
    Time saved_at_{};
};

}  // namespace gleaner
