#include "coordinator/api/metrics/disk_room.h"

#include "shared/async/offload.h"

namespace gleaner::api {

namespace asio = boost::asio;

DiskRoom::DiskRoom(FreeBytes free_bytes, const Clock& clock, asio::any_io_executor blocking)
    : free_bytes_(std::move(free_bytes)), clock_(clock), blocking_(std::move(blocking)) {}

asio::awaitable<std::string> DiskRoom::problem() {
    if (looked_ && clock_.now() - *looked_ < kept_for) co_return problem_;
    auto look = free_bytes_;
    const auto free = co_await offload(blocking_, std::move(look));
    looked_ = clock_.now();
    if (free.has_error()) {
        problem_ = "the data folder's disk cannot be looked at: " + free.error().message();
    } else if (free.value() < reserve_bytes) {
        problem_ = "the data folder's disk is full: " + std::to_string(free.value() >> 20) +
                   " MiB are free, and " + std::to_string(reserve_bytes >> 20) + " are needed";
    } else {
        problem_.clear();
    }
    co_return problem_;
}

}  // namespace gleaner::api
