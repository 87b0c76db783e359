#include "coordinator/gateway/blob_artefacts.h"

#include <filesystem>
#include <map>
#include <set>
#include <system_error>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "coordinator/store/blobs.h"
#include "shared/async/deadline.h"
#include "shared/util/log.h"

namespace gleaner::gateway {

namespace asio = boost::asio;
using ChunksResult = Result<std::shared_ptr<const ChunkList>>;

struct BlobArtefacts::State {
    const store::Blobs& blobs;
    asio::any_io_executor blocking;
    std::map<Sha256, std::shared_ptr<const ChunkList>> known;
    std::set<Sha256> being_hashed;
};

namespace {

// These run on the blocking executor. Results go through a reference, since co_spawn wants types
// that can be made from nothing.

asio::awaitable<void> hash_on_pool(std::string path, Result<ChunkList>& out) {
    out = hash_chunks(path);
    co_return;
}

asio::awaitable<void> look_up_on_pool(std::filesystem::path path, Result<ArtefactFile>& out) {
    std::error_code error;
    const auto size = std::filesystem::file_size(path, error);
    if (error == std::errc::no_such_file_or_directory) {
        out = Error(ErrorCode::not_found, "this coordinator has no such artefact");
    } else if (error) {
        out = error_from_errno("cannot look up an artefact", error.value());
    } else {
        out = ArtefactFile{path.string(), size};
    }
    co_return;
}

}  // namespace

BlobArtefacts::BlobArtefacts(const store::Blobs& blobs, asio::any_io_executor blocking)
    : state_(new State{blobs, std::move(blocking), {}, {}}) {}

BlobArtefacts::~BlobArtefacts() = default;

asio::awaitable<Result<ArtefactFile>> BlobArtefacts::find(Sha256 id) {
    Result<ArtefactFile> found = Error(ErrorCode::internal, "the artefact was not looked up");
    auto work = look_up_on_pool(state_->blobs.artefact_path(id), found);
    co_await asio::co_spawn(state_->blocking, std::move(work), asio::use_awaitable);
    co_return found;
}

asio::awaitable<ChunksResult> BlobArtefacts::chunks(Sha256 id) {
    // A fleet asks for the same new model at once: one hashes, the others wait.
    while (state_->being_hashed.contains(id)) co_await sleep_for(50ms);
    if (const auto known = state_->known.find(id); known != state_->known.end()) {
        co_return known->second;
    }
    const auto file = co_await find(id);
    if (file.has_error()) co_return file.error();

    Result<ChunkList> hashed = Error(ErrorCode::internal, "the artefact was not hashed");
    auto work = hash_on_pool(file.value().path, hashed);
    if (!state_->being_hashed.insert(id).second) co_return co_await chunks(id);
    co_await asio::co_spawn(state_->blocking, std::move(work), asio::use_awaitable);
    state_->being_hashed.erase(id);
    if (hashed.has_error()) co_return hashed.error();
    if (hashed.value().whole != id) {
        spdlog::error("event=artefact_damaged file={} hashes_to={}: add it again",
                      file.value().path, hashed.value().whole.get());
        co_return Error(
            ErrorCode::data_corrupt,
            "the artefact " + id.get() + " on the coordinator's disk is damaged: add it again");
    }
    auto list = std::make_shared<const ChunkList>(std::move(hashed).value());
    state_->known.emplace(id, list);
    co_return list;
}

}  // namespace gleaner::gateway
