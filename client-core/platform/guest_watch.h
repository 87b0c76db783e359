#pragma once
/// Finds out what the person at this machine does and how the machine is, as gleaner::guest::Facts.
/// It decides nothing: core/guest/policy.h does. linux/guest/ is the only implementation so far.
///
/// What is never kept: which key, which button, where the pointer is, what a window shows. Input
/// devices tell that something came, and it is thrown away unread beyond that.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "client-core/core/guest/facts.h"
#include "client-core/platform/devices.h"
#include "shared/model/sentence.h"
#include "shared/util/clock.h"

namespace gleaner {

/// One device of the node, and which GPU of the system it is (GpuAccess::Kind::none: the CPU).
struct WatchedDevice {
    std::string id;
    GpuAccess access;

    friend bool operator==(const WatchedDevice&, const WatchedDevice&) = default;
};

struct GuestWatchOptions {
    /// Where /proc, /sys, /dev, /run and /tmp are looked for.
    std::filesystem::path root = "/";
    /// DISPLAY, XAUTHORITY, WAYLAND_DISPLAY, XDG_RUNTIME_DIR. A daemon has none of them and then
    /// looks for the sessions of whoever is signed in.
    std::map<std::string, std::string> environment;
    std::vector<WatchedDevice> devices;
    /// Other processes of the node that are not its descendants. This process and its descendants
    /// are always the node's own. Called on the watch's worker thread; must be thread-safe.
    std::function<std::vector<std::int64_t>()> own_processes;
    NvidiaManagement::Places nvidia;
    /// D-Bus address of the system bus; empty: the system's.
    std::string system_bus;
};

/// Which ways of finding out work on this machine, for `status`.
struct WatchSource {
    std::string what;  ///< "input", "full screen", "film", "lock", "network", "GPU"
    Sentence words;    ///< "evdev: 3 devices", "none found: …"
    bool works = false;

    friend bool operator==(const WatchSource&, const WatchSource&) = default;
};

/// Single-threaded: everything happens on the executor it was created with, which one thread runs;
/// slow reading has a thread of its own. Event-driven; what has no event is read every
/// `set_pace` seconds. Input that goes on is noticed once a second, so that a moving mouse costs
/// nothing.
class GuestWatch {
public:
    static constexpr Duration pace_min = 1s;

    /// Never fails: what cannot be watched on this machine is told by sources(). `clock` must
    /// outlive the watch.
    [[nodiscard]] static std::unique_ptr<GuestWatch> create(GuestWatchOptions options,
                                                            const Clock& clock,
                                                            boost::asio::any_io_executor executor);

    virtual ~GuestWatch() = default;

    /// Begins. `on_change` is called on the executor, after facts() changed and never from within a
    /// call to the watch; for the first input after a pause of a second at once (milliseconds).
    /// It must not destroy the watch and not throw. Call once.
    virtual void start(std::function<void()> on_change) = 0;

    /// As last found out. `seat` is not the watch's to know and stays unknown. A fact that has not
    /// been read yet is unset.
    [[nodiscard]] virtual const guest::Facts& facts() const = 0;
    [[nodiscard]] virtual std::vector<WatchSource> sources() const = 0;

    /// How often the facts without an event are read (processes, load, GPU use, temperature,
    /// battery); at least pace_min, 5 s at first. Slower saves power while nothing depends on it.
    virtual void set_pace(Duration interval) = 0;
    /// Which devices to watch from now on.
    virtual void set_devices(std::vector<WatchedDevice> devices) = 0;

    /// After facts().shutting_down: work is handed back, the system may go on. Until then the watch
    /// holds the shutdown for as long as the system allows (logind's InhibitDelayMaxSec).
    virtual void release_shutdown() = 0;

    /// Ends everything; also lets a held shutdown go on. Must be awaited before destruction of a
    /// started watch. on_change is not called any more from the moment of the call.
    [[nodiscard]] virtual boost::asio::awaitable<void> stop() = 0;
};

}  // namespace gleaner
