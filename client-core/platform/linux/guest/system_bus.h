#pragma once
/// What the system's services tell over D-Bus: logind (screen locked, films, idleness, shutdown)
/// and NetworkManager (metered). By their signals; nothing is asked again without one.

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "client-core/platform/linux/guest/bus_library.h"
#include "client-core/platform/linux/spawn.h"
#include "shared/util/clock.h"
#include "shared/util/result.h"

namespace gleaner::guest {

/// What has been told. Unset: not, or not yet.
struct BusFacts {
    bool logind = false;           ///< it answers
    bool network_manager = false;  ///< it answers
    /// Somebody, or a greeter, is at a screen or at a console. False also without logind.
    std::optional<bool> seats;
    std::optional<bool> locked;       ///< nobody is signed in at the screen, or it is locked
    std::optional<std::string> film;  ///< who keeps the screen awake; empty: nobody
    std::optional<bool> metered;
    bool shutting_down = false;
    /// By logind's reckoning, which knows of input only what desktops tell it, minutes late: when
    /// the person went idle. Unset: not idle.
    std::optional<Time> idle_since;

    friend bool operator==(const BusFacts&, const BusFacts&) = default;
};

/// Single-threaded. One connection; when it ends, run() returns and another is to be made.
class SystemBus {
public:
    /// `address`: a D-Bus address; empty: the system's bus. `on_change`: facts() have changed,
    /// called on the executor. `clock` must outlive this.
    SystemBus(std::string address, const Clock& clock, const boost::asio::any_io_executor& executor,
              std::function<void()> on_change);
    ~SystemBus();
    SystemBus(const SystemBus&) = delete;
    SystemBus& operator=(const SystemBus&) = delete;

    /// Listens until the bus ends or the caller is cancelled. unsupported: no libsystemd;
    /// unavailable: no bus.
    [[nodiscard]] boost::asio::awaitable<Status> run();

    [[nodiscard]] const BusFacts& facts() const { return facts_; }
    /// Lets a shutdown that waits for the node go on. Taken again if the system stays up.
    void release_shutdown();
    [[nodiscard]] bool holds_shutdown() const { return inhibitor_.get() >= 0; }

private:
    struct Session {
        bool active = false;
        bool locked = false;
        bool person = false;  ///< not the screen where one signs in
        bool seated = false;  ///< a person or a greeter at a screen or at a console
        bool told = false;    ///< what is above has been read
    };
    /// Is given no message if the call was refused or not answered in time.
    using Handler = void (SystemBus::*)(sd_bus_message*);
    struct Call {
        SystemBus* bus = nullptr;
        std::uint64_t number = 0;
        Handler handler = nullptr;
        std::string path;  ///< of the object that is asked
    };
    struct Method {
        const char* service;
        const char* path;
        const char* interface;
        const char* member;
    };

    /// Logind is asked at most so often, however many signals it sends.
    static constexpr Duration ask_interval = 1s;
    static constexpr Duration answer_limit = 10s;

    Status connect();
    /// False: it is not ready, but something else is due.
    [[nodiscard]] boost::asio::awaitable<Result<bool>> wait(
        boost::asio::posix::stream_descriptor& descriptor);
    void ask_logind_if_due();
    void subscribe();
    void ask_logind();
    void ask_network();
    void hold_shutdown();
    void ask(const Method& method, Handler handler, std::initializer_list<const char*> arguments);
    static int on_reply(sd_bus_message* message, void* call, sd_bus_error* error);
    static int on_logind_signal(sd_bus_message* message, void* bus, sd_bus_error* error);
    static int on_network_signal(sd_bus_message* message, void* bus, sd_bus_error* error);

    void read_manager(sd_bus_message* reply);
    void read_inhibitors(sd_bus_message* reply);
    void read_sessions(sd_bus_message* reply);
    void read_session(sd_bus_message* reply);
    void read_inhibitor(sd_bus_message* reply);
    void read_metered(sd_bus_message* reply);
    /// Calls `see(name)` at each property; it reads the variant and returns true, or false.
    void each_property(sd_bus_message* reply, const std::function<bool(std::string_view)>& see);
    [[nodiscard]] bool read_boolean(sd_bus_message* message);
    [[nodiscard]] std::uint64_t read_number(sd_bus_message* message);
    [[nodiscard]] std::string read_text(sd_bus_message* message);
    void judge_sessions();

    std::string address_;
    const Clock& clock_;
    boost::asio::any_io_executor executor_;
    std::function<void()> on_change_;
    std::unique_ptr<BusLibrary> library_;
    sd_bus* bus_ = nullptr;
    std::map<std::uint64_t, Call> calls_;  ///< under way, by a number
    std::uint64_t next_call_ = 0;
    bool logind_changed_ = false;  ///< since it was asked
    Time logind_asked_;
    std::string current_path_;  ///< of the object whose reply is being read
    std::map<std::string, Session> sessions_;
    BusFacts facts_;
    UniqueFd inhibitor_;
};

}  // namespace gleaner::guest
