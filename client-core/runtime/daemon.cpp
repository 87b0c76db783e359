#include "client-core/runtime/daemon.h"

#include <fstream>
#include <utility>

#include <boost/asio/this_coro.hpp>

#include "client-core/control/guest_settings.h"
#include "client-core/platform/trim_memory.h"
#include "client-core/runtime/credentials.h"
#include "client-core/runtime/daemon_words.h"
#include "client-core/runtime/version.h"
#include "shared/async/deadline.h"
#include "shared/util/log.h"
#include "shared/util/replace_file.h"

namespace gleaner {

namespace asio = boost::asio;

namespace {

constexpr Duration flush_time = 300ms;
constexpr Duration trim_after_start = 15s;

void log_failure(const std::exception_ptr& exception) {
    spdlog::error("event=task_failed why=\"{}\"",
                  async_detail::error_from_exception(exception).message());
}

/// Where a node that was joined over the local socket has its coordinator.
std::filesystem::path home_file(const std::filesystem::path& folder) {
    return folder / "coordinator";
}

/// The option, else the coordinator that this node has joined, else the default.
std::string home_of(const DaemonParts& parts) {
    if (!parts.options.coordinator.empty()) return parts.options.coordinator;
    std::ifstream file(home_file(parts.folder.path()));
    std::string address;
    std::getline(file, address);
    return address.empty() ? default_coordinator : address;
}

std::map<std::string, DeviceOrder> orders_of(const guest::Decision& decision) {
    std::map<std::string, DeviceOrder> orders;
    for (const auto& [device, wanted] : decision.devices) {
        if (wanted.verdict == guest::Verdict::run) continue;
        DeviceOrder& order = orders[device];
        order.reason = guest::told_outside(wanted.reason);
        order.use = wanted.verdict == guest::Verdict::throttle ? DeviceOrder::Use::throttle
                    : wanted.release                           ? DeviceOrder::Use::release
                                                               : DeviceOrder::Use::suspend;
    }
    return orders;
}

/// Presence alone does not, nor the heat and the load that it makes itself.
bool ends_benchmark(guest::Reason reason) {
    switch (reason) {
        case guest::Reason::shutting_down:
        case guest::Reason::paused_by_person:
        case guest::Reason::seat_taken:
        case guest::Reason::game:
        case guest::Reason::full_screen:
        case guest::Reason::film:
        case guest::Reason::on_battery:
        case guest::Reason::device_lost:
        case guest::Reason::others_gpu:
            return true;
        default:
            return false;
    }
}

}  // namespace

std::vector<WatchedDevice> watched_devices(const std::vector<NodeDevice>& devices) {
    std::vector<WatchedDevice> watched;
    for (const NodeDevice& device : devices) watched.push_back({device.id, device.access});
    return watched;
}

Daemon::Daemon(DaemonParts parts, const Clock& clock, const asio::any_io_executor& executor)
    : parts_(std::move(parts)),
      clock_(clock),
      executor_(executor),
      home_(home_of(parts_)),
      log_(parts_.folder.path(), clock),
      benchmarks_({parts_.folder.path(), parts_.options.probe, parts_.gpu_bench_program,
                   *parts_.sandbox, clock, executor},
                  [this] { give_orders(); }),
      earnings_(parts_.folder.path(), clock),
      sent_(clock),
      today_(parts_.folder.path() / "today", clock),
      power_(
          parts_.folder.path() / "limited_power", {},
          [this](const Error& error) {
              log_.add(ActivityLog::Level::warning, words::power_not_limited(error));
          },
          executor),
      background_(executor, log_failure),
      wake_(executor),
      node_ended_(executor) {}

Daemon::~Daemon() = default;

asio::awaitable<Status> Daemon::run() {
    power_.want({});  // a crash may have left a limit
    if (parts_.watch) {
        guard_ = std::make_unique<GuestGuard>(parts_.folder.path(), std::move(parts_.watch), clock_,
                                              executor_);
        for (const Sentence& problem : guard_->problems())
            log_.add(ActivityLog::Level::warning, problem);
        guard_->start([this] { give_orders(); });
    }
    if (earnings_.damaged()) log_.add(ActivityLog::Level::warning, words::estimates_damaged());
    (void)background_.spawn(ask_hourly());
    (void)background_.spawn(keep_house());
    recall_consent();
    open_control();
    auto living = live();
    Status outcome = co_await std::move(living);
    // Who could ask for more first.
    if (control_) co_await control_->stop();
    if (guard_) co_await guard_->stop();
    co_await benchmarks_.stop();
    background_.cancel(asio::cancellation_type::terminal);
    co_await background_.join();
    co_await power_.stop();
    co_return outcome;
}

void Daemon::open_control() {
    ControlServerOptions options;
    options.path = parts_.options.control_socket.empty()
                       ? default_control_socket(parts_.folder.path())
                       : std::filesystem::path(parts_.options.control_socket);
    options.version = std::string(software_version);
    auto opened = ControlServer::open(std::move(options), *this, executor_);
    if (opened.has_error()) {
        // The node works all the same: what it does is in its status file.
        spdlog::warn("event=no_control_socket why=\"{}\"", opened.error().message());
        return;
    }
    control_ = std::move(opened).value();
    control_->start();
}

asio::awaitable<Status> Daemon::live() {
    while (!stopping_) {
        if (has_identity() || !parts_.token.empty()) {
            auto running = run_node();
            const Status ended = co_await std::move(running);
            if (std::exchange(leaving_, false)) {
                leave_now();
            } else if (ended.has_error() && !stopping_) {
                log_.add(ActivityLog::Level::error, words::cannot_go_on(ended.error().message()));
                if (!parts_.options.wait_to_join) co_return ended;
                problem_ = ended.error().message();
                parts_.token.clear();  // what was refused once is refused again
            }
            node_ended_.notify();
            if (stopping_) co_return ended;
        } else if (!parts_.options.wait_to_join) {
            co_return Error(ErrorCode::unauthenticated,
                            "this node is not enrolled: start it with --token (the owner of the "
                            "site makes one with `gleanerctl token new`)");
        }
        if (control_) control_->changed();
        co_await wake_.wait();
    }
    co_return ok();
}

asio::awaitable<Status> Daemon::run_node() {
    GLEANER_CO_TRY(auto address, parse_address(home_));
    problem_.clear();
    NodeParts parts{parts_.options,
                    parts_.folder,
                    std::move(address),
                    parts_.devices,
                    parts_.hardware_fingerprint,
                    parts_.token,
                    *parts_.sandbox,
                    *this};
    node_ = std::make_unique<Node>(std::move(parts), clock_, executor_);
    today_.node_starts();
    give_orders();
    auto running = node_->run();
    const Status ended = co_await std::move(running);
    node_changed();
    today_.save();
    node_.reset();
    if (guard_) limit_power();
    co_return ended;
}

bool Daemon::has_identity() const {
    // A file that cannot be read is the node's to explain.
    const auto loaded = Credentials::load(parts_.folder.path());
    return problem_.empty() && (loaded.has_error() || loaded.value().has_value());
}

Status Daemon::move_home(const std::string& coordinator) {
    if (parts_.options.coordinator.empty()) home_ = coordinator;
    return replace_file(home_file(parts_.folder.path()), coordinator + "\n");
}

void Daemon::stop() {
    if (std::exchange(stopping_, true)) return;
    if (node_) node_->stop();
    wake_.notify();
}

void Daemon::yield_benchmark() {
    if (!guard_ || !benchmarks_.device()) return;
    const auto found = guard_->decision().devices.find(*benchmarks_.device());
    if (found == guard_->decision().devices.end()) return;
    const guest::DeviceDecision& now = found->second;
    if (now.reason == benchmark_began_in_ || !ends_benchmark(now.reason)) return;
    benchmarks_.cancel(words::benchmark_stopped(now.why));
}

void Daemon::give_orders() {
    yield_benchmark();
    std::map<std::string, DeviceOrder> orders;
    auto forecast = work::IdleForecast::unknown;
    if (guard_) {
        orders = orders_of(guard_->decision());
        forecast = work::IdleForecast(guard_->forecast());
    }
    if (benchmarks_.device())
        orders[*benchmarks_.device()] = {DeviceOrder::Use::release, words::measuring().en};
    // Whoever came back is waiting: the log's disk and all else come afterwards.
    if (node_) node_->obey(std::move(orders), forecast);
    if (guard_) {
        if (node_) limit_node();
        limit_power();
        tell_log(guard_->decision());
        if (guard_->decision().whole == guest::Reason::shutting_down)
            (void)background_.spawn(let_system_go());
    }
    hand_in_reports();
    if (control_) control_->changed();
}

void Daemon::limit_node() {
    const guest::Settings settings = guard_->in_force();
    node_->limit_processor(settings.cpu_threads, settings.memory_bytes);
    node_->set_limits({settings.down_bytes_per_s, settings.up_bytes_per_s, settings.month_bytes},
                      settings.disk_bytes);
}

void Daemon::limit_power() {
    const std::uint32_t percent = guard_->in_force().gpu_power_percent;
    PowerWishes wanted;
    for (const NodeDevice& device : parts_.devices) {
        if (!node_ || percent >= 100 || device.access.kind != GpuAccess::Kind::nvidia) continue;
        const auto decided = guard_->decision().devices.find(device.id);
        const bool paused = decided != guard_->decision().devices.end() &&
                            decided->second.verdict == guest::Verdict::pause;
        // Whoever is back has all of the card's power back.
        if (!paused) wanted[device.access.minor] = percent;
    }
    power_.want(std::move(wanted));
}

void Daemon::tell_log(const guest::Decision& decision) {
    if (last_why_ == decision.why) return;
    last_why_ = decision.why;
    log_.add(ActivityLog::Level::info,
             decision.why.en.empty() ? words::may_work() : words::holds_still(decision.why));
}

asio::awaitable<void> Daemon::let_system_go() {
    // What obey() handed back is on its way: the line needs a moment, not more.
    co_await sleep_for(flush_time);
    guard_->release_shutdown();
}

void Daemon::count_today() {
    if (!node_) return;
    const WorkTotals totals = node_->view().totals;
    today_.note(totals.items + totals.streams, totals.prompt_tokens + totals.generated_tokens);
}

asio::awaitable<void> Daemon::keep_house() {
    bool trimmed = false;
    Duration wait = trim_after_start;
    while (true) {
        co_await sleep_for(wait);
        wait = 1min;
        count_today();
        const bool idle = !node_ || node_->view().models.empty();
        if (idle && !trimmed) trim_memory();
        trimmed = idle;
    }
}

void Daemon::node_changed() {
    count_today();
    if (guard_ && node_) {
        const NodeView view = node_->view();
        guard_->set_busy(!view.models.empty());
        const auto month = node_->traffic().this_month();
        guard_->set_month_bytes(month.down + month.up);
        guard_->set_devices(watched_devices(view.devices));
    }
    if (control_) control_->changed();
}

void Daemon::site_policy(const std::string& toml) {
    if (!guard_) return;
    std::optional<guest::Settings> settings;
    if (!toml.empty()) {
        auto read = settings_from_toml(toml, "the site's policy");
        if (read.has_error()) {
            // Of a newer version, say: what was in force stays so.
            log_.add(ActivityLog::Level::warning, words::failed(read.error()));
            return;
        }
        settings = std::move(read).value();
    }
    if (settings == guard_->site()) return;
    log_.add(ActivityLog::Level::info, words::site_policy(settings.has_value()));
    const Status set = guard_->set_site(std::move(settings));
    if (set.has_error()) log_.add(ActivityLog::Level::warning, words::failed(set.error()));
}

void Daemon::device_failed(const std::string& device, const std::string& why) {
    if (guard_) guard_->device_failed(device, why);
    log_.add(ActivityLog::Level::warning, words::device_failed(device, why));
}

}  // namespace gleaner
