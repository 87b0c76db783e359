#pragma once
/// The benchmark that a person asks for: runs one device at a time, keeps the latest signed report
/// of each in the node's folder, hands it in, and says what it and the coordinator's verdict mean.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "client-core/bench/device_benchmark.h"
#include "client-core/runtime/bench_model.h"
#include "client-core/runtime/device_inventory.h"
#include "client-core/runtime/sandbox_trust.h"
#include "shared/async/notification.h"
#include "shared/async/task_group.h"
#include "shared/model/ids.h"
#include "shared/model/sentence.h"
#include "shared/tls/signed_report.h"

namespace gleaner {

namespace control {
class State;
}
namespace wire {
class BenchmarkVerdict;
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
    [[nodiscard]] Status start(const NodeDevice& device, const BenchModel& model,
                               std::uint32_t soak_seconds,
                               std::function<std::optional<std::uint32_t>()> celsius);
    /// What was measured so far is thrown away; `why` is told, empty when the person knows.
    void cancel(Sentence why = {});
    [[nodiscard]] boost::asio::awaitable<void> stop();

    /// The device that is being measured.
    [[nodiscard]] const std::optional<std::string>& device() const { return device_; }
    /// A session with the coordinator has begun: reports that it has not answered are due, each
    /// twice at most.
    void session_began();
    /// Signed reports to send now, as to_json() of signed_report.h; each comes out once a session.
    [[nodiscard]] std::vector<std::string> take_due();
    /// The coordinator's answer to one of them.
    void verdict(const wire::BenchmarkVerdict& verdict);
    /// The node has left its coordinator: another one has not answered anything.
    void forget_verdicts();
    /// Progress, figures and verdicts, into the devices that are there already.
    void describe(control::State& state) const;

private:
    /// A report and how far it has come.
    struct Measured {
        BenchReport report;
        tls::SignedReport sealed;
        Sha256 sha256;  ///< of what was sent
        std::uint32_t sent = 0;
        bool due = false;
        std::optional<Sentence> verdict;
    };

    [[nodiscard]] boost::asio::awaitable<void> measure(NodeDevice device, DeviceBenchSpec spec,
                                                       BenchTools tools);
    [[nodiscard]] boost::asio::awaitable<Result<BenchReport>> measured(NodeDevice device,
                                                                       DeviceBenchSpec spec,
                                                                       BenchTools tools);
    void keep(const NodeDevice& device, BenchReport report);
    [[nodiscard]] Status load(const std::string& device, const std::filesystem::path& file);
    void write(const std::string& device, const tls::SignedReport& sealed) const;
    /// Of the node as it is enrolled now; what another identity signed is signed anew.
    [[nodiscard]] Status sign(const std::string& device, Measured& measured) const;

    BenchmarkNeeds needs_;
    std::function<void()> on_change_;
    SandboxTrust trust_;
    std::map<std::string, Measured> reports_;  ///< by device
    std::optional<std::string> device_;
    BenchProgress progress_;
    Sentence problem_;
    TaskGroup tasks_;
};

}  // namespace gleaner
