#pragma once
/// Is there room on the data folder's disk for what the store writes? Asked often by probes, so
/// that the answer is kept for a moment.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "shared/util/clock.h"
#include "shared/util/result.h"

namespace gleaner::api {

/// Single-threaded; outlives its coroutines.
class DiskRoom {
public:
    using FreeBytes = std::function<Result<std::int64_t>()>;
    /// With less, a commit or the log of changes may fail at any time.
    static constexpr std::int64_t reserve_bytes = 16 << 20;
    static constexpr Duration kept_for = std::chrono::seconds(2);

    /// `free_bytes` is called on `blocking`.
    DiskRoom(FreeBytes free_bytes, const Clock& clock, boost::asio::any_io_executor blocking);

    /// What is wrong, for people; empty while there is room.
    [[nodiscard]] boost::asio::awaitable<std::string> problem();

private:
    FreeBytes free_bytes_;
    const Clock& clock_;
    boost::asio::any_io_executor blocking_;
    std::optional<Time> looked_;
    std::string problem_;
};

}  // namespace gleaner::api
