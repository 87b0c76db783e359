#include "client-core/runtime/today_count.h"

#include <fstream>
#include <utility>

#include "shared/util/replace_file.h"

namespace gleaner {

namespace {

constexpr Duration save_interval = std::chrono::minutes(1);

std::int64_t local_day(WallTime now) {
    const std::time_t seconds = now.seconds();
    std::tm local{};
    localtime_r(&seconds, &local);
    return (local.tm_year + 1900) * 10'000 + (local.tm_mon + 1) * 100 + local.tm_mday;
}

}  // namespace

TodayCount::TodayCount(std::filesystem::path file, const Clock& clock)
    : file_(std::move(file)), clock_(clock), saved_at_(clock.now()) {
    std::ifstream in(file_);
    if (!(in >> day_ >> items_ >> tokens_)) day_ = 0;
}

bool TodayCount::is_today() const {
    return day_ == local_day(clock_.wall());
}

void TodayCount::node_starts() {
    last_items_ = last_tokens_ = 0;
}

void TodayCount::note(std::uint64_t items, std::uint64_t tokens) {
    const auto more = [](std::uint64_t& last, std::uint64_t now) {
        const std::uint64_t before = std::exchange(last, now);
        return now >= before ? now - before : now;
    };
    const std::uint64_t new_items = more(last_items_, items);
    const std::uint64_t new_tokens = more(last_tokens_, tokens);
    if (new_items == 0 && new_tokens == 0) return;
    if (!is_today()) {
        day_ = local_day(clock_.wall());
        items_ = tokens_ = 0;
    }
    items_ += new_items;
    tokens_ += new_tokens;
    unsaved_ = true;
    if (clock_.now() - saved_at_ >= save_interval) save();
}

void TodayCount::save() {
    if (!std::exchange(unsaved_, false)) return;
    saved_at_ = clock_.now();
    (void)replace_file(file_, std::to_string(day_) + " " + std::to_string(items_) + " " +
                                  std::to_string(tokens_) + "\n");
}

}  // namespace gleaner
