#pragma once
/// Idleness under Wayland, as the compositor tells it: ext-idle-notify-v1. Speaks the few messages
/// of Wayland's protocol itself, since they are fewer than a library would need lines to load.
/// Says nothing of full-screen programs: Wayland has no way that all compositors offer.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include "shared/util/clock.h"
#include "shared/util/result.h"

namespace gleaner::guest {

/// Before version 2 of the protocol a compositor counts an idle inhibitor (a film) as activity. One
/// executor; not reusable.
class WaylandIdle {
public:
    /// A person counts as active until so long after the last input.
    static constexpr Duration quiet = 1s;

    /// `on_change`: active() has changed; called on the executor.
    WaylandIdle(std::filesystem::path socket, const boost::asio::any_io_executor& executor,
                std::function<void()> on_change);

    /// Connects and listens until the compositor ends, refuses, or the caller is cancelled.
    /// unsupported: it does not offer ext-idle-notify-v1.
    [[nodiscard]] boost::asio::awaitable<Status> run();

    /// The compositor tells of idleness: it is connected and offers the protocol.
    [[nodiscard]] bool works() const { return works_; }
    /// It did once; stays true after the end.
    [[nodiscard]] bool worked() const { return worked_; }
    /// A compositor is there, whether or not it lets itself be watched.
    [[nodiscard]] bool reached() const { return reached_; }
    /// There was input within the last second. Only if works().
    [[nodiscard]] bool active() const { return works_ && active_; }

private:
    struct Global {
        std::uint32_t name = 0;
        std::uint32_t version = 0;
    };

    [[nodiscard]] boost::asio::awaitable<Status> listen();
    [[nodiscard]] Status on_message(std::uint32_t object, std::uint16_t opcode,
                                    std::string_view body);
    void on_global(std::string_view body);
    [[nodiscard]] Status ask_for_notification();

    std::filesystem::path socket_path_;
    boost::asio::local::stream_protocol::socket socket_;
    std::function<void()> on_change_;
    std::string outgoing_;
    Global seat_;
    Global notifier_;
    bool works_ = false;
    bool worked_ = false;
    bool reached_ = false;
    bool active_ = true;  ///< the compositor speaks first when it is not so
};

}  // namespace gleaner::guest
