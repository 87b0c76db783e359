#pragma once
/// Bytes on disk that nothing names: uploads that were never registered, files of removed models.

#include <cstdint>
#include <set>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "shared/util/clock.h"
#include "shared/util/result.h"

namespace gleaner::store {
class Blobs;
class StoreExecutor;
}  // namespace gleaner::store

namespace gleaner::runtime {

/// What the store names.
struct NamedBlobs {
    std::set<std::string> files;
    std::set<std::string> artefacts;
};

struct OrphansRemoved {
    std::size_t files = 0;
    std::size_t artefacts = 0;
    std::int64_t bytes = 0;
};

/// Removes what is not in `named` and was last written before `before`: what is newer may be about
/// to be registered. What cannot be removed is left. Blocking.
[[nodiscard]] OrphansRemoved remove_unnamed(const store::Blobs& blobs, const NamedBlobs& named,
                                            WallTime before);

/// At start, before anyone is served: removes orphans that are older than a day. Errors: those of
/// the store, then nothing is removed.
[[nodiscard]] boost::asio::awaitable<Status> remove_orphans(store::StoreExecutor& store,
                                                            const store::Blobs& blobs,
                                                            boost::asio::any_io_executor blocking,
                                                            WallTime now);

}  // namespace gleaner::runtime
