#pragma once
/// Watches one X server from a thread of its own, since a server that another program has grabbed
/// answers nobody for as long as that lasts.

#include <atomic>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "client-core/platform/linux/guest/desktop_places.h"
#include "client-core/platform/linux/guest/x11_screen.h"
#include "client-core/platform/linux/spawn.h"
#include "shared/util/clock.h"
#include "shared/util/result.h"

namespace gleaner::guest {

class X11Session {
public:
    /// What is known of the session; a value to be copied out.
    struct State {
        bool reached = false;  ///< a server is there, whether or not it lets itself be watched
        bool connected = false;
        bool worked = false;       ///< it was connected, also after the end
        bool ended = false;        ///< it will not tell any more
        bool input_works = false;  ///< its input is all of the person's
        std::optional<Time> last_input;
        std::optional<std::string> full_screen;  ///< empty: no program is
        std::optional<Error> problem;            ///< why it ended
    };

    /// Starts the thread. `clock` must outlive this; it is asked from the thread.
    X11Session(X11Place place, std::filesystem::path root, const Clock& clock,
               const boost::asio::any_io_executor& executor);
    /// Waits for the thread, which ends at once unless its server hangs.
    ~X11Session();
    X11Session(const X11Session&) = delete;
    X11Session& operator=(const X11Session&) = delete;

    /// Returns when state() has changed; false: cancelled. One coroutine at a time.
    [[nodiscard]] boost::asio::awaitable<bool> changed();
    [[nodiscard]] State state() const;
    [[nodiscard]] const X11Place& place() const { return place_; }

private:
    void run();
    void watch(X11Screen& screen);
    void look_at_input(X11Screen& screen, bool& listening);
    void note_input(Time when);
    void wake();

    X11Place place_;
    std::filesystem::path root_;
    const Clock& clock_;
    boost::asio::posix::stream_descriptor told_;  ///< the executor's end of `tell_`
    UniqueFd tell_;                               ///< an eventfd
    UniqueFd stop_;                               ///< an eventfd
    mutable std::mutex mutex_;                    ///< between the thread and the executor
    State state_;                                 ///< guarded by mutex_
    UniqueFd connection_;                         ///< guarded by mutex_; shut down to stop
    bool stopping_ = false;                       ///< guarded by mutex_
    std::thread thread_;
};

}  // namespace gleaner::guest
