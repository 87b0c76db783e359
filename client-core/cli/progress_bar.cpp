#include "client-core/cli/progress_bar.h"

#include <algorithm>
#include <cstdio>

#include "client-core/cli/output.h"

namespace gleaner::cli {

std::string bar_text(const std::string& label, std::uint64_t done, std::uint64_t total,
                     const std::string& rest) {
    constexpr std::size_t width = 30;
    const double share =
        total == 0 ? 1.0 : std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
    const auto filled = static_cast<std::size_t>(share * static_cast<double>(width));
    std::string bar(width, ' ');
    std::fill_n(bar.begin(), filled, '=');
    if (filled < width) bar[filled] = '>';
    char percent[8];
    std::snprintf(percent, sizeof percent, "%3d %%", static_cast<int>(share * 100));
    return label + " [" + bar + "] " + percent + (rest.empty() ? "" : "  " + rest);
}

std::string duration_for_people(Duration duration) {
    const auto seconds = std::max<std::int64_t>(
        0, std::chrono::duration_cast<std::chrono::seconds>(duration).count());
    char text[40];
    if (seconds < 60) {
        std::snprintf(text, sizeof text, "%lld s", static_cast<long long>(seconds));
    } else if (seconds < 3600) {
        std::snprintf(text, sizeof text, "%lld min %02lld s", static_cast<long long>(seconds / 60),
                      static_cast<long long>(seconds % 60));
    } else {
        std::snprintf(text, sizeof text, "%lld h %02lld min",
                      static_cast<long long>(seconds / 3600),
                      static_cast<long long>(seconds / 60 % 60));
    }
    return text;
}

ProgressBar::ProgressBar(std::ostream& err, bool is_terminal, const Clock& clock, std::string label)
    : err_(err),
      is_terminal_(is_terminal),
      clock_(clock),
      label_(std::move(label)),
      started_(clock.now()) {}

ProgressBar::~ProgressBar() {
    if (drawn_once_) err_ << "\n" << std::flush;
}

void ProgressBar::update(std::uint64_t done, std::uint64_t total) {
    if (!is_terminal_) return;
    const Time now = clock_.now();
    if (drawn_once_ && done < total && now - drawn_ < std::chrono::milliseconds(100)) return;
    drawn_once_ = true;
    drawn_ = now;
    const double elapsed_s = static_cast<double>((now - started_).count()) / 1e6;
    std::string rest = show_bytes(done) + " of " + show_bytes(total);
    if (elapsed_s > 0.2) {
        const double rate = static_cast<double>(done) / elapsed_s;
        rest += "  " + show_bytes(static_cast<std::uint64_t>(rate)) + "/s";
    }
    // Erases what a longer line may have left behind.
    err_ << "\r\x1b[K" << bar_text(label_, done, total, rest) << std::flush;
}

}  // namespace gleaner::cli
