#include "client-core/cache/traffic_meter.h"

#include <ctime>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>

#include "shared/async/deadline.h"
#include "shared/util/log.h"
#include "shared/util/replace_file.h"

namespace gleaner {

namespace fs = std::filesystem;
namespace asio = boost::asio;

namespace {

constexpr std::uint64_t save_every_bytes = 16ull << 20;
constexpr std::size_t months_kept = 12;
constexpr const char* first_line = "gleaner-traffic 1";

}  // namespace

TrafficMeter::TrafficMeter(fs::path file, const Clock& clock)
    : file_(std::move(file)), clock_(&clock) {
    load();
}

TrafficMeter::~TrafficMeter() {
    if (unsaved_ > 0) save();
}

int TrafficMeter::month_now() const {
    const std::time_t seconds = clock_->wall().seconds();
    std::tm local{};
    localtime_r(&seconds, &local);
    return (local.tm_year + 1900) * 12 + local.tm_mon;
}

void TrafficMeter::load() {
    std::error_code error;
    if (!fs::exists(file_, error)) return;
    std::ifstream in(file_);
    std::string line;
    std::getline(in, line);
    bool whole = in.good() && line == first_line;
    int month = 0;
    Month counts;
    // The last line is "0 0 0": a file cut short shows.
    while (whole && in >> month >> counts.down >> counts.up && month != 0) months_[month] = counts;
    whole = whole && in.good() && month == 0;
    if (whole) return;
    months_.clear();
    spdlog::warn("event=traffic_count_damaged file={} action=\"this month is counted from 0\"",
                 file_.string());
}

void TrafficMeter::save() {
    while (months_.size() > months_kept) {
        const bool first_is_now = months_.begin()->first == month_now();
        months_.erase(first_is_now ? std::prev(months_.end()) : months_.begin());
    }
    unsaved_ = 0;
    std::string text = std::string(first_line) + "\n";
    for (const auto& [month, counts] : months_)
        text += std::to_string(month) + " " + std::to_string(counts.down) + " " +
                std::to_string(counts.up) + "\n";
    const Status written = replace_file(file_, text + "0 0 0\n");
    if (!written)
        spdlog::warn("event=traffic_count_not_written why=\"{}\"", written.error().message());
}

void TrafficMeter::set_limits(const TrafficLimits& limits) {
    limits_ = limits;
    down_limit_.set_rate(limits.down_bytes_per_second, clock_->now());
    up_limit_.set_rate(limits.up_bytes_per_second, clock_->now());
}

TrafficMeter::Month TrafficMeter::this_month() const {
    const auto it = months_.find(month_now());
    return it == months_.end() ? Month{} : it->second;
}

Status TrafficMeter::check_month() const {
    const Month month = this_month();
    if (limits_.month_bytes == 0 || month.down + month.up < limits_.month_bytes) return ok();
    return Error(ErrorCode::resource_exhausted,
                 "this month's traffic limit of " + std::to_string(limits_.month_bytes >> 20) +
                     " MiB is used up: downloads go on next month, or when the limit is raised");
}

void TrafficMeter::count(std::uint64_t Month::*direction, std::uint64_t bytes) {
    months_[month_now()].*direction += bytes;
    unsaved_ += bytes;
    if (unsaved_ >= save_every_bytes) save();
}

Duration TrafficMeter::down(std::uint64_t bytes, Line line) {
    if (line == Line::internet) count(&Month::down, bytes);
    return down_limit_.reserve(bytes, clock_->now());
}

Duration TrafficMeter::up(std::uint64_t bytes, Line line) {
    if (line == Line::internet) count(&Month::up, bytes);
    return up_limit_.reserve(bytes, clock_->now());
}

asio::awaitable<Result<ChunkList>> MeteredSource::chunk_list(Sha256 sha256) {
    GLEANER_CO_TRY(meter_->check_month());
    auto asking = source_->chunk_list(std::move(sha256));
    co_return co_await std::move(asking);
}

asio::awaitable<Result<std::string>> MeteredSource::read(Sha256 sha256, std::uint64_t offset,
                                                         std::uint64_t length) {
    GLEANER_CO_TRY(meter_->check_month());
    const Duration wait = meter_->down(length, Line::internet);
    if (wait > Duration{0}) co_await sleep_for(wait);
    auto reading = source_->read(std::move(sha256), offset, length);
    co_return co_await std::move(reading);
}

}  // namespace gleaner
