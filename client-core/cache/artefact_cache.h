#pragma once
/// The node's disk: models and engines by hash, within a quota. Knows nothing of leases or engines'
/// lives; asks choose_evictions() what may go. Prompts and answers never come here.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "client-core/cache/turnstile.h"
#include "client-core/cache/worker.h"
#include "client-core/core/cache_policy/cache_policy.h"
#include "shared/artefact/chunk_list.h"
#include "shared/artefact/engine_package.h"
#include "shared/model/ids.h"
#include "shared/util/clock.h"
#include "shared/util/random.h"
#include "shared/util/result.h"

namespace gleaner {

/// Where artefacts come from: the coordinator, later a neighbour. Nothing it says is believed.
class ArtefactSource {
public:
    virtual ~ArtefactSource() = default;
    /// Errors: unavailable and timeout are tried again; all others are final.
    [[nodiscard]] virtual boost::asio::awaitable<Result<ChunkList>> chunk_list(Sha256 sha256) = 0;
    [[nodiscard]] virtual boost::asio::awaitable<Result<std::string>> read(
        Sha256 sha256, std::uint64_t offset, std::uint64_t length) = 0;
    /// What read() last gave for `offset` was wrong. True: others are asked from now on, so that it
    /// costs no try.
    [[nodiscard]] virtual bool blame(std::uint64_t offset) {
        (void)offset;
        return false;
    }
};

struct ArtefactCacheOptions {
    std::filesystem::path folder;  ///< created 0700
    /// Models that several machines share, each file named by its SHA-256. Only read. Empty: none.
    /// Not so for engines: who can write there could change a program after it was verified.
    std::filesystem::path shared_models;
    /// A hundred machines that start together do not all read a shared model at once: each waits a
    /// random time up to this.
    Duration shared_stagger_max = 20s;
    std::uint64_t quota_bytes = 20ull << 30;
    std::uint64_t keep_free_bytes = 1ull << 30;
    std::uint32_t corrupt_tries = 3;    ///< of one chunk before the artefact counts as damaged
    std::uint32_t transport_tries = 8;  ///< in a row without a byte gained
    Duration retry_base = 500ms;
    Duration retry_cap = 30s;
};

struct WantedArtefact {
    Sha256 sha256;
    std::uint64_t size_bytes = 0;  ///< as the coordinator says; 0: not known
};

/// What of a model is on disk and verified: its first bytes, or all of it.
struct SharedModel {
    std::filesystem::path path;
    std::uint64_t bytes = 0;
    std::uint64_t size_bytes = 0;
};

struct InstalledEngine {
    std::filesystem::path folder;
    EngineManifest manifest;
};

/// Single-threaded: all calls on the executor given. Must outlive its calls.
class ArtefactCache {
public:
    /// Bytes that are here so far; called at each chunk.
    using OnProgress = std::function<void(std::uint64_t bytes)>;
    /// A model is complete, and its hash holds.
    using OnVerified = std::function<void(const Sha256& sha256, std::uint64_t size_bytes)>;
    using OnEvicted = std::function<void(const Sha256& sha256)>;

    ArtefactCache(ArtefactCacheOptions options, ArtefactSource& source, const Clock& clock,
                  const boost::asio::any_io_executor& executor);
    ArtefactCache(const ArtefactCache&) = delete;
    ArtefactCache& operator=(const ArtefactCache&) = delete;

    /// Creates the folders and takes stock of what is there. Call once, before anything else.
    [[nodiscard]] Status open();

    /// The file of a model. It is downloaded if it is not here, its whole hash is verified once in
    /// each run of the program (which also warms the page cache the engine maps). Errors name the
    /// artefact: data_corrupt (and the chunk), disk_full, unavailable, not_found, io_failed.
    [[nodiscard]] boost::asio::awaitable<Result<std::filesystem::path>> model(
        WantedArtefact wanted, OnProgress on_progress);

    /// An engine, unpacked and verified against the release key; verified again once in each run.
    /// Errors: as for model(); data_corrupt names the file whose hash or signature does not hold.
    [[nodiscard]] boost::asio::awaitable<Result<InstalledEngine>> engine(WantedArtefact wanted,
                                                                         PublicKey release_key,
                                                                         OnProgress on_progress);

    /// While a Hold lives its artefact is not evicted.
    class Hold {
    public:
        Hold() = default;
        Hold(ArtefactCache& cache, Sha256 sha256);
        Hold(Hold&& other) noexcept;
        Hold& operator=(Hold&& other) noexcept;
        ~Hold();

    private:
        void release();
        ArtefactCache* cache_ = nullptr;
        Sha256 sha256_;
    };
    [[nodiscard]] Hold hold(const Sha256& sha256) { return {*this, sha256}; }

    /// Complete models and engines, those in the shared folder too, ascending.
    [[nodiscard]] std::vector<Sha256> complete() const;
    struct DiskUse {
        std::uint64_t used_bytes = 0;
        std::uint64_t quota_bytes = 0;
        std::uint64_t free_bytes = 0;  ///< of the file system, for all programs
        std::uint32_t models = 0;
    };
    [[nodiscard]] DiskUse disk_use() const;
    /// What a further artefact may take without any eviction.
    [[nodiscard]] std::uint64_t free_bytes() const;
    /// What the owner lets the cache use from now on. If more is used, what nobody holds goes at
    /// once, least recently used first; what is held stays, a download under way goes on.
    void set_quota(std::uint64_t quota_bytes);
    /// Models come from here from now on; engines still from the source given at construction.
    void take_models_from(ArtefactSource& source) { models_from_ = &source; }
    void on_verified(OnVerified callback) { on_verified_ = std::move(callback); }
    /// Also of a download under way. Empty: nothing of it is here, or it was not verified yet.
    [[nodiscard]] std::optional<SharedModel> shared_model(const Sha256& sha256) const;
    /// Models that are complete and verified, with their sizes.
    [[nodiscard]] std::vector<std::pair<Sha256, std::uint64_t>> verified_models() const;
    void on_evicted(OnEvicted callback) { on_evicted_ = std::move(callback); }

private:
    enum class Kind : std::uint8_t { model, engine, partial };
    struct Entry {
        Kind kind = Kind::model;
        std::uint64_t size_bytes = 0;
        WallTime last_used;
        bool verified = false;             ///< in this run
        std::uint64_t verified_bytes = 0;  ///< of a partial one under way
    };

    [[nodiscard]] std::filesystem::path path_of(const Sha256& sha256, Kind kind) const;
    [[nodiscard]] std::filesystem::path archive_path(const Sha256& sha256) const;
    void take_stock(const std::filesystem::path& folder, Kind kind);
    [[nodiscard]] boost::asio::awaitable<bool> holds(std::filesystem::path file, Sha256 sha256);
    [[nodiscard]] boost::asio::awaitable<bool> is_shared(WantedArtefact wanted);
    void touch(const Sha256& sha256);
    void forget(const Sha256& sha256);
    void tell_verified(const Sha256& sha256) const;
    [[nodiscard]] std::vector<CachedArtefact> stock() const;
    [[nodiscard]] Status make_room(std::uint64_t bytes);
    void evict(const std::vector<Sha256>& artefacts);
    [[nodiscard]] boost::asio::awaitable<Status> download(WantedArtefact wanted,
                                                          std::filesystem::path destination,
                                                          ArtefactSource& source,
                                                          OnProgress on_progress);
    [[nodiscard]] boost::asio::awaitable<Result<ChunkList>> trusted_list(WantedArtefact wanted,
                                                                         ArtefactSource& source);
    [[nodiscard]] boost::asio::awaitable<Result<std::string>> read_chunk(WantedArtefact wanted,
                                                                         ArtefactSource& source,
                                                                         std::uint64_t index);
    [[nodiscard]] boost::asio::awaitable<Status> append(WantedArtefact wanted,
                                                        class PartialFile& partial,
                                                        std::string chunk);
    [[nodiscard]] boost::asio::awaitable<Status> fetch_chunks(WantedArtefact wanted,
                                                              ArtefactSource& source,
                                                              class PartialFile& partial,
                                                              OnProgress on_progress);
    [[nodiscard]] boost::asio::awaitable<Result<EngineManifest>> unpack(WantedArtefact wanted,
                                                                        PublicKey release_key);

    ArtefactCacheOptions options_;
    ArtefactSource* source_;
    ArtefactSource* models_from_;
    const Clock* clock_;
    Worker worker_;
    Turnstile one_at_a_time_;
    Random random_;
    std::map<Sha256, Entry> entries_;
    std::set<Sha256> shared_verified_;  ///< in this run
    std::map<Sha256, int> holds_;
    OnVerified on_verified_;
    OnEvicted on_evicted_;
};

}  // namespace gleaner
