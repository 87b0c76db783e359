#include "coordinator/api/admin/artefact_upload.h"

#include <memory>
#include <optional>

#include <boost/asio/post.hpp>

#include "coordinator/api/admin/blocking_work.h"
#include "coordinator/store/blobs.h"
#include "shared/artefact/sha256.h"

namespace gleaner::admin {

struct ArtefactUpload::State {
    Sha256 id;
    store::Blobs& blobs;
    Sha256Hasher hasher;
    std::optional<store::PartialBlob> blob;

    Result<std::int64_t> append(const std::string& bytes) {
        if (!blob) {
            GLEANER_TRY(auto created, blobs.create());
            blob.emplace(std::move(created));
        }
        hasher.update(bytes);
        GLEANER_TRY(blob->write(bytes));
        return blob->size();
    }

    Result<std::int64_t> keep() {
        GLEANER_TRY(append(std::string()));
        const Sha256 got = hasher.finish();
        if (got != id) {
            return Error(ErrorCode::invalid_argument,
                         "the bytes have the SHA-256 " + got.get() + ", not the announced " +
                             id.get() + ": the file changed or was damaged on the way; try again");
        }
        const std::int64_t size = blob->size();
        GLEANER_TRY(blob->commit(blobs.artefact_path(id)));
        return size;
    }
};

ArtefactUpload::ArtefactUpload(Sha256 id, store::Blobs& blobs,
                               boost::asio::any_io_executor blocking)
    : state_(new State{std::move(id), blobs, {}, {}}), blocking_(std::move(blocking)) {}

/// Removing gigabytes takes a while: not on this thread.
ArtefactUpload::~ArtefactUpload() {
    boost::asio::post(blocking_, [state = std::shared_ptr<State>(std::move(state_))] {});
}

boost::asio::awaitable<Status> ArtefactUpload::write(std::string bytes) {
    State* state = state_.get();
    std::function<Result<std::int64_t>()> work = [state, &bytes] { return state->append(bytes); };
    const auto written = co_await run_blocking<std::int64_t>(blocking_, std::move(work));
    if (written.has_error()) co_return written.error();
    co_return ok();
}

boost::asio::awaitable<Result<std::int64_t>> ArtefactUpload::finish() {
    State* state = state_.get();
    std::function<Result<std::int64_t>()> work = [state] { return state->keep(); };
    co_return co_await run_blocking<std::int64_t>(blocking_, std::move(work));
}

}  // namespace gleaner::admin
