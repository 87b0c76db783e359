#include "client-core/cache/artefact_cache.h"

#include <algorithm>
#include <limits>
#include <system_error>
#include <utility>

#include "shared/artefact/sha256.h"
#include "shared/async/deadline.h"
#include "shared/util/log.h"

namespace gleaner {

namespace fs = std::filesystem;
namespace asio = boost::asio;

namespace {

std::uint64_t size_on_disk(const fs::path& path) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
        const auto size = fs::file_size(path, error);
        return error ? 0 : size;
    }
    std::uint64_t sum = 0;
    for (fs::recursive_directory_iterator it(path, error), end; !error && it != end;
         it.increment(error)) {
        if (it->is_regular_file(error)) sum += it->file_size(error);
    }
    return sum;
}

WallTime modified(const fs::path& path) {
    std::error_code error;
    const auto time = fs::last_write_time(path, error);
    if (error) return {};
    const auto system = std::chrono::file_clock::to_sys(time).time_since_epoch();
    return {std::chrono::duration_cast<Duration>(system).count()};
}

}  // namespace

ArtefactCache::ArtefactCache(ArtefactCacheOptions options, ArtefactSource& source,
                             const Clock& clock, const asio::any_io_executor& executor)
    : options_(std::move(options)),
      source_(&source),
      models_from_(&source),
      clock_(&clock),
      worker_(executor),
      one_at_a_time_(executor),
      random_(random_seed()) {}

fs::path ArtefactCache::path_of(const Sha256& sha256, Kind kind) const {
    switch (kind) {
        case Kind::model:
            return options_.folder / "models" / sha256.get();
        case Kind::engine:
            return options_.folder / "engines" / sha256.get();
        case Kind::partial:
            return options_.folder / "partial" / sha256.get();
    }
    return {};
}

fs::path ArtefactCache::archive_path(const Sha256& sha256) const {
    return options_.folder / "partial" / (sha256.get() + ".archive");
}

Status ArtefactCache::open() {
    std::error_code error;
    for (const char* name : {"models", "engines", "partial"}) {
        fs::create_directories(options_.folder / name, error);
        if (error) {
            return error_from_errno("cannot create " + (options_.folder / name).string(),
                                    error.value());
        }
    }
    fs::permissions(options_.folder, fs::perms::owner_all, error);
    entries_.clear();
    take_stock(options_.folder / "partial", Kind::partial);
    take_stock(options_.folder / "engines", Kind::engine);
    take_stock(options_.folder / "models", Kind::model);
    return ok();
}

void ArtefactCache::take_stock(const fs::path& folder, Kind kind) {
    std::error_code error;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
        const auto sha256 = parse_sha256(it->path().filename().string());
        if (!sha256) {
            fs::remove_all(it->path(), error);  // left over from a run that was killed
            continue;
        }
        entries_[sha256.value()] = {kind, size_on_disk(it->path()), modified(it->path()), false, 0};
    }
}

void ArtefactCache::touch(const Sha256& sha256) {
    Entry& entry = entries_.at(sha256);
    entry.last_used = clock_->wall();
    std::error_code ignored;  // only the order of eviction after a restart depends on it
    const std::chrono::sys_time<Duration> now{Duration{entry.last_used.micros}};
    fs::last_write_time(path_of(sha256, entry.kind), std::chrono::file_clock::from_sys(now),
                        ignored);
}

void ArtefactCache::forget(const Sha256& sha256) {
    const auto it = entries_.find(sha256);
    if (it == entries_.end()) return;
    std::error_code ignored;
    fs::remove_all(path_of(sha256, it->second.kind), ignored);
    entries_.erase(it);
}

std::vector<CachedArtefact> ArtefactCache::stock() const {
    std::vector<CachedArtefact> artefacts;
    for (const auto& [sha256, entry] : entries_) {
        artefacts.push_back({sha256, entry.size_bytes, entry.last_used, holds_.contains(sha256)});
    }
    return artefacts;
}

void ArtefactCache::set_quota(std::uint64_t quota_bytes) {
    options_.quota_bytes = quota_bytes;
    const auto artefacts = stock();
    std::uint64_t held = 0;
    for (const auto& artefact : artefacts) held += artefact.in_use ? artefact.size_bytes : 0;
    // Only the quota counts here: how full the disk is matters when something is to be written.
    const DiskSpace disk{std::max(quota_bytes, held), std::numeric_limits<std::uint64_t>::max(), 0};
    const auto evicted = choose_evictions(artefacts, disk, 0);
    if (evicted) evict(evicted.value());
}

Status ArtefactCache::make_room(std::uint64_t bytes) {
    std::error_code error;
    fs::create_directories(options_.folder, error);  // somebody may have removed it
    const fs::space_info space = fs::space(options_.folder, error);
    const DiskSpace disk{options_.quota_bytes, error ? 0 : space.available,
                         options_.keep_free_bytes};
    GLEANER_TRY(const auto evicted, choose_evictions(stock(), disk, bytes));
    evict(evicted);
    return ok();
}

void ArtefactCache::evict(const std::vector<Sha256>& artefacts) {
    for (const Sha256& sha256 : artefacts) {
        spdlog::info("event=artefact_evicted sha256={}", sha256.get());
        const bool complete = entries_.at(sha256).kind != Kind::partial;
        forget(sha256);
        if (complete && on_evicted_) on_evicted_(sha256);
    }
}

std::vector<Sha256> ArtefactCache::complete() const {
    std::set<Sha256> complete;
    for (const auto& [sha256, entry] : entries_) {
        if (entry.kind != Kind::partial) complete.insert(sha256);
    }
    std::error_code error;
    for (fs::directory_iterator it(options_.shared_models, error), end; !error && it != end;
         it.increment(error)) {
        auto sha256 = parse_sha256(it->path().filename().string());
        if (sha256) complete.insert(std::move(sha256).value());
    }
    return {complete.begin(), complete.end()};
}

void ArtefactCache::tell_verified(const Sha256& sha256) const {
    if (on_verified_) on_verified_(sha256, entries_.at(sha256).size_bytes);
}

std::optional<SharedModel> ArtefactCache::shared_model(const Sha256& sha256) const {
    const auto it = entries_.find(sha256);
    if (it == entries_.end() || it->second.kind == Kind::engine) return std::nullopt;
    const Entry& entry = it->second;
    const std::uint64_t bytes = entry.verified ? entry.size_bytes : entry.verified_bytes;
    if (bytes == 0) return std::nullopt;
    return SharedModel{path_of(sha256, entry.kind), bytes, entry.size_bytes};
}

std::vector<std::pair<Sha256, std::uint64_t>> ArtefactCache::verified_models() const {
    std::vector<std::pair<Sha256, std::uint64_t>> models;
    for (const auto& [sha256, entry] : entries_) {
        const bool whole = entry.kind == Kind::model && entry.verified;
        if (whole) models.emplace_back(sha256, entry.size_bytes);
    }
    return models;
}

ArtefactCache::DiskUse ArtefactCache::disk_use() const {
    DiskUse use;
    use.quota_bytes = options_.quota_bytes;
    for (const auto& [sha256, entry] : entries_) {
        use.used_bytes += entry.size_bytes;
        if (entry.kind == Kind::model) ++use.models;
    }
    std::error_code error;
    const fs::space_info space = fs::space(options_.folder, error);
    if (!error) use.free_bytes = space.available;
    return use;
}

std::uint64_t ArtefactCache::free_bytes() const {
    const DiskUse use = disk_use();
    const std::uint64_t by_quota =
        use.quota_bytes > use.used_bytes ? use.quota_bytes - use.used_bytes : 0;
    if (use.free_bytes <= options_.keep_free_bytes) return 0;
    return std::min<std::uint64_t>(by_quota, use.free_bytes - options_.keep_free_bytes);
}

asio::awaitable<bool> ArtefactCache::holds(fs::path file, Sha256 sha256) {
    std::function<Result<Sha256>()> job = [text = file.string()] { return hash_file(text); };
    const auto actual = co_await worker_.run(std::move(job));
    co_return actual&& actual.value() == sha256;
}

asio::awaitable<bool> ArtefactCache::is_shared(WantedArtefact wanted) {
    if (options_.shared_models.empty()) co_return false;
    const fs::path file = options_.shared_models / wanted.sha256.get();
    std::error_code error;
    const std::uint64_t size = fs::file_size(file, error);
    // One that is only being copied there has another size.
    if (error || (wanted.size_bytes > 0 && size != wanted.size_bytes)) co_return false;
    if (shared_verified_.contains(wanted.sha256)) co_return true;
    const auto stagger = static_cast<std::uint64_t>(options_.shared_stagger_max.count());
    const Duration wait{static_cast<std::int64_t>(random_.below(stagger + 1))};
    co_await sleep_for(wait);
    auto hashing = holds(file, wanted.sha256);
    const bool good = co_await std::move(hashing);
    if (good) {
        shared_verified_.insert(wanted.sha256);
    } else {
        spdlog::warn("event=shared_model_damaged file={} action=download", file.string());
    }
    co_return good;
}

asio::awaitable<Result<fs::path>> ArtefactCache::model(WantedArtefact wanted,
                                                       OnProgress on_progress) {
    const Hold held = hold(wanted.sha256);
    const auto turn = co_await one_at_a_time_.enter();
    const fs::path path = path_of(wanted.sha256, Kind::model);
    if (entries_.contains(wanted.sha256) && entries_.at(wanted.sha256).kind == Kind::model) {
        std::error_code unreadable;
        if (!fs::exists(path, unreadable)) entries_.at(wanted.sha256).verified = false;
        if (!entries_.at(wanted.sha256).verified) {
            auto hashing = holds(path, wanted.sha256);
            if (co_await std::move(hashing)) {
                entries_.at(wanted.sha256).verified = true;
                tell_verified(wanted.sha256);
            } else {
                spdlog::warn("event=model_damaged_on_disk sha256={} action=download",
                             wanted.sha256.get());
                forget(wanted.sha256);
            }
        }
        if (entries_.contains(wanted.sha256)) {
            touch(wanted.sha256);
            co_return path;
        }
    }
    auto looking = is_shared(wanted);
    if (co_await std::move(looking)) co_return options_.shared_models / wanted.sha256.get();
    auto downloading = download(wanted, path, *models_from_, std::move(on_progress));
    GLEANER_CO_TRY(co_await std::move(downloading));
    entries_[wanted.sha256] = {Kind::model, size_on_disk(path), {}, true, 0};
    touch(wanted.sha256);
    tell_verified(wanted.sha256);
    co_return path;
}

asio::awaitable<Result<InstalledEngine>> ArtefactCache::engine(WantedArtefact wanted,
                                                               PublicKey release_key,
                                                               OnProgress on_progress) {
    const Hold held = hold(wanted.sha256);
    const auto turn = co_await one_at_a_time_.enter();
    const fs::path folder = path_of(wanted.sha256, Kind::engine);
    if (entries_.contains(wanted.sha256) && entries_.at(wanted.sha256).kind == Kind::engine) {
        std::function<Result<EngineManifest>()> job = [text = folder.string(), release_key] {
            return verify_unpacked(text, release_key);
        };
        auto manifest = co_await worker_.run(std::move(job));
        if (manifest) {
            entries_.at(wanted.sha256).verified = true;
            touch(wanted.sha256);
            co_return InstalledEngine{folder, std::move(manifest).value()};
        }
        spdlog::warn("event=engine_damaged_on_disk sha256={} action=download why=\"{}\"",
                     wanted.sha256.get(), manifest.error().message());
        forget(wanted.sha256);
    }
    auto downloading =
        download(wanted, archive_path(wanted.sha256), *source_, std::move(on_progress));
    GLEANER_CO_TRY(co_await std::move(downloading));
    auto unpacking = unpack(wanted, release_key);
    GLEANER_CO_TRY(auto manifest, co_await std::move(unpacking));
    co_return InstalledEngine{folder, std::move(manifest)};
}

asio::awaitable<Result<EngineManifest>> ArtefactCache::unpack(WantedArtefact wanted,
                                                              PublicKey release_key) {
    const fs::path archive = archive_path(wanted.sha256);
    const fs::path folder = path_of(wanted.sha256, Kind::engine);
    std::function<Result<EngineManifest>()> job = [archive, folder, release_key] {
        std::error_code ignored;
        fs::remove_all(folder, ignored);
        auto manifest = unpack_verified(archive.string(), folder.string(), release_key);
        fs::remove(archive, ignored);
        return manifest;
    };
    auto manifest = co_await worker_.run(std::move(job));
    if (!manifest) co_return manifest.error().within("engine " + wanted.sha256.get());
    entries_[wanted.sha256] = {Kind::engine, size_on_disk(folder), {}, true, 0};
    touch(wanted.sha256);
    co_return std::move(manifest).value();
}

// ---- Hold ----

ArtefactCache::Hold::Hold(ArtefactCache& cache, Sha256 sha256)
    : cache_(&cache), sha256_(std::move(sha256)) {
    ++cache_->holds_[sha256_];
}

ArtefactCache::Hold::Hold(Hold&& other) noexcept
    : cache_(std::exchange(other.cache_, nullptr)), sha256_(std::move(other.sha256_)) {}

ArtefactCache::Hold& ArtefactCache::Hold::operator=(Hold&& other) noexcept {
    if (this != &other) {
        release();
        cache_ = std::exchange(other.cache_, nullptr);
        sha256_ = std::move(other.sha256_);
    }
    return *this;
}

ArtefactCache::Hold::~Hold() {
    release();
}

void ArtefactCache::Hold::release() {
    if (cache_ == nullptr) return;
    const auto it = cache_->holds_.find(sha256_);
    if (--it->second == 0) cache_->holds_.erase(it);
    cache_ = nullptr;
}

}  // namespace gleaner
