#pragma once
/// What the node did, in words for the person at the machine: when it worked, paused and why, what
/// failed. Kept in two files of bounded size; never holds prompts or answers.

#include <cstdint>
#include <deque>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "shared/model/sentence.h"
#include "shared/util/clock.h"

namespace gleaner {

class ActivityLog {
public:
    enum class Level : std::uint8_t { info, warning, error };
    struct Line {
        std::uint64_t number = 0;  ///< ascending, from 1
        std::int64_t at_s = 0;     ///< since 1970
        Level level = Level::info;
        Sentence text;
    };

    static constexpr std::size_t lines_max = 4'000;
    static constexpr std::uint64_t file_bytes_max = 1u << 20;

    /// Reads what an earlier run left in `folder`; lines that cannot be read are skipped.
    ActivityLog(const std::filesystem::path& folder, const Clock& clock);

    /// Says it again only when something else was said in between. What cannot be written to the
    /// disk is still kept in memory.
    void add(Level level, Sentence text);
    /// At most `count` lines before line `before` (0: the newest), oldest first, whose text holds
    /// `contains` in either language (any case for ASCII).
    [[nodiscard]] std::vector<Line> page(std::uint64_t before, std::size_t count,
                                         std::string_view contains) const;

private:
    void load(const std::filesystem::path& file);
    void write(const Line& line);

    std::filesystem::path file_;
    std::filesystem::path older_;
    const Clock& clock_;
    std::deque<Line> lines_;
    std::ofstream out_;
    std::uint64_t file_bytes_ = 0;
};

[[nodiscard]] std::string_view to_string(ActivityLog::Level level);

}  // namespace gleaner
