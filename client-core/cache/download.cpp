/// ArtefactCache: getting an artefact chunk by chunk.

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "client-core/cache/artefact_cache.h"
#include "client-core/cache/partial_file.h"
#include "shared/async/backoff.h"
#include "shared/async/both.h"
#include "shared/async/deadline.h"
#include "shared/util/log.h"

namespace gleaner {

namespace fs = std::filesystem;
namespace asio = boost::asio;

namespace {

bool worth_another_try(const Error& error) {
    return error.code() == ErrorCode::unavailable || error.code() == ErrorCode::timeout;
}

std::string name_of(const Sha256& sha256) {
    return "artefact " + sha256.get();
}

std::string name_of(const WantedArtefact& wanted, std::uint64_t chunk) {
    return name_of(wanted.sha256) + ", chunk " + std::to_string(chunk) + " of " +
           std::to_string(chunk_count(wanted.size_bytes));
}

}  // namespace

asio::awaitable<Result<ChunkList>> ArtefactCache::trusted_list(WantedArtefact wanted,
                                                               ArtefactSource& source) {
    Backoff backoff(options_.retry_base, options_.retry_cap);
    for (std::uint32_t tries = 1;; ++tries) {
        auto asking = source.chunk_list(wanted.sha256);
        auto list = co_await std::move(asking);
        if (list) {
            const Status form = check_chunk_list(list.value());
            if (!form) co_return form.error().within(name_of(wanted.sha256));
            const bool same_size =
                wanted.size_bytes == 0 || list.value().size_bytes == wanted.size_bytes;
            if (list.value().whole != wanted.sha256 || !same_size) {
                co_return Error(
                    ErrorCode::data_corrupt,
                    name_of(wanted.sha256) + ": the chunk list is for another file or size");
            }
            co_return std::move(list).value();
        }
        const bool again = worth_another_try(list.error()) && tries < options_.transport_tries;
        spdlog::warn("event=chunk_list_failed sha256={} try={} again={} why=\"{}\"",
                     wanted.sha256.get(), tries, again, list.error().message());
        if (!again) co_return list.error().within(name_of(wanted.sha256));
        co_await sleep_for(backoff.next(random_));
    }
}

asio::awaitable<Result<std::string>> ArtefactCache::read_chunk(WantedArtefact wanted,
                                                               ArtefactSource& source,
                                                               std::uint64_t index) {
    Backoff backoff(options_.retry_base, options_.retry_cap);
    for (std::uint32_t tries = 1;; ++tries) {
        auto reading = source.read(wanted.sha256, index * chunk_size_bytes,
                                   chunk_length(wanted.size_bytes, index));
        auto bytes = co_await std::move(reading);
        if (bytes) co_return bytes;
        const bool again = worth_another_try(bytes.error()) && tries < options_.transport_tries;
        spdlog::warn("event=chunk_failed sha256={} chunk={} try={} again={} why=\"{}\"",
                     wanted.sha256.get(), index, tries, again, bytes.error().message());
        if (!again) co_return bytes.error().within(name_of(wanted, index));
        co_await sleep_for(backoff.next(random_));
    }
}

asio::awaitable<Status> ArtefactCache::append(WantedArtefact wanted, PartialFile& partial,
                                              std::string chunk) {
    std::function<Status()> job = [&partial, &chunk] { return partial.append(std::move(chunk)); };
    const Status status = co_await worker_.run(std::move(job));
    // Neighbours may have it now, before the next chunk is here.
    if (status) entries_.at(wanted.sha256).verified_bytes = partial.bytes();
    co_return status;
}

asio::awaitable<Status> ArtefactCache::fetch_chunks(WantedArtefact wanted, ArtefactSource& source,
                                                    PartialFile& partial, OnProgress on_progress) {
    const std::uint64_t count = chunk_count(wanted.size_bytes);
    Backoff backoff(options_.retry_base, options_.retry_cap);
    std::optional<std::string> ahead;  // the next chunk, which came while one was written
    std::optional<std::string> wanted_now;
    std::uint32_t corrupt = 0;
    while (partial.next_chunk() < count) {
        if (on_progress) on_progress(partial.bytes());
        const std::uint64_t index = partial.next_chunk();
        if (!wanted_now) {
            auto reading = read_chunk(wanted, source, index);
            GLEANER_CO_TRY(wanted_now, co_await std::move(reading));
        }
        auto appending = append(wanted, partial, std::exchange(wanted_now, std::nullopt).value());
        Status appended = ok();
        Status read = ok();
        if (index + 1 < count && !ahead) {
            auto reading = read_chunk(wanted, source, index + 1);
            auto working = both(std::move(appending), std::move(reading));
            auto [status, next] = co_await std::move(working);
            appended = std::move(status);
            if (next) {
                ahead = std::move(next).value();
            } else {
                read = next.error();
            }
        } else {
            appended = co_await std::move(appending);
        }
        if (appended) {
            corrupt = 0;
            GLEANER_CO_TRY(std::move(read));
            wanted_now = std::exchange(ahead, std::nullopt);
            continue;
        }
        const Error& error = appended.error();
        const bool damaged = error.code() == ErrorCode::data_corrupt;
        const bool costs = !damaged || !source.blame(index * chunk_size_bytes);
        corrupt += costs ? 1 : 0;
        const bool again = damaged && corrupt < options_.corrupt_tries;
        spdlog::warn("event=chunk_damaged sha256={} chunk={} again={} why=\"{}\"",
                     wanted.sha256.get(), index, again, error.message());
        if (!again) co_return error.within(name_of(wanted, index));
        if (costs) co_await sleep_for(backoff.next(random_));
    }
    co_return ok();
}

asio::awaitable<Status> ArtefactCache::download(WantedArtefact wanted, fs::path destination,
                                                ArtefactSource& source, OnProgress on_progress) {
    auto asking = trusted_list(wanted, source);
    GLEANER_CO_TRY(ChunkList list, co_await std::move(asking));
    wanted.size_bytes = list.size_bytes;
    const auto earlier = entries_.find(wanted.sha256);
    const std::uint64_t here = earlier == entries_.end() ? 0 : earlier->second.size_bytes;
    const Status room = make_room(list.size_bytes > here ? list.size_bytes - here : 0);
    if (!room) co_return room.error().within(name_of(wanted.sha256));

    const fs::path path = path_of(wanted.sha256, Kind::partial);
    std::function<Result<std::unique_ptr<PartialFile>>()> opening = [path, destination, list] {
        std::error_code seen_when_opened;  // somebody may have removed the folders
        fs::create_directories(path.parent_path(), seen_when_opened);
        fs::create_directories(destination.parent_path(), seen_when_opened);
        return PartialFile::open(path, list);
    };
    GLEANER_CO_TRY(const auto partial, co_await worker_.run(std::move(opening)));
    Entry& entry = entries_[wanted.sha256];
    entry = {Kind::partial, list.size_bytes, clock_->wall(), false, partial->bytes()};
    // What is not here, for whatever reason, takes no room; a cancellation is an exception.
    const auto count = [&](PartialFile* file) {
        const auto found = entries_.find(wanted.sha256);
        if (found != entries_.end()) found->second.size_bytes = file->bytes();
    };
    std::unique_ptr<PartialFile, decltype(count)> counted(partial.get(), count);
    auto fetching = fetch_chunks(wanted, source, *partial, on_progress);
    GLEANER_CO_TRY(co_await std::move(fetching));
    counted.reset();
    std::function<Status()> finishing = [&partial, destination] {
        return partial->finish(destination);
    };
    const Status finished = co_await worker_.run(std::move(finishing));
    entries_.erase(wanted.sha256);
    if (!finished) co_return finished.error().within(name_of(wanted.sha256));
    if (on_progress) on_progress(list.size_bytes);
    co_return ok();
}

}  // namespace gleaner
