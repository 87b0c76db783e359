#pragma once
/// A bar on stderr for people who watch, and nothing (or a line per step) for those who do not.

#include <cstdint>
#include <ostream>
#include <string>

#include "shared/util/clock.h"

namespace gleaner::cli {

/// Text of a bar: "label [=====>    ]  52 %  rest". Pure, for any width of at least 10 characters.
[[nodiscard]] std::string bar_text(const std::string& label, std::uint64_t done,
                                   std::uint64_t total, const std::string& rest);

/// "3 s", "2 min 05 s", "1 h 20 min".
[[nodiscard]] std::string duration_for_people(Duration duration);

/// Progress of an upload: redraws in place at most ten times a second; silent when `err` is no
/// terminal.
class ProgressBar {
public:
    ProgressBar(std::ostream& err, bool is_terminal, const Clock& clock, std::string label);
    /// Ends the line.
    ~ProgressBar();
    ProgressBar(const ProgressBar&) = delete;
    ProgressBar& operator=(const ProgressBar&) = delete;

    void update(std::uint64_t done, std::uint64_t total);

private:
    std::ostream& err_;
    bool is_terminal_;
    const Clock& clock_;
    std::string label_;
    Time started_;
    Time drawn_{};
    bool drawn_once_ = false;
};

}  // namespace gleaner::cli
