#pragma once
/// The benchmark that a person asks for: runs one device at a time, keeps the latest signed report
/// of each in the node's folder, and says what it means.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "client-core/bench/device_benchmark.h"
#include "client-core/runtime/device_inventory.h"
#include "client-core/runtime/sandbox_trust.h"
#include "shared/async/notification.h"
#include "shared/async/task_group.h"

namespace gleaner {

namespace control {
class State;
}

/// What the desk is made of; all of it outlives the desk.
struct BenchmarkNeeds {
    std::filesystem::path folder;       ///< of the node
    std::filesystem::path probe;        ///< gleaner-probe: nothing runs in an unproven sandbox
    std::filesystem::path gpu_program;  ///< gleaner-gpu-bench; may not be there
    Sandbox& sandbox;
    const Clock& clock;
    boost::asio::any_io_executor executor;
};

/// Single-threaded. Must be stopped before its destruction.
class BenchmarkDesk {
public:
    /// Reads the reports of earlier runs; one that is damaged is forgotten.
    BenchmarkDesk(BenchmarkNeeds needs, std::function<void()> on_change);
    ~BenchmarkDesk();

    /// The device has been given back: nothing else computes on it. Errors: failed_precondition
    /// when one runs already, unsupported for a soak of a device that takes none.
    [[nodiscard]] Status start(const NodeDevice& device, std::uint32_t soak_seconds,
                               std::function<std::optional<std::uint32_t>()> celsius);
    /// What was measured so far is thrown away.
    void cancel();
    [[nodiscard]] boost::asio::awaitable<void> stop();

    /// The device that is being measured.
    [[nodiscard]] const std::optional<std::string>& device() const { return device_; }
    /// Progress, figures and verdicts, into the devices that are there already.
    void describe(control::State& state) const;

private:
    [[nodiscard]] boost::asio::awaitable<void> measure(NodeDevice device, DeviceBenchSpec spec,
                                                       BenchTools tools);
    [[nodiscard]] boost::asio::awaitable<Result<BenchReport>> measured(NodeDevice device,
                                                                       DeviceBenchSpec spec,
                                                                       BenchTools tools);
    void keep(const NodeDevice& device, BenchReport report);

    BenchmarkNeeds needs_;
    std::function<void()> on_change_;
    SandboxTrust trust_;
    std::map<std::string, BenchReport> reports_;  ///< by device
    std::optional<std::string> device_;
    BenchProgress progress_;
    Sentence problem_;
    TaskGroup tasks_;
};

}  // namespace gleaner
