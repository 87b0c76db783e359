#pragma once
/// One artefact on its way in: hashed and written as it comes, kept only when the hash is right.

#include <cstdint>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "shared/model/ids.h"
#include "shared/util/result.h"

namespace gleaner::store {
class Blobs;
}

namespace gleaner::admin {

/// Dropped without finish(): what was written is removed. One call at a time.
class ArtefactUpload {
public:
    ArtefactUpload(Sha256 id, store::Blobs& blobs, boost::asio::any_io_executor blocking);
    ~ArtefactUpload();
    ArtefactUpload(const ArtefactUpload&) = delete;
    ArtefactUpload& operator=(const ArtefactUpload&) = delete;

    /// Takes the next bytes; resumes when they are on disk, so that a fast sender waits. Errors:
    /// disk_full, io_failed.
    [[nodiscard]] boost::asio::awaitable<Status> write(std::string bytes);
    /// After the last byte: keeps the artefact and returns its size. Errors: invalid_argument when
    /// the hash is another one, disk_full, io_failed.
    [[nodiscard]] boost::asio::awaitable<Result<std::int64_t>> finish();

private:
    struct State;
    std::unique_ptr<State> state_;
    boost::asio::any_io_executor blocking_;
};

}  // namespace gleaner::admin
