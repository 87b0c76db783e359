#pragma once
/// Runs the work loop: events in, commands carried out against engines and the session. Decides
/// nothing itself. Prompts and answers pass through memory here and go nowhere else.

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "client-core/core/work_loop/machine.h"
#include "client-core/engine/engine_process.h"
#include "client-core/runtime/run_set.h"
#include "client-core/runtime/token_rate.h"
#include "shared/util/clock.h"

namespace gleaner::wire {
class ToCoordinator;
}

namespace gleaner {

/// What the executor needs of the node.
class WorkPorts {
public:
    virtual ~WorkPorts() = default;
    /// Dropped silently while there is no session.
    virtual void send(const wire::ToCoordinator& message) = 0;
    /// The engine that runs the model now, or null.
    [[nodiscard]] virtual std::shared_ptr<EngineProcess> engine_of(const Sha256& model) = 0;
    [[nodiscard]] virtual std::uint64_t disk_free_bytes() const = 0;
    /// The work loop has nothing left and takes nothing more.
    virtual void shut_down_complete() = 0;
};

/// What was done since the start.
struct WorkTotals {
    std::uint64_t items = 0;
    std::uint64_t streams = 0;
    std::uint64_t prompt_tokens = 0;
    std::uint64_t generated_tokens = 0;
};

/// Single-threaded. Must outlive its coroutines: join() first.
class WorkExecutor {
public:
    WorkExecutor(work::WorkLoopOptions options, const Clock& clock, WorkPorts& ports,
                 boost::asio::any_io_executor executor);
    ~WorkExecutor();

    /// Tells the work loop and carries out what it wants. May be called from inside itself: the
    /// event then waits its turn.
    void feed(work::Event event);

    /// Delivers the work loop's alarms until cancelled.
    [[nodiscard]] boost::asio::awaitable<void> run_alarm();
    /// Stops all requests and returns when they have ended.
    [[nodiscard]] boost::asio::awaitable<void> join();

    [[nodiscard]] const work::WorkLoop& loop() const { return loop_; }
    [[nodiscard]] const WorkTotals& totals() const { return totals_; }
    /// How many requests the engines answer now, by work::Endpoint.
    using RunningByEndpoint = std::array<std::size_t, 3>;
    [[nodiscard]] const RunningByEndpoint& running() const { return running_; }
    /// Generated ones, of late.
    [[nodiscard]] double tokens_per_s(const Sha256& model) const;

private:
    void obey(work::StartRun& command);
    void obey(work::CancelRun& command);
    void obey(work::SendResults& command);
    void obey(work::SendLeaseReturn& command);
    void obey(work::SendStreamEnd& command);
    void obey(work::SendCapacity& command);
    void obey(work::Wake& command);
    void obey(work::ShutDownComplete& command);

    /// `done`: what of the totals counts it when it went well.
    void end_run(work::RunId run, work::Outcome outcome, std::uint64_t& done);

    [[nodiscard]] boost::asio::awaitable<void> run_item(std::unique_ptr<work::StartRun> start);
    [[nodiscard]] boost::asio::awaitable<void> run_stream(std::unique_ptr<work::StartRun> start);
    [[nodiscard]] boost::asio::awaitable<work::Outcome> ask(std::shared_ptr<EngineProcess> engine,
                                                            std::string route, std::string body);
    [[nodiscard]] boost::asio::awaitable<work::Failure> failure_of(
        std::shared_ptr<EngineProcess> engine, Error error);

    const Clock* clock_;
    WorkPorts* ports_;
    work::WorkLoop loop_;
    RunSet runs_;
    std::deque<work::Event> events_;
    bool feeding_ = false;
    boost::asio::steady_timer alarm_;
    WorkTotals totals_;
    RunningByEndpoint running_{};
    std::map<Sha256, TokenRate> rates_;
    std::map<StreamId, std::uint32_t> relayed_;  ///< tokens already sent as deltas
};

}  // namespace gleaner
