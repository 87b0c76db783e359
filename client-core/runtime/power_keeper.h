#pragma once
/// Keeps NVIDIA's GPUs below a part of their usual power while the node computes on them, and puts
/// back what was: when nothing is wanted any more, when the node stops, and, after a crash, at the
/// next start. What was is in a small file meanwhile.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "client-core/cache/worker.h"
#include "client-core/platform/devices.h"
#include "shared/async/task_group.h"
#include "shared/util/result.h"

namespace gleaner {

/// Percent of its usual power, by the number of /dev/nvidia<number>.
using PowerWishes = std::map<std::uint32_t, std::uint32_t>;

/// Brings the GPUs' limits to what is wanted, and those that are not wanted (any more) back to what
/// they were, unless somebody else has set them meanwhile. Never raises a limit above what it was.
/// Blocks while the driver wakes; without wishes and `file` it does not even look for a driver.
/// Errors: permission_denied (not root), unsupported, those of replace_file; the other GPUs are
/// seen to all the same.
[[nodiscard]] Status apply_power(const std::filesystem::path& file,
                                 const NvidiaManagement::Places& places, const PowerWishes& wanted);

/// Single-threaded.
class PowerKeeper {
public:
    using OnProblem = std::function<void(const Error& error)>;

    /// `on_problem`: once for each change of wishes that could not be brought about.
    PowerKeeper(std::filesystem::path file, NvidiaManagement::Places places, OnProblem on_problem,
                const boost::asio::any_io_executor& executor);

    /// From now on; returns at once. The first call also puts back what a crash has left.
    void want(PowerWishes wanted);
    /// All is as it was when this returns.
    [[nodiscard]] boost::asio::awaitable<void> stop();

private:
    [[nodiscard]] boost::asio::awaitable<void> follow();

    std::filesystem::path file_;
    NvidiaManagement::Places places_;
    OnProblem on_problem_;
    PowerWishes wanted_;
    std::optional<PowerWishes> applied_;
    bool following_ = false;
    Worker worker_;
    TaskGroup tasks_;
};

}  // namespace gleaner
