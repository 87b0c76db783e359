/// Daemon: what the coordinator says of this machine's benchmarks and of its money.

#include <algorithm>
#include <utility>

#include "client-core/runtime/daemon.h"
#include "client-core/runtime/daemon_words.h"
#include "shared/async/deadline.h"
#include "shared/proto/control.pb.h"
#include "shared/proto/wire.pb.h"

namespace gleaner {

namespace asio = boost::asio;

namespace {

constexpr Duration money_interval = 1h;
constexpr Duration money_look = 10min;
/// A person who asks sees nothing older, if the coordinator can be reached.
constexpr Duration money_age_max = 10min;
constexpr Duration answer_limit = 5s;
constexpr Duration ask_again_after = 1s;
constexpr Duration answer_pace = 50ms;

}  // namespace

void Daemon::connected() {
    benchmarks_.session_began();
    hand_in_reports();
    ask_if_old();
}

void Daemon::hand_in_reports() {
    if (!node_ || !node_->has_accountant()) return;
    for (const std::string& report : benchmarks_.take_due()) node_->hand_in(report);
}

void Daemon::benchmark_verdict(const wire::BenchmarkVerdict& verdict) {
    benchmarks_.verdict(verdict);
}

void Daemon::ask_for_money(std::uint32_t days) {
    if (node_)
        node_->ask_for_money(std::clamp(days, EarningsDesk::days_usual, EarningsDesk::days_max));
}

void Daemon::ask_if_old() {
    if (!earnings_.knows(EarningsDesk::days_usual, money_interval)) ask_for_money(0);
}

void Daemon::money_told(const wire::NodeMoney& money) {
    earnings_.told(money, earning_side());
}

EarningSide Daemon::earning_side() const {
    EarningSide side;
    side.devices = node_ ? node_->view().devices : parts_.devices;
    if (!guard_) {
        // A dedicated machine works around the clock. Nobody has told what its electricity costs.
        side.idle_seconds.fill(std::chrono::seconds(24h).count());
        side.electricity_per_kwh = Money{guest::Settings{}.electricity_micros_per_kwh};
        return side;
    }
    const guest::Settings settings = guard_->in_force();
    side.idle_seconds = guard_->on_offer();
    side.electricity_per_kwh = Money{settings.electricity_micros_per_kwh};
    side.gpu_power_percent = settings.gpu_power_percent;
    return side;
}

asio::awaitable<void> Daemon::ask_hourly() {
    for (;;) {
        co_await sleep_for(money_look);
        ask_if_old();
    }
}

asio::awaitable<Status> Daemon::tell_earnings(std::uint32_t days, control::ToProgram& reply) {
    if (days == 0 || days > EarningsDesk::days_max)
        co_return Error(
            ErrorCode::invalid_argument,
            "earnings are told of 1 to " + std::to_string(EarningsDesk::days_max) + " days");
    // The coordinator answers one question of a node at a time, and several programs may ask, each
    // for days of its own: so each looks whether its answer is there, and asks again.
    const Time until = clock_.now() + answer_limit;
    Time ask_at = clock_.now();
    while (node_ && node_->has_accountant() && !earnings_.knows(days, money_age_max) &&
           clock_.now() < until) {
        if (clock_.now() >= ask_at) {
            ask_for_money(days);
            ask_at = clock_.now() + ask_again_after;
        }
        co_await sleep_for(answer_pace);
    }
    earnings_.answer(days, earning_side(), *reply.mutable_earnings());
    co_return ok();
}

}  // namespace gleaner
