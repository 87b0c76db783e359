#pragma once
/// How far the store is behind with what it must keep. When too much waits, or a write failed, no
/// new work is to be handed out: its results would pile up in memory. Pure; single-threaded.

#include <algorithm>
#include <cstddef>

namespace gleaner::core {

class SaveBacklog {
public:
    struct Limits {
        std::size_t stall_above = 20'000;   ///< settlements that wait
        std::size_t resume_below = 10'000;  ///< lower, so that it does not flap
    };
    SaveBacklog() = default;
    explicit SaveBacklog(Limits limits) : limits_(limits) {}

    void queued(std::size_t count) {
        unsaved_ += count;
        stalled_ = stalled_ || unsaved_ > limits_.stall_above;
    }
    /// A write reached the disk: the store works (again).
    void saved(std::size_t count) {
        failing_ = false;
        dropped(count);
    }
    /// Given up: it waits no more.
    void dropped(std::size_t count) {
        unsaved_ -= std::min(unsaved_, count);
        stalled_ = stalled_ && (failing_ || unsaved_ >= limits_.resume_below);
    }
    /// A write failed; what it held still waits and will be tried again.
    void failed() {
        failing_ = true;
        stalled_ = true;
    }

    [[nodiscard]] bool stalled() const { return stalled_; }
    /// The last write failed.
    [[nodiscard]] bool failing() const { return failing_; }
    [[nodiscard]] std::size_t unsaved() const { return unsaved_; }

private:
    Limits limits_;
    std::size_t unsaved_ = 0;
    bool failing_ = false;
    bool stalled_ = false;
};

}  // namespace gleaner::core
