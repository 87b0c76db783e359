#include "client-core/platform/linux/guest/linux_guest_watch.h"

#include <algorithm>

#include "shared/async/deadline.h"
#include "shared/async/offload.h"
#include "shared/util/log.h"

namespace gleaner {

std::unique_ptr<GuestWatch> GuestWatch::create(GuestWatchOptions options, const Clock& clock,
                                               boost::asio::any_io_executor executor) {
    return std::make_unique<guest::LinuxGuestWatch>(std::move(options), clock, executor);
}

}  // namespace gleaner

namespace gleaner::guest {

namespace asio = boost::asio;
namespace fs = std::filesystem;

namespace {

/// What could not be reached is tried again so much later.
constexpr Duration retry_interval = 60s;
constexpr std::size_t desktops_max = 16;

Sentence none_found(const Sentence& why) {
    return {"none found: " + why.en, "没有：" + why.zh};
}

Sentence x11_words(const Error& error) {
    switch (error.code()) {
        case ErrorCode::permission_denied:
            return {error.message(), "X11：服务器不接受已有的密钥（XAUTHORITY）"};
        case ErrorCode::unsupported:
            return {error.message(), "X11：缺少所需的库，或服务器过旧"};
        default:
            return {error.message(), "X11：无法连接服务器"};
    }
}

Sentence wayland_words(const Error& error) {
    return {error.message(), error.code() == ErrorCode::unsupported
                                 ? "Wayland：合成器不提供 ext-idle-notify-v1"
                                 : "Wayland：无法连接合成器"};
}

Sentence bus_words(const std::optional<Error>& problem) {
    if (!problem) return {"logind does not answer", "logind 没有应答"};
    return {problem->message(), problem->code() == ErrorCode::unsupported
                                    ? "D-Bus：缺少 libsystemd，或版本过旧"
                                    : "D-Bus：无法连接系统总线"};
}

Sampler::Places sampler_places(const GuestWatchOptions& options) {
    Sampler::Places places;
    places.root = options.root;
    places.environment = options.environment;
    places.nvidia = options.nvidia;
    places.own_processes = options.own_processes;
    return places;
}

}  // namespace

LinuxGuestWatch::LinuxGuestWatch(GuestWatchOptions options, const Clock& clock,
                                 const asio::any_io_executor& executor)
    : clock_(clock),
      executor_(executor),
      devices_(options.devices),
      bus_address_(options.system_bus),
      root_(options.root),
      sampler_(sampler_places(options)),
      evdev_(options.root, executor,
             [this] {
                 note_input(clock_.now());
                 publish();
             }),
      hurry_(executor),
      worker_(1),
      tasks_(executor) {}

void LinuxGuestWatch::start(std::function<void()> on_change) {
    on_change_ = std::move(on_change);
    evdev_.start();
    static_cast<void>(tasks_.spawn(sample_again_and_again()));
    static_cast<void>(tasks_.spawn(keep_bus()));
}

asio::awaitable<void> LinuxGuestWatch::stop() {
    on_change_ = nullptr;
    release_shutdown();
    co_await evdev_.stop();
    tasks_.cancel(asio::cancellation_type::terminal);
    co_await tasks_.join();
    x11_.clear();
    wayland_.clear();
    bus_.reset();
}

void LinuxGuestWatch::set_pace(Duration interval) {
    const Duration wanted = std::max(interval, pace_min);
    if (wanted < pace_) hurry_.notify();
    pace_ = wanted;
}

void LinuxGuestWatch::set_devices(std::vector<WatchedDevice> devices) {
    if (devices == devices_) return;
    devices_ = std::move(devices);
    hurry_.notify();
}

void LinuxGuestWatch::release_shutdown() {
    if (bus_ != nullptr) bus_->release_shutdown();
}

asio::awaitable<void> LinuxGuestWatch::sample_again_and_again() {
    for (;;) {
        const bool find_keys = keys_stale_ || retry_due();
        keys_stale_ = false;
        std::function<Result<Sample>()> work = [this, devices = devices_, find_keys] {
            return Result<Sample>(sampler_.take(clock_.now(), devices, find_keys));
        };
        const Time begun = clock_.now();
        auto sample = co_await offload<Sample>(worker_.get_executor(), std::move(work));
        if (sample) {
            apply(sample.value());
            forget_gone(sample.value());
            reach_desktops(sample.value());
            look_at_desktops();
            look_at_bus();
            judge_desktop();
            publish();
        } else {
            spdlog::warn("guest event=not_sampled reason=\"{}\"", sample.error().message());
        }
        // However much is asked for in a hurry, not more often than this.
        const Duration least = pace_min - (clock_.now() - begun);
        if (least > Duration::zero()) co_await sleep_for(least);
        static_cast<void>(co_await hurry_.wait_for(std::max(pace_ - pace_min, Duration(1))));
    }
}

asio::awaitable<void> LinuxGuestWatch::keep_bus() {
    for (;;) {
        bus_ = std::make_unique<SystemBus>(bus_address_, clock_, executor_, [this] {
            look_at_bus();
            judge_desktop();
            publish();
        });
        const Status ended = co_await bus_->run();
        if (!ended) bus_problem_ = ended.error();
        bus_settled_ = true;
        judge_desktop();
        publish();
        co_await sleep_for(retry_interval);
    }
}

bool LinuxGuestWatch::may_try(const fs::path& socket) const {
    if (x11_.size() + wayland_.size() >= desktops_max) return false;
    const auto failed = failures_.find(socket);
    return failed == failures_.end() || clock_.now() - failed->second.at >= retry_interval;
}

bool LinuxGuestWatch::retry_due() const {
    return std::any_of(failures_.begin(), failures_.end(), [this](const auto& entry) {
        return clock_.now() - entry.second.at >= retry_interval;
    });
}

void LinuxGuestWatch::forget_gone(const Sample& sample) {
    std::erase_if(failures_, [&](const auto& failure) {
        const fs::path& socket = failure.first;
        return std::none_of(sample.x11.begin(), sample.x11.end(),
                            [&](const X11Place& place) { return place.socket == socket; }) &&
               std::find(sample.wayland.begin(), sample.wayland.end(), socket) ==
                   sample.wayland.end();
    });
}

void LinuxGuestWatch::judge_desktop() {
    if (bus_ != nullptr && bus_->facts().seats) bus_settled_ = true;
    if (!sampled_ || !bus_settled_) return;
    bool there = bus_ != nullptr && bus_->facts().seats.value_or(false);
    bool undecided = false;  // still connecting
    const auto see = [&](bool reached) {
        there = there || reached;
        undecided = undecided || !reached;
    };
    for (const auto& [socket, session] : x11_) see(session->state().reached);
    for (const auto& [socket, idle] : wayland_) see(idle->reached());
    // One that lets nobody look at it is a desktop all the same.
    for (const auto& [socket, failure] : failures_) there = there || failure.there;
    if (there || !undecided) facts_.desktop = there;
}

void LinuxGuestWatch::reach_desktops(const Sample& sample) {
    for (const X11Place& place : sample.x11) {
        if (x11_.contains(place.socket) || !may_try(place.socket)) continue;
        x11_[place.socket] = std::make_unique<X11Session>(place, root_, clock_, executor_);
        static_cast<void>(tasks_.spawn(watch_x11(place.socket)));
    }
    for (const fs::path& socket : sample.wayland) {
        if (wayland_.contains(socket) || !may_try(socket)) continue;
        wayland_[socket] = std::make_unique<WaylandIdle>(socket, executor_, [this, socket] {
            const WaylandIdle& idle = *wayland_.at(socket);
            // The last input was so long ago, not when it was looked at last.
            if (idle.works() && !idle.active()) note_input(clock_.now() - WaylandIdle::quiet);
            look_at_desktops();
            judge_desktop();
            publish();
        });
        static_cast<void>(tasks_.spawn(watch_wayland(socket)));
    }
}

asio::awaitable<void> LinuxGuestWatch::watch_x11(fs::path socket) {
    X11Session& session = *x11_.at(socket);
    while (co_await session.changed()) {
        look_at_desktops();
        const X11Session::State state = session.state();
        if (state.ended) {
            keys_stale_ = true;
            failures_.erase(socket);
            if (!state.worked) {
                Failure& failure = failures_[socket];
                failure.at = clock_.now();
                failure.there = state.reached;
                if (state.problem) failure.why = x11_words(*state.problem);
            }
            x11_.erase(socket);
            look_at_desktops();
            judge_desktop();
            publish();
            co_return;
        }
        judge_desktop();
        publish();
    }
}

asio::awaitable<void> LinuxGuestWatch::watch_wayland(fs::path socket) {
    const Status ended = co_await wayland_.at(socket)->run();
    const WaylandIdle& idle = *wayland_.at(socket);
    failures_.erase(socket);
    if (!idle.worked()) {
        Failure& failure = failures_[socket];
        failure.at = clock_.now();
        failure.there = idle.reached();
        if (!ended) failure.why = wayland_words(ended.error());
    }
    wayland_.erase(socket);
    look_at_desktops();
    judge_desktop();
    publish();
}

void LinuxGuestWatch::note_input(Time when) {
    if (!facts_.last_input || *facts_.last_input < when) facts_.last_input = when;
}

void LinuxGuestWatch::look_at_desktops() {
    facts_.full_screen.reset();
    for (const auto& [socket, session] : x11_) {
        const X11Session::State state = session->state();
        if (state.last_input && state.input_works) note_input(*state.last_input);
        if (!state.full_screen) continue;
        // A server within Wayland sees its own windows only: that none of them is, says nothing.
        const bool tells = state.input_works || !state.full_screen->empty();
        if (tells && facts_.full_screen.value_or("").empty())
            facts_.full_screen = state.full_screen;
    }
    for (const auto& [socket, idle] : wayland_) {
        if (idle->active()) note_input(clock_.now());
    }
}

bool LinuxGuestWatch::other_input_works() const {
    return evdev_.devices() > 0 ||
           std::any_of(x11_.begin(), x11_.end(),
                       [](const auto& entry) { return entry.second->state().input_works; }) ||
           std::any_of(wayland_.begin(), wayland_.end(),
                       [](const auto& entry) { return entry.second->works(); });
}

void LinuxGuestWatch::look_at_bus() {
    if (bus_ == nullptr) return;
    const BusFacts& told = bus_->facts();
    facts_.locked = told.locked;
    facts_.film = told.film;
    facts_.metered = told.metered;
    facts_.shutting_down = told.shutting_down;
    if (told.logind && told.seats.value_or(false) && !other_input_works())
        note_input(told.idle_since.value_or(clock_.now()));
}

void LinuxGuestWatch::apply(const Sample& sample) {
    facts_.programs = sample.programs;
    facts_.others_cpu_percent.reset();
    if (sample.cpu) facts_.others_cpu_percent = sample.cpu->others;
    facts_.on_battery = sample.power.on_battery;
    facts_.battery_percent = sample.power.percent;
    facts_.cpu_celsius = sample.cpu_celsius;
    facts_.memory_available_bytes = sample.memory_available_bytes;
    facts_.devices = sample.devices;
    gpu_ = sample.gpu;
    sampled_ = true;
}

void LinuxGuestWatch::publish() {
    if (!on_change_ || facts_ == published_) return;
    published_ = facts_;
    on_change_();
}

WatchSource LinuxGuestWatch::input_source() const {
    WatchSource source;
    source.what = "input";
    std::vector<Sentence> ways;
    if (evdev_.devices() > 0) ways.push_back(evdev_.words());
    for (const auto& [socket, session] : x11_) {
        const std::string display = std::to_string(session->place().display);
        if (session->state().input_works)
            ways.push_back({"X11 display :" + display, "X11 显示 :" + display});
    }
    for (const auto& [socket, idle] : wayland_) {
        const std::string name = socket.filename().string();
        if (idle->works()) ways.push_back({"Wayland (" + name + ")", "Wayland（" + name + "）"});
    }
    if (ways.empty() && bus_ != nullptr && bus_->facts().logind &&
        bus_->facts().seats.value_or(false))
        ways.push_back({"logind's idle hint (coarse)", "logind 的空闲提示（较粗略）"});
    source.works = !ways.empty();
    if (ways.empty()) {
        ways.push_back(none_found(evdev_.words()));
        for (const auto& [socket, failure] : failures_) ways.push_back(failure.why);
    }
    for (const Sentence& way : ways) {
        source.words.en += (source.words.en.empty() ? "" : "; ") + way.en;
        source.words.zh += (source.words.zh.empty() ? "" : "；") + way.zh;
    }
    return source;
}

WatchSource LinuxGuestWatch::screen_source() const {
    WatchSource source;
    source.what = "full screen";
    source.words = none_found({"no X11 session", "没有 X11 会话"});
    if (!wayland_.empty())
        source.words = {"unknown: Wayland does not tell which program fills it",
                        "未知：Wayland 不告知哪个程序占满屏幕"};
    for (const auto& [socket, session] : x11_) {
        const X11Session::State state = session->state();
        if (!state.connected) continue;
        source.works = true;
        source.words = {"X11", "X11"};
        if (!state.input_works)
            source.words = {"X11 programs within Wayland only", "仅限 Wayland 中的 X11 程序"};
    }
    return source;
}

std::vector<WatchSource> LinuxGuestWatch::sources() const {
    const bool logind = bus_ != nullptr && bus_->facts().logind;
    const bool network = bus_ != nullptr && bus_->facts().network_manager;
    const Sentence by_logind =
        logind ? Sentence{"logind", "logind"} : none_found(bus_words(bus_problem_));
    const auto bus_source = [](const char* what, bool works, Sentence words) {
        WatchSource source;
        source.what = what;
        source.works = works;
        source.words = std::move(words);
        return source;
    };
    std::vector<WatchSource> all = {input_source(), screen_source()};
    for (const char* const what : {"film", "lock", "shutdown"}) {
        all.push_back(bus_source(what, logind, by_logind));
    }
    all.push_back(bus_source("network", network,
                             network ? Sentence{"NetworkManager", "NetworkManager"}
                                     : none_found({"no NetworkManager", "没有 NetworkManager"})));
    all.push_back(gpu_);
    return all;
}

}  // namespace gleaner::guest
