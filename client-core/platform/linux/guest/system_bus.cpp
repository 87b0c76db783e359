#include "client-core/platform/linux/guest/system_bus.h"

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <fcntl.h>
#include <poll.h>
#include <string_view>
#include <system_error>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "shared/async/deadline.h"

namespace gleaner::guest {

namespace asio = boost::asio;

namespace {

constexpr const char* logind = "org.freedesktop.login1";
constexpr const char* logind_path = "/org/freedesktop/login1";
constexpr const char* logind_manager = "org.freedesktop.login1.Manager";
constexpr const char* logind_session = "org.freedesktop.login1.Session";
constexpr const char* network = "org.freedesktop.NetworkManager";
constexpr const char* network_path = "/org/freedesktop/NetworkManager";
constexpr const char* properties = "org.freedesktop.DBus.Properties";

Error bus_error(const char* what, int code) {
    return {ErrorCode::unavailable, std::string("D-Bus: ") + what + ": " +
                                        std::error_code(-code, std::generic_category()).message()};
}

}  // namespace

SystemBus::SystemBus(std::string address, const Clock& clock, const asio::any_io_executor& executor,
                     std::function<void()> on_change)
    : address_(std::move(address)),
      clock_(clock),
      executor_(executor),
      on_change_(std::move(on_change)) {}

SystemBus::~SystemBus() {
    if (bus_ == nullptr) return;
    library_->sd_bus_close(bus_);
    library_->sd_bus_unref(bus_);
}

Status SystemBus::connect() {
    GLEANER_TRY(auto library, BusLibrary::open());
    library_ = std::move(library);
    int code = 0;
    if (address_.empty()) {
        code = library_->sd_bus_open_system(&bus_);
    } else {
        code = library_->sd_bus_new(&bus_);
        if (code >= 0) code = library_->sd_bus_set_address(bus_, address_.c_str());
        if (code >= 0) code = library_->sd_bus_set_bus_client(bus_, 1);
        if (code >= 0) code = library_->sd_bus_start(bus_);
    }
    if (code < 0) return bus_error("the system bus cannot be reached", code);
    return ok();
}

namespace {

asio::awaitable<Result<bool>> until_ready(asio::posix::stream_descriptor& descriptor, int events) {
    using descriptor_type = asio::posix::stream_descriptor;
    const auto wanted =
        (events & POLLOUT) != 0 ? descriptor_type::wait_write : descriptor_type::wait_read;
    const auto [ec] = co_await descriptor.async_wait(wanted, asio::as_tuple(asio::use_awaitable));
    if (ec) co_return Error(ErrorCode::cancelled, "D-Bus: " + ec.message());
    co_return true;
}

}  // namespace

asio::awaitable<Result<bool>> SystemBus::wait(asio::posix::stream_descriptor& descriptor) {
    const int events = library_->sd_bus_get_events(bus_);
    if (events < 0) co_return bus_error("the system bus has ended", events);
    auto ready = until_ready(descriptor, events);
    if (calls_.empty() && !logind_changed_) co_return co_await std::move(ready);
    const Duration left = logind_asked_ + ask_interval - clock_.now();
    // An unanswered call is noticed when the bus is processed anew.
    const Duration limit = logind_changed_ ? std::max(left, Duration(1)) : answer_limit;
    auto waited = co_await with_deadline(std::move(ready), limit);
    if (!waited && waited.error().code() == ErrorCode::timeout) co_return false;
    co_return waited;
}

asio::awaitable<Status> SystemBus::run() {
    GLEANER_CO_TRY(connect());
    subscribe();
    // A duplicate, since the bus closes its own.
    asio::posix::stream_descriptor descriptor(executor_);
    descriptor.assign(dup(library_->sd_bus_get_fd(bus_)));
    Status ended = ok();
    for (;;) {
        const int code = library_->sd_bus_process(bus_, nullptr);
        if (code > 0) continue;
        if (code < 0) {
            ended = bus_error("the system bus has ended", code);
            break;
        }
        ask_logind_if_due();
        const auto waited = co_await wait(descriptor);
        if (!waited) {
            ended = waited.error();
            break;
        }
    }
    const bool stopped = !ended && ended.error().code() == ErrorCode::cancelled;
    const bool shutting_down = facts_.shutting_down;
    facts_ = {};
    // The bus ends late in a shutdown: that does not take it back.
    facts_.shutting_down = shutting_down;
    if (!stopped) on_change_();
    co_return ended;
}

void SystemBus::subscribe() {
    library_->sd_bus_match_signal_async(bus_, nullptr, logind, nullptr, nullptr, nullptr,
                                        on_logind_signal, nullptr, this);
    library_->sd_bus_match_signal_async(bus_, nullptr, network, network_path, properties,
                                        "PropertiesChanged", on_network_signal, nullptr, this);
    ask_logind();
    ask_network();
    hold_shutdown();
}

void SystemBus::ask(const Method& method, Handler handler,
                    std::initializer_list<const char*> arguments) {
    sd_bus_message* message = nullptr;
    if (library_->sd_bus_message_new_method_call(bus_, &message, method.service, method.path,
                                                 method.interface, method.member) < 0)
        return;
    // What does not run is not wanted on this machine: asking must not start it.
    library_->sd_bus_message_set_auto_start(message, 0);
    for (const char* const argument : arguments) {
        library_->sd_bus_message_append(message, "s", argument);
    }
    const std::uint64_t number = next_call_++;
    Call& call = calls_[number];
    call.bus = this;
    call.number = number;
    call.handler = handler;
    call.path = method.path;
    if (library_->sd_bus_call_async(bus_, nullptr, message, on_reply, &call,
                                    static_cast<std::uint64_t>(answer_limit.count())) < 0)
        calls_.erase(number);
    library_->sd_bus_message_unref(message);
}

int SystemBus::on_reply(sd_bus_message* message, void* call, sd_bus_error*) {
    const Call done = *static_cast<Call*>(call);
    SystemBus& bus = *done.bus;
    bus.calls_.erase(done.number);
    const bool refused = bus.library_->sd_bus_message_is_method_error(message, nullptr) != 0;
    bus.current_path_ = done.path;
    const BusFacts before = bus.facts_;
    (bus.*done.handler)(refused ? nullptr : message);
    if (!(bus.facts_ == before)) bus.on_change_();
    return 0;
}

void SystemBus::ask_logind_if_due() {
    if (logind_changed_ && clock_.now() >= logind_asked_ + ask_interval) ask_logind();
}

void SystemBus::ask_logind() {
    logind_changed_ = false;
    logind_asked_ = clock_.now();
    ask({logind, logind_path, properties, "GetAll"}, &SystemBus::read_manager, {logind_manager});
    ask({logind, logind_path, logind_manager, "ListInhibitors"}, &SystemBus::read_inhibitors, {});
    ask({logind, logind_path, logind_manager, "ListSessions"}, &SystemBus::read_sessions, {});
}

void SystemBus::ask_network() {
    ask({network, network_path, properties, "Get"}, &SystemBus::read_metered, {network, "Metered"});
}

void SystemBus::hold_shutdown() {
    ask({logind, logind_path, logind_manager, "Inhibit"}, &SystemBus::read_inhibitor,
        {"shutdown", "Gleaner", "Handing work back", "delay"});
}

void SystemBus::release_shutdown() {
    inhibitor_.reset();
}

int SystemBus::on_logind_signal(sd_bus_message* message, void* self, sd_bus_error*) {
    SystemBus& bus = *static_cast<SystemBus*>(self);
    const char* const member = bus.library_->sd_bus_message_get_member(message);
    if (member != nullptr && std::string_view(member) == "PrepareForShutdown") {
        int begins = 0;
        if (bus.library_->sd_bus_message_read(message, "b", &begins) < 0) return 0;
        bus.facts_.shutting_down = begins != 0;
        if (begins == 0 && !bus.holds_shutdown()) bus.hold_shutdown();
        bus.on_change_();
        return 0;
    }
    bus.logind_changed_ = true;
    return 0;
}

int SystemBus::on_network_signal(sd_bus_message*, void* self, sd_bus_error*) {
    static_cast<SystemBus*>(self)->ask_network();
    return 0;
}

bool SystemBus::read_boolean(sd_bus_message* message) {
    int value = 0;
    library_->sd_bus_message_read(message, "v", "b", &value);
    return value != 0;
}

std::uint64_t SystemBus::read_number(sd_bus_message* message) {
    std::uint64_t value = 0;
    library_->sd_bus_message_read(message, "v", "t", &value);
    return value;
}

std::string SystemBus::read_text(sd_bus_message* message) {
    const char* value = nullptr;
    library_->sd_bus_message_read(message, "v", "s", &value);
    return value == nullptr ? std::string() : std::string(value);
}

void SystemBus::each_property(sd_bus_message* reply,
                              const std::function<bool(std::string_view)>& see) {
    if (library_->sd_bus_message_enter_container(reply, 'a', "{sv}") <= 0) return;
    while (library_->sd_bus_message_enter_container(reply, 'e', "sv") > 0) {
        const char* name = nullptr;
        if (library_->sd_bus_message_read(reply, "s", &name) <= 0) return;
        if (!see(name)) library_->sd_bus_message_skip(reply, "v");
        if (library_->sd_bus_message_exit_container(reply) < 0) return;
    }
}

void SystemBus::read_manager(sd_bus_message* reply) {
    if (reply == nullptr) return;
    facts_.logind = true;
    bool idle = false;
    std::uint64_t since = 0;
    each_property(reply, [&](std::string_view name) {
        if (name == "IdleHint") {
            idle = read_boolean(reply);
        } else if (name == "IdleSinceHintMonotonic") {
            since = read_number(reply);
        } else if (name == "PreparingForShutdown") {
            facts_.shutting_down = read_boolean(reply);
        } else {
            return false;
        }
        return true;
    });
    facts_.idle_since.reset();
    if (!idle) return;
    // Logind's monotonic clock stops while the system sleeps, ours does not.
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    const std::int64_t monotonic = std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
    facts_.idle_since = clock_.now() - Duration(monotonic - static_cast<std::int64_t>(since));
}

void SystemBus::read_inhibitors(sd_bus_message* reply) {
    facts_.film.reset();
    if (reply == nullptr || library_->sd_bus_message_enter_container(reply, 'a', "(ssssuu)") <= 0)
        return;
    facts_.film.emplace();
    const char* what = nullptr;
    const char* who = nullptr;
    const char* why = nullptr;
    const char* mode = nullptr;
    std::uint32_t user = 0;
    std::uint32_t process = 0;
    while (library_->sd_bus_message_read(reply, "(ssssuu)", &what, &who, &why, &mode, &user,
                                         &process) > 0) {
        const std::string kinds = ":" + std::string(what) + ":";
        if (kinds.find(":idle:") != std::string::npos && std::string_view(mode) == "block" &&
            process != static_cast<std::uint32_t>(getpid()))
            facts_.film = *who == '\0' ? "?" : who;
    }
}

void SystemBus::read_sessions(sd_bus_message* reply) {
    if (reply == nullptr || library_->sd_bus_message_enter_container(reply, 'a', "(susso)") <= 0) {
        sessions_.clear();
        judge_sessions();
        return;
    }
    std::map<std::string, Session> present;
    const char* id = nullptr;
    std::uint32_t user = 0;
    const char* name = nullptr;
    const char* seat = nullptr;
    const char* path = nullptr;
    while (library_->sd_bus_message_read(reply, "(susso)", &id, &user, &name, &seat, &path) > 0) {
        // Without a seat nobody sits there: signed in over the network.
        if (std::string_view(seat).empty()) continue;
        present[path] = sessions_[path];
    }
    sessions_ = std::move(present);
    for (const auto& [object, session] : sessions_) {
        ask({logind, object.c_str(), properties, "GetAll"}, &SystemBus::read_session,
            {logind_session});
    }
    judge_sessions();
}

void SystemBus::read_session(sd_bus_message* reply) {
    const auto found = sessions_.find(current_path_);
    if (found == sessions_.end()) return;
    Session& session = found->second;
    session.told = true;
    std::string type;
    std::string kind;
    if (reply == nullptr) {  // it ended meanwhile
        session = {};
        session.told = true;
        judge_sessions();
        return;
    }
    each_property(reply, [&](std::string_view name) {
        if (name == "Active") {
            session.active = read_boolean(reply);
        } else if (name == "LockedHint") {
            session.locked = read_boolean(reply);
        } else if (name == "Class") {
            kind = read_text(reply);
        } else if (name == "Type") {
            type = read_text(reply);
        } else {
            return false;
        }
        return true;
    });
    session.person = kind == "user";
    session.seated = (session.person || kind == "greeter") &&
                     (type == "x11" || type == "wayland" || type == "mir" || type == "tty");
    judge_sessions();
}

void SystemBus::judge_sessions() {
    // Half an answer would be taken for a change.
    if (std::any_of(sessions_.begin(), sessions_.end(),
                    [](const auto& entry) { return !entry.second.told; }))
        return;
    facts_.seats = false;
    facts_.locked.reset();
    for (const auto& [path, session] : sessions_) {
        facts_.seats = *facts_.seats || session.seated;
        if (!session.active) continue;
        facts_.locked = facts_.locked.value_or(true) && (session.locked || !session.person);
    }
}

void SystemBus::read_inhibitor(sd_bus_message* reply) {
    int lent = -1;
    if (reply != nullptr && library_->sd_bus_message_read(reply, "h", &lent) > 0)
        inhibitor_ = UniqueFd(fcntl(lent, F_DUPFD_CLOEXEC, 0));
}

void SystemBus::read_metered(sd_bus_message* reply) {
    // NMMetered: unknown, yes, no, guessed yes, guessed no.
    std::uint32_t value = 0;
    if (reply == nullptr || library_->sd_bus_message_read(reply, "v", "u", &value) <= 0) return;
    facts_.network_manager = true;
    facts_.metered.reset();
    if (value != 0) facts_.metered = value == 1 || value == 3;
}

}  // namespace gleaner::guest
