#include "coordinator/api/metrics/disk_room.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <doctest/doctest.h>

using namespace gleaner;
using gleaner::api::DiskRoom;
namespace asio = boost::asio;

namespace {

struct Rig {
    ManualClock clock;
    asio::io_context io;
    asio::thread_pool pool{1};
    Result<std::int64_t> free = DiskRoom::reserve_bytes;
    int looks = 0;
    DiskRoom room{[this] {
                      ++looks;
                      return free;
                  },
                  clock, pool.get_executor()};

    std::string problem() {
        auto told = asio::co_spawn(io, room.problem(), asio::use_future);
        io.restart();
        io.run();
        return told.get();
    }
};

}  // namespace

TEST_CASE("a disk with less than the reserve is full, and is looked at again after a moment") {
    Rig rig;
    CHECK(rig.problem().empty());
    rig.free = DiskRoom::reserve_bytes - 1;
    CHECK(rig.problem().empty());
    CHECK(rig.looks == 1);
    rig.clock.advance(DiskRoom::kept_for);
    CHECK(rig.problem() == "the data folder's disk is full: 15 MiB are free, and 16 are needed");
    rig.free = DiskRoom::reserve_bytes;
    rig.clock.advance(DiskRoom::kept_for);
    CHECK(rig.problem().empty());
}

TEST_CASE("a disk that cannot be looked at is a problem, too") {
    Rig rig;
    rig.free = Error(ErrorCode::io_failed, "no such folder");
    CHECK(rig.problem().find("no such folder") != std::string::npos);
}
