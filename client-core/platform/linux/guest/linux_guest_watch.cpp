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
        std::function<Result<Sample>()> work = [this, devices = devices_] {
            return Result<Sample>(sampler_.take(clock_.now(), devices));
        };
        const Time begun = clock_.now();
        auto sample = co_await offload<Sample>(worker_.get_executor(), std::move(work));
        if (sample) {
            apply(sample.value());
            reach_desktops(sample.value());
            look_at_desktops();
            look_at_bus();
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
            publish();
        });
        const Status ended = co_await bus_->run();
        if (!ended) bus_problem_ = ended.error().message();
        co_await sleep_for(retry_interval);
    }
}

bool LinuxGuestWatch::may_try(const fs::path& socket) const {
    if (x11_.size() + wayland_.size() >= desktops_max) return false;
    const auto failed = failures_.find(socket);
    return failed == failures_.end() || clock_.now() - failed->second >= retry_interval;
}

void LinuxGuestWatch::reach_desktops(const Sample& sample) {
    for (const X11Place& place : sample.x11) {
        if (x11_.contains(place.socket) || !may_try(place.socket)) continue;
        x11_[place.socket] = std::make_unique<X11Session>(place, root_, clock_, executor_);
        static_cast<void>(tasks_.spawn(watch_x11(place.socket)));
    }
    for (const fs::path& socket : sample.wayland) {
        if (wayland_.contains(socket) || !may_try(socket)) continue;
        wayland_[socket] = std::make_unique<WaylandIdle>(socket, executor_, [this] {
            look_at_desktops();
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
            problems_[socket] = state.problem;
            failures_[socket] = clock_.now();
            x11_.erase(socket);
            look_at_desktops();
            publish();
            co_return;
        }
        publish();
    }
}

asio::awaitable<void> LinuxGuestWatch::watch_wayland(fs::path socket) {
    const Status ended = co_await wayland_.at(socket)->run();
    if (!ended) problems_[socket] = ended.error().message();
    failures_[socket] = clock_.now();
    wayland_.erase(socket);
    look_at_desktops();
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
    if (told.logind) facts_.film = told.film;
    facts_.metered = told.metered;
    facts_.shutting_down = told.shutting_down;
    if (told.logind && told.seats && !other_input_works())
        note_input(told.idle_since.value_or(clock_.now()));
}

void LinuxGuestWatch::apply(const Sample& sample) {
    facts_.programs = sample.programs;
    facts_.others_cpu_percent = sample.others_cpu_percent;
    facts_.on_battery = sample.power.on_battery;
    facts_.battery_percent = sample.power.percent;
    facts_.cpu_celsius = sample.cpu_celsius;
    facts_.memory_available_bytes = sample.memory_available_bytes;
    facts_.devices = sample.devices;
    gpu_ = sample.gpu;
    // One that lets nobody look at it is a desktop all the same.
    const bool seats = bus_ != nullptr && bus_->facts().seats;
    facts_.desktop = seats || !x11_.empty() || !wayland_.empty() || !failures_.empty();
}

void LinuxGuestWatch::publish() {
    if (!on_change_ || facts_ == published_) return;
    published_ = facts_;
    on_change_();
}

WatchSource LinuxGuestWatch::input_source() const {
    WatchSource source;
    source.what = "input";
    std::vector<std::string> ways;
    if (evdev_.devices() > 0) ways.push_back(evdev_.words());
    for (const auto& [socket, session] : x11_) {
        if (session->state().input_works)
            ways.push_back("X11 display :" + std::to_string(session->place().display));
    }
    for (const auto& [socket, idle] : wayland_) {
        if (idle->works()) ways.push_back("Wayland (" + socket.filename().string() + ")");
    }
    if (ways.empty() && bus_ != nullptr && bus_->facts().logind && bus_->facts().seats)
        ways.emplace_back("logind's idle hint (coarse)");
    source.works = !ways.empty();
    if (ways.empty()) {
        ways.push_back("none found: " + evdev_.words());
        for (const auto& [socket, problem] : problems_) ways.push_back(problem);
    }
    for (const std::string& way : ways) {
        source.words += (source.words.empty() ? "" : "; ") + way;
    }
    return source;
}

WatchSource LinuxGuestWatch::screen_source() const {
    WatchSource source;
    source.what = "full screen";
    source.words = "none found: no X11 session";
    if (!wayland_.empty()) source.words = "unknown: Wayland does not tell which program fills it";
    for (const auto& [socket, session] : x11_) {
        const X11Session::State state = session->state();
        if (!state.connected) continue;
        source.works = true;
        source.words = state.input_works ? "X11" : "X11 programs within Wayland only";
    }
    return source;
}

std::vector<WatchSource> LinuxGuestWatch::sources() const {
    const bool logind = bus_ != nullptr && bus_->facts().logind;
    const bool network = bus_ != nullptr && bus_->facts().network_manager;
    const std::string no_logind =
        "none found: " + (bus_problem_.empty() ? "logind does not answer" : bus_problem_);
    const auto bus_source = [](const char* what, bool works, std::string words) {
        WatchSource source;
        source.what = what;
        source.works = works;
        source.words = std::move(words);
        return source;
    };
    std::vector<WatchSource> all = {input_source(), screen_source()};
    for (const char* const what : {"film", "lock", "shutdown"}) {
        all.push_back(bus_source(what, logind, logind ? "logind" : no_logind));
    }
    all.push_back(bus_source("network", network,
                             network ? "NetworkManager" : "none found: no NetworkManager"));
    all.push_back(gpu_);
    return all;
}

}  // namespace gleaner::guest
