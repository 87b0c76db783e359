/// Reserved machines: told to the scheduler, metered by the minute, billed by the hour.

#include <algorithm>

#include "coordinator/core/metering/reference_speed.h"
#include "coordinator/runtime/grid_state.h"
#include "shared/util/check.h"
#include "shared/util/log.h"

namespace gleaner::runtime {

namespace asio = boost::asio;

namespace {

constexpr std::int64_t micros_of_minute = 60'000'000;
constexpr std::int64_t micros_of_hour = 60 * micros_of_minute;
/// A coordinator that was suspended delivered nothing meanwhile.
constexpr Duration metered_at_once_max = std::chrono::minutes(2);

bool same(const store::RunningReservation& a, const store::RunningReservation& b) {
    return a.reserved == b.reserved && a.funded == b.funded;
}

}  // namespace

void Grid::State::take_reservations(std::vector<store::RunningReservation> running) {
    std::map<std::string, store::RunningReservation> now;
    for (auto& one : running) now.emplace(one.id, std::move(one));
    const auto before = std::exchange(reservations, now);
    for (const auto& [id, one] : now) {
        const auto known = before.find(id);
        if (known != before.end() && same(known->second, one)) continue;
        if (!one.funded)
            spdlog::warn("event=reservation_not_funded contract={} customer={}", id,
                         one.customer.get());
        // Machines that nobody can pay for go back until somebody can.
        const auto devices = one.funded ? static_cast<std::uint32_t>(one.reserved.devices) : 0U;
        tell(core::ReservationOpened{id, one.reserved.device_class, devices,
                                     one.reserved.privacy == PrivacyClass::certified});
    }
    for (const auto& [id, one] : before)
        if (!now.contains(id)) tell(core::ReservationClosed{id});
}

/// Of jobs that were taken up after their reservation was over. One that was signed a moment ago
/// may not have been read yet: it is orphaned when it is missing twice.
void Grid::State::close_orphaned_reservations() {
    std::set<std::string> orphaned;
    for (const auto& [id, job] : jobs) {
        const auto& reservation = job.record.terms.reservation;
        if (!reservation.empty() && !job.drained && !reservations.contains(reservation))
            orphaned.insert(reservation);
    }
    for (const auto& id : orphaned)
        if (orphaned_reservations.contains(id)) tell(core::ReservationClosed{id});
    orphaned_reservations = std::move(orphaned);
}

/// With each whole minute of the clock, so that reservations begin and end on the hour.
void Grid::State::meter_reservations_later() {
    const std::int64_t into = clock.wall().micros % micros_of_minute;
    reservation_timer.expires_after(std::chrono::microseconds(micros_of_minute - into));
    reservation_timer.async_wait([this](const boost::system::error_code& problem) {
        if (problem || stopping) return;
        const bool spawned = tasks.spawn(reservations_minute());
        GLEANER_CHECK(spawned, "the grid's tasks are unbounded");
        meter_reservations_later();
    });
}

asio::awaitable<void> Grid::State::reservations_minute() {
    co_await meter_reservations();
    co_await bill_reserved_hours();
    co_await read_reservations();
}

asio::awaitable<void> Grid::State::meter_reservations() {
    const Duration passed = std::min(clock.now() - reservations_metered, metered_at_once_max);
    reservations_metered = clock.now();
    if (reservations.empty() && unsaved_delivered.empty()) co_return;
    // The minute's hour is that of its middle: timers are late by some milliseconds.
    const std::int64_t hour = (clock.wall() - passed / 2).micros / micros_of_hour;
    // Shared with the store's thread.
    const auto delivered =
        std::make_shared<std::vector<store::DeliveredTime>>(std::exchange(unsaved_delivered, {}));
    for (const auto& one : scheduler->dedicated()) {
        const auto node = nodes.find(one.node);
        const auto reserved = reservations.find(one.reservation);
        if (node == nodes.end() || reserved == reservations.end() || !reserved->second.funded)
            continue;
        store::DeliveredTime time;
        time.contract = one.reservation;
        time.node = one.node;
        time.site = node->second.facts.site;
        time.owner = node->second.facts.owner;
        time.hour = hour;
        time.device_micros = passed.count() * one.devices;
        time.reference_micros =
            core::reference_micros(time.device_micros, node->second.facts.reference_permille);
        delivered->push_back(std::move(time));
    }
    std::vector<std::pair<std::string, std::int64_t>> unfunded;
    for (const auto& [id, one] : reservations)
        if (!one.funded) unfunded.emplace_back(id, passed.count());
    std::function<Result<int>(store::Store&)> add = [delivered, unfunded,
                                                     hour](store::Store& db) -> Result<int> {
        GLEANER_TRY(store::CustomerContracts(db).add_delivered(*delivered, unfunded, hour));
        return 0;
    };
    const auto added = co_await store.write(std::move(add));
    if (added.has_error()) {
        spdlog::warn("event=delivered_time_not_saved rows={} why=\"{}\"", delivered->size(),
                     added.error().message());
        unsaved_delivered.insert(unsaved_delivered.end(), delivered->begin(), delivered->end());
    }
}

/// Once an hour, and after a start: also of what has ended meanwhile.
asio::awaitable<void> Grid::State::bill_reserved_hours() {
    const std::int64_t hour = clock.wall().micros / micros_of_hour;
    if (hour == billed_hour) co_return;
    std::function<Result<int>(store::Store&)> bill = [](store::Store& db) -> Result<int> {
        GLEANER_TRY(store::CustomerContracts(db).bill_hours());
        return 0;
    };
    const auto billed = co_await store.write(std::move(bill));
    if (billed.has_error())
        spdlog::warn("event=reserved_hours_not_billed why=\"{}\"", billed.error().message());
    else
        billed_hour = hour;
}

asio::awaitable<void> Grid::State::read_reservations() {
    std::function<Result<std::vector<store::RunningReservation>>(store::Store&)> read =
        [now = clock.wall()](store::Store& db) {
            return store::CustomerContracts(db).running(now);
        };
    auto running = co_await store.read(std::move(read));
    if (running.has_error()) {
        spdlog::warn("event=reservations_not_read why=\"{}\"", running.error().message());
        co_return;
    }
    take_reservations(std::move(running).value());
    close_orphaned_reservations();
}

void Grid::reservations_changed() {
    const bool spawned = state_->tasks.spawn(state_->read_reservations());
    GLEANER_CHECK(spawned, "the grid's tasks are unbounded");
}

std::map<std::string, std::int64_t> Grid::devices_on_offer() const {
    std::map<std::string, std::int64_t> devices;
    for (const auto& [id, node] : state_->nodes) {
        if (node.link == nullptr || node.paused || !node.has_engine) continue;
        const auto counted =
            std::ranges::count_if(node.devices, [&](const AnnouncedDevice& device) {
                return device.usable && device.name == node.facts.device_class &&
                       !node.trouble.paused_devices.contains(device.id);
            });
        if (counted > 0) devices[node.facts.device_class] += counted;
    }
    return devices;
}

}  // namespace gleaner::runtime
