#pragma once
/// One model on this node from the order to load it to its end: download, proof of the sandbox,
/// measurement, engine, restarts. Knows nothing of leases.

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "client-core/cache/artefact_cache.h"
#include "client-core/core/work_loop/types.h"
#include "client-core/engine/engine_process.h"
#include "client-core/runtime/bench_model.h"
#include "client-core/runtime/device_inventory.h"
#include "client-core/runtime/node_options.h"
#include "client-core/runtime/sandbox_trust.h"
#include "client-core/runtime/speed_book.h"
#include "shared/async/notification.h"
#include "shared/util/clock.h"
#include "shared/util/random.h"

namespace gleaner::wire {
class ModelState;
}

namespace gleaner {

/// What the coordinator orders.
struct ModelOrder {
    WantedArtefact model;
    WantedArtefact engine;
    std::uint32_t context_tokens = 0;  ///< per slot
    std::uint32_t slots = 1;
    std::uint64_t memory_bytes = 0;  ///< estimate; 0: not known
    bool embeddings = false;
    NodeDevice device;
};

class ModelHost;

/// Told on the executor, never from inside a constructor.
class ModelHostEvents {
public:
    virtual ~ModelHostEvents() = default;
    /// Its describe() has changed.
    virtual void model_changed(const ModelHost& host) = 0;
};

/// All of it outlives the hosts.
struct ModelHostNeeds {
    ArtefactCache& cache;
    Sandbox& sandbox;
    SandboxTrust& trust;
    SpeedBook& speeds;
    const NodeOptions& options;
    const Clock& clock;
    std::filesystem::path runtime_dir;
    PublicKey release_key;
    boost::asio::any_io_executor executor;
    ModelHostEvents& events;
};

/// Single-threaded.
class ModelHost {
public:
    /// `suspended`: in memory, and stopped until resume().
    enum class Phase : std::uint8_t { downloading, starting, ready, suspended, failed, unloaded };
    friend std::string_view to_string(Phase phase);

    ModelHost(const ModelHostNeeds& needs, ModelOrder order);
    ModelHost(const ModelHost&) = delete;
    ModelHost& operator=(const ModelHost&) = delete;

    /// Returns when the model has failed for good, or after stop(); no engine is left then. Call
    /// once; not to be cancelled (stop() is for that).
    [[nodiscard]] boost::asio::awaitable<void> run();
    /// Ends run(): the engine gets `grace` to end by itself; with none it is killed before this
    /// returns. Idempotent.
    void stop(Duration grace);
    /// Stops the engine where it is, memory and all. Only a ready one can be: else stop() it.
    [[nodiscard]] bool suspend();
    /// What was suspended is ready again.
    void resume();
    /// While somebody is at the machine: the engine stands still three quarters of the time, in
    /// turns too short to be noticed in a stream.
    void throttle(bool throttled);

    [[nodiscard]] Phase phase() const { return phase_; }
    [[nodiscard]] const Sha256& sha256() const { return order_.model.sha256; }
    [[nodiscard]] const std::string& device() const { return order_.device.id; }
    [[nodiscard]] bool on_gpu() const { return order_.device.kind != "cpu"; }
    [[nodiscard]] std::uint32_t slots() const { return slots_; }
    [[nodiscard]] const work::Failure& failure() const { return failure_; }
    void describe(wire::ModelState& out) const;
    /// For llama-bench; empty paths unless it can run this model.
    [[nodiscard]] BenchModel bench_model() const;
    /// The running engine; null unless ready. Shared with the requests that use it, which may
    /// outlast a crash by a moment.
    [[nodiscard]] std::shared_ptr<EngineProcess> engine() const { return engine_; }

private:
    [[nodiscard]] boost::asio::awaitable<void> serve();
    [[nodiscard]] boost::asio::awaitable<Status> prepare();
    [[nodiscard]] boost::asio::awaitable<Status> check_sandbox();
    [[nodiscard]] boost::asio::awaitable<void> measure();
    /// Returns when the engine has ended, or could not be started: why.
    [[nodiscard]] boost::asio::awaitable<Error> run_engine();
    [[nodiscard]] boost::asio::awaitable<void> take_turns();
    void end_rest();
    [[nodiscard]] bool may_start_again(const Error& error);
    [[nodiscard]] Status check_memory() const;
    [[nodiscard]] SandboxLimits limits() const;
    void enter(Phase phase);
    void fail(const Error& error);
    void fail(work::Failure failure);

    ModelHostNeeds needs_;
    ModelOrder order_;
    std::uint32_t slots_;
    Phase phase_ = Phase::downloading;
    work::Failure failure_;
    std::filesystem::path engine_dir_;
    std::filesystem::path model_file_;
    bool has_bench_ = false;
    MeasuredSpeed speed_;
    std::uint64_t downloaded_bytes_ = 0;
    Time progress_reported_;
    std::shared_ptr<EngineProcess> engine_;
    std::deque<Time> crashes_;
    Random random_;
    Notification ended_;
    bool throttled_ = false;
    bool resting_ = false;  ///< its turn is over, and the engine stands still
    Notification throttle_changed_;
    bool stopping_ = false;
    Duration stop_grace_{};
    ArtefactCache::Hold model_held_;
    ArtefactCache::Hold engine_held_;
};

}  // namespace gleaner
