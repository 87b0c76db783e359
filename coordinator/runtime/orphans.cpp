#include "coordinator/runtime/orphans.h"

#include <filesystem>
#include <sys/stat.h>
#include <system_error>

#include "coordinator/store/blobs.h"
#include "coordinator/store/executor.h"
#include "shared/async/offload.h"
#include "shared/util/log.h"

namespace gleaner::runtime {

namespace asio = boost::asio;
namespace fs = std::filesystem;

namespace {

constexpr Duration registered_within = std::chrono::hours(24);

std::size_t clean(const fs::path& folder, const std::set<std::string>& named, WallTime before,
                  std::int64_t& bytes) {
    std::error_code problem;
    std::vector<fs::path> orphans;
    for (fs::directory_iterator entry(folder, problem), end; !problem && entry != end;
         entry.increment(problem)) {
        struct stat facts {};
        if (::lstat(entry->path().c_str(), &facts) != 0 || !S_ISREG(facts.st_mode)) continue;
        if (named.contains(entry->path().filename().string())) continue;
        if (facts.st_mtim.tv_sec >= before.seconds()) continue;
        orphans.push_back(entry->path());
        bytes += facts.st_size;
    }
    if (problem)
        spdlog::warn("event=folder_unreadable path={} why=\"{}\"", folder.string(),
                     problem.message());
    std::size_t removed = 0;
    for (const auto& path : orphans)
        if (fs::remove(path, problem)) ++removed;
    return removed;
}

Result<NamedBlobs> all_named(store::Store& store) {
    NamedBlobs named;
    GLEANER_TRY(const auto files, store.file_ids());
    for (const auto& id : files) named.files.insert(id.get());
    GLEANER_TRY(const auto models, store.models());
    for (const auto& model : models) named.artefacts.insert(model.sha256.get());
    GLEANER_TRY(const auto engines, store.engines());
    for (const auto& engine : engines) named.artefacts.insert(engine.sha256.get());
    return named;
}

}  // namespace

OrphansRemoved remove_unnamed(const store::Blobs& blobs, const NamedBlobs& named, WallTime before) {
    OrphansRemoved removed;
    removed.files =
        clean(blobs.file_path(FileId{"any"}).parent_path(), named.files, before, removed.bytes);
    removed.artefacts = clean(blobs.artefact_path(Sha256{"any"}).parent_path(), named.artefacts,
                              before, removed.bytes);
    return removed;
}

asio::awaitable<Status> remove_orphans(store::StoreExecutor& store, const store::Blobs& blobs,
                                       asio::any_io_executor blocking, WallTime now) {
    std::function<Result<NamedBlobs>(store::Store&)> load = all_named;
    const auto named = co_await store.read(std::move(load));
    if (named.has_error()) co_return named.error();
    std::function<Result<OrphansRemoved>()> work = [&]() -> Result<OrphansRemoved> {
        return remove_unnamed(blobs, named.value(), now - registered_within);
    };
    const auto removed = co_await offload(std::move(blocking), std::move(work));
    if (removed.has_error()) co_return removed.error();
    if (removed.value().files + removed.value().artefacts > 0)
        spdlog::info("event=orphans_removed files={} artefacts={} bytes={}", removed.value().files,
                     removed.value().artefacts, removed.value().bytes);
    co_return ok();
}

}  // namespace gleaner::runtime
