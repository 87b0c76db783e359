#pragma once
/// What the node's artefacts cost the owner's line: limits of speed, and a cap by month.

#include <cstdint>
#include <filesystem>
#include <map>

#include "client-core/cache/artefact_cache.h"
#include "client-core/core/cache_policy/bandwidth.h"
#include "shared/util/clock.h"
#include "shared/util/result.h"

namespace gleaner {

/// 0: no limit.
struct TrafficLimits {
    std::uint64_t down_bytes_per_second = 0;
    std::uint64_t up_bytes_per_second = 0;
    std::uint64_t month_bytes = 0;  ///< down and up together, over the internet

    friend bool operator==(const TrafficLimits&, const TrafficLimits&) = default;
};

/// Neighbours count for the speed limits, which keep games on the same cable playable, but not for
/// the month, which is what an internet provider bills.
enum class Line : std::uint8_t { internet, lan };

/// Single-threaded. Months are those of the local calendar. The counts are kept in a small file;
/// one that is damaged starts anew with a warning, one that cannot be written is only warned about.
class TrafficMeter {
public:
    struct Month {
        std::uint64_t down = 0;  ///< bytes over the internet
        std::uint64_t up = 0;
    };

    TrafficMeter(std::filesystem::path file, const Clock& clock);
    TrafficMeter(const TrafficMeter&) = delete;
    TrafficMeter& operator=(const TrafficMeter&) = delete;
    /// Writes what was counted since the last write.
    ~TrafficMeter();

    void set_limits(const TrafficLimits& limits);
    [[nodiscard]] const TrafficLimits& limits() const { return limits_; }

    [[nodiscard]] Month this_month() const;
    /// resource_exhausted, in words for the owner, once the month's bytes are used up.
    [[nodiscard]] Status check_month() const;

    /// Counts bytes about to be moved; the caller first waits for as long as is returned.
    [[nodiscard]] Duration down(std::uint64_t bytes, Line line);
    [[nodiscard]] Duration up(std::uint64_t bytes, Line line);

    /// Called by the meter at every 16 MiB; a caller need not.
    void save();

private:
    void load();
    void count(std::uint64_t Month::*direction, std::uint64_t bytes);
    [[nodiscard]] int month_now() const;

    std::filesystem::path file_;
    const Clock* clock_;
    TrafficLimits limits_;
    BandwidthLimit down_limit_;
    BandwidthLimit up_limit_;
    std::map<int, Month> months_;  ///< by year * 12 + month: a clock that jumps loses no count
    std::uint64_t unsaved_ = 0;
};

/// Puts a meter before the coordinator as a source. Errors: also those of check_month().
class MeteredSource final : public ArtefactSource {
public:
    MeteredSource(ArtefactSource& source, TrafficMeter& meter) : source_(&source), meter_(&meter) {}

    [[nodiscard]] boost::asio::awaitable<Result<ChunkList>> chunk_list(Sha256 sha256) override;
    [[nodiscard]] boost::asio::awaitable<Result<std::string>> read(Sha256 sha256,
                                                                   std::uint64_t offset,
                                                                   std::uint64_t length) override;

private:
    ArtefactSource* source_;
    TrafficMeter* meter_;
};

}  // namespace gleaner
