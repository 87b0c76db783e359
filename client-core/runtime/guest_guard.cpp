#include "client-core/runtime/guest_guard.h"

#include <ctime>
#include <fstream>
#include <iterator>
#include <utility>

#include "client-core/control/guest_settings.h"
#include "shared/util/log.h"
#include "shared/util/replace_file.h"

namespace gleaner {

namespace asio = boost::asio;
namespace fs = std::filesystem;

namespace {

constexpr const char* local_file = "settings.toml";
constexpr const char* site_file = "site_settings.toml";
constexpr const char* history_file = "idle_history.txt";
constexpr const char* free_hours_file = "free_hours.txt";
constexpr Duration busy_pace = 1s;
constexpr Duration quiet_pace = 5s;
constexpr Duration save_interval = 10min;

void put_aside(const fs::path& file) {
    std::error_code ignored;
    fs::rename(file, file.string() + ".damaged", ignored);
}

bool same_outcome(const guest::Decision& a, const guest::Decision& b) {
    return a.whole == b.whole && a.devices == b.devices && a.why == b.why;
}

/// A spell of idleness is one between inputs, whatever else pauses the node.
bool in_use(const guest::Facts& facts, Time now) {
    constexpr Duration absent = 5min;
    return facts.seat == guest::Seat::taken ||
           (facts.last_input && now - *facts.last_input < absent);
}

}  // namespace

GuestGuard::GuestGuard(fs::path folder, std::unique_ptr<GuestWatch> watch, const Clock& clock,
                       const asio::any_io_executor& executor)
    : folder_(std::move(folder)),
      watch_(std::move(watch)),
      clock_(clock),
      timer_(executor),
      minute_(executor),
      history_saved_(clock.now()) {
    bool found = false;
    local_ = read(folder_ / local_file, found);
    guest::Settings site = read(folder_ / site_file, found);
    if (found) site_ = std::move(site);
    read_learned(history_file, history_);
    read_learned(free_hours_file, free_hours_);
}

GuestGuard::~GuestGuard() = default;

guest::Settings GuestGuard::read(const fs::path& file, bool& found) {
    auto settings = load_settings(file);
    found = settings.has_value();
    if (found) return std::move(settings).value();
    if (settings.error().code() != ErrorCode::not_found) {
        put_aside(file);
        problems_.push_back(
            {"The settings could not be read and are the suggested ones now; the old "
             "file is kept beside them. " +
                 settings.error().message(),
             "设置文件无法读取，已改用推荐设置，原文件保留在旁边。" + settings.error().message()});
        spdlog::warn("event=settings_damaged why=\"{}\"", settings.error().message());
    }
    return guest::suggested(guest::MachineKind::home);
}

template <class Learned>
void GuestGuard::read_learned(const char* name, Learned& learned) {
    const fs::path file = folder_ / name;
    std::ifstream in(file, std::ios::binary);
    if (!in) return;
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    auto read = Learned::from_text(text);
    if (read.has_value()) {
        learned = std::move(read).value();
        return;
    }
    put_aside(file);
    problems_.push_back(
        {"What was learned about this PC's idle times was damaged: it is learned anew.",
         "本机空闲时间记录已损坏，将重新学习。"});
}

void GuestGuard::save_history() {
    // What cannot be written now is written the next time.
    if (replace_file(folder_ / history_file, history_.to_text()) &&
        replace_file(folder_ / free_hours_file, free_hours_.to_text()))
        history_saved_ = clock_.now();
}

guest::Moment GuestGuard::moment() const {
    const auto seconds = static_cast<std::time_t>(clock_.wall().seconds());
    std::tm local{};
    localtime_r(&seconds, &local);
    return {clock_.now(), static_cast<std::uint32_t>((local.tm_wday + 6) % 7),
            static_cast<std::uint32_t>(local.tm_hour * 3'600 + local.tm_min * 60 +
                                       std::min(local.tm_sec, 59))};
}

void GuestGuard::start(std::function<void()> on_decision) {
    on_decision_ = std::move(on_decision);
    started_ = true;
    watch_->start([this] { decide(); });
    decide();
    learn_each_minute();
}

asio::awaitable<void> GuestGuard::stop() {
    started_ = false;
    timer_.cancel();
    minute_.cancel();
    auto stopping = watch_->stop();
    co_await std::move(stopping);
    save_history();
}

guest::Settings GuestGuard::in_force() const {
    return site_ ? guest::strictest(*site_, local_) : local_;
}

void GuestGuard::decide() {
    if (!started_) return;
    facts_ = watch_->facts();
    facts_.seat = seat_;
    facts_.month_bytes = month_bytes_;
    const guest::Moment now = moment();
    learn(now);
    guest::Decision next = policy_.decide(facts_, in_force(), now);
    const bool differs = !same_outcome(next, decision_);
    decision_ = std::move(next);
    wait_to_look();
    if (differs) on_decision_();
    if (now.now - history_saved_ > save_interval) save_history();
}

void GuestGuard::learn(const guest::Moment& now) {
    history_.note(in_use(facts_, now.now), now);
    free_hours_.note(in_use(facts_, now.now), now);
}

void GuestGuard::learn_each_minute() {
    minute_.expires_after(1min);
    minute_.async_wait([this](const boost::system::error_code& interrupted) {
        if (interrupted) return;
        learn(moment());
        learn_each_minute();
    });
}

void GuestGuard::wait_to_look() {
    timer_.cancel();
    if (!decision_.look_again) return;
    timer_.expires_after(std::max(Duration{}, *decision_.look_again - clock_.now()));
    timer_.async_wait([this](const boost::system::error_code& interrupted) {
        if (!interrupted) decide();
    });
}

guest::IdleBucket GuestGuard::forecast() const {
    return history_.forecast(moment());
}

std::array<std::int64_t, 7> GuestGuard::on_offer() const {
    return free_hours_.on_offer(in_force(), facts_.seat != guest::Seat::unknown);
}

std::uint32_t GuestGuard::ends_in_s() const {
    if (!decision_.ends) return 0;
    const auto left = std::chrono::ceil<std::chrono::seconds>(*decision_.ends - clock_.now());
    return static_cast<std::uint32_t>(std::max<std::int64_t>(0, left.count()));
}

void GuestGuard::pause(std::optional<Duration> how_long) {
    policy_.pause(how_long ? std::optional(clock_.now() + *how_long) : std::nullopt);
    decide();
}

void GuestGuard::pause_until_tomorrow() {
    policy_.pause_until_tomorrow(moment());
    decide();
}

void GuestGuard::resume() {
    policy_.resume(clock_.now());
    decide();
}

bool GuestGuard::paused_by_person() const {
    return decision_.whole == guest::Reason::paused_by_person ||
           decision_.whole == guest::Reason::snoozed_for_program;
}

void GuestGuard::seat(bool taken) {
    seat_ = taken ? guest::Seat::taken : guest::Seat::free;
    decide();
}

void GuestGuard::clear_failure(const std::string& device) {
    policy_.clear_failure(device);
    decide();
}

Status GuestGuard::set_local(guest::Settings settings) {
    GLEANER_TRY(guest::check(settings));
    GLEANER_TRY(save_settings(folder_ / local_file, settings));
    local_ = std::move(settings);
    settings_changed();
    return ok();
}

Status GuestGuard::set_site(std::optional<guest::Settings> settings) {
    if (settings) {
        GLEANER_TRY(guest::check(*settings));
        GLEANER_TRY(save_settings(folder_ / site_file, *settings));
    } else {
        std::error_code ignored;
        fs::remove(folder_ / site_file, ignored);
    }
    site_ = std::move(settings);
    settings_changed();
    return ok();
}

void GuestGuard::settings_changed() {
    decide();
    if (started_) on_decision_();  // limits count, too
}

void GuestGuard::device_failed(const std::string& device, const std::string& why) {
    policy_.device_failed(device, why, clock_.now());
    decide();
}

void GuestGuard::set_devices(std::vector<WatchedDevice> devices) {
    watch_->set_devices(std::move(devices));
}

void GuestGuard::set_busy(bool busy) {
    watch_->set_pace(busy ? busy_pace : quiet_pace);
}

void GuestGuard::set_month_bytes(std::uint64_t bytes) {
    if (std::exchange(month_bytes_, bytes) != bytes) decide();
}

}  // namespace gleaner
