/// Grid: benchmark reports, what the grid's devices have on offer, and what a node earns.

#include <algorithm>
#include <functional>
#include <utility>

#include "coordinator/runtime/grid_state.h"
#include "coordinator/store/payout_accounts.h"
#include "shared/model/civil_day.h"
#include "shared/proto/wire.pb.h"
#include "shared/proto/wire_check.h"
#include "shared/tls/peer_identity.h"
#include "shared/util/log.h"

namespace gleaner::runtime {

namespace asio = boost::asio;

namespace {

/// Of one node, on their way to the store: as many as it has devices.
constexpr std::size_t reports_waiting_max = wire::devices_max;

/// What is asked of the store for one NodeMoney.
struct MoneyRead {
    std::vector<store::GridDay> grid;
    std::vector<store::NodeDay> own;
    std::string payout_account;
};

void note_verdict(GridCounters& counters, Plausibility verdict) {
    switch (verdict) {
        case Plausibility::unknown:
            ++counters.benchmarks_unknown;
            return;
        case Plausibility::plausible:
            ++counters.benchmarks_plausible;
            return;
        case Plausibility::too_good:
            ++counters.benchmarks_too_good;
            return;
        case Plausibility::too_poor:
            ++counters.benchmarks_too_poor;
            return;
    }
}

struct KeptReport {
    bool is_new = false;
    store::BenchStanding standing;
};

}  // namespace

void Grid::State::on_benchmark_report(const NodeId& node, const wire::ToCoordinator& message) {
    const auto found = nodes.find(node);
    if (found == nodes.end() || found->second.link == nullptr) return;
    auto& entry = found->second;
    auto weighed = weigh_report(message.benchmark_report().signed_report(), node,
                                entry.link->public_key(), entry.devices, clock.wall());
    if (weighed.record && entry.reports_waiting >= reports_waiting_max) return;  // a flood
    if (!weighed.record) {
        ++counters.benchmarks_refused;
        if (!std::exchange(entry.told_benchmark, true))
            spdlog::warn("event=benchmark_refused node={} why=\"{}\"", node.get(),
                         weighed.verdict.english());
        wire::ToNode answer;
        *answer.mutable_benchmark_verdict() = std::move(weighed.verdict);
        return send(node, answer);
    }
    ++entry.reports_waiting;
    (void)tasks.spawn(keep_report(std::move(*weighed.record), std::move(weighed.verdict)));
}

asio::awaitable<void> Grid::State::keep_report(store::BenchRecord record,
                                               wire::BenchmarkVerdict verdict) {
    const NodeId node = record.node;
    const Plausibility found = record.verdict;
    std::function<Result<KeptReport>(store::Store&)> work =
        [record = std::move(record)](store::Store& db) -> Result<KeptReport> {
        KeptReport kept;
        GLEANER_TRY(kept.is_new, db.keep_bench_report(record));
        GLEANER_TRY(kept.standing, db.bench_standing(record));
        return kept;
    };
    const auto kept = co_await store.write(std::move(work));
    auto& entry = nodes[node];
    --entry.reports_waiting;
    if (kept.has_error()) {
        // Not answered: the node hands it in again with its next session.
        spdlog::warn("event=benchmark_not_kept node={} why=\"{}\"", node.get(),
                     kept.error().message());
        co_return;
    }
    if (kept.value().is_new) note_verdict(counters, found);
    if (kept.value().is_new) learn_speed_later(node);
    const bool suspicious = found == Plausibility::too_good || found == Plausibility::too_poor;
    if (kept.value().is_new && suspicious && !std::exchange(entry.told_benchmark, true))
        spdlog::warn("event=benchmark_suspicious node={} device={} verdict={} why=\"{}\"",
                     node.get(), verdict.device(), to_string(found), verdict.english());
    verdict.set_known_already(!kept.value().is_new);
    if (found != Plausibility::too_good) {
        const Sentence standing = words_of(kept.value().standing);
        *verdict.mutable_english() += standing.en;
        *verdict.mutable_chinese() += standing.zh;
    }
    wire::ToNode answer;
    *answer.mutable_benchmark_verdict() = std::move(verdict);
    send(node, answer);
}

void Grid::State::count_offered_later() {
    offered_timer.expires_after(options.offered_interval);
    offered_timer.async_wait([this](const boost::system::error_code& problem) {
        if (problem || stopping) return;
        count_offered();
        save_use();
        count_offered_later();
    });
}

void Grid::State::count_offered() {
    // A coordinator that was suspended offered nothing meanwhile.
    const Duration passed = std::min(clock.now() - offered_counted, options.offered_interval * 2);
    offered_counted = clock.now();
    std::map<std::string, std::int64_t> devices;
    for (const auto& [id, node] : nodes) {
        if (node.link == nullptr || node.paused) continue;
        const auto& paused = node.trouble.paused_devices;
        // All under the kind by which the node's work is metered, so that both can be compared.
        devices[node.facts.device_class] +=
            std::ranges::count_if(node.devices, [&paused](const AnnouncedDevice& device) {
                return device.usable && !paused.contains(device.id);
            });
    }
    for (const auto& [device_class, count] : devices) {
        const std::int64_t seconds = count * passed / std::chrono::seconds(1);
        if (seconds <= 0) continue;
        store.post_write(
            [device_class = device_class, seconds](store::Store& db) {
                return db.add_offered(device_class, seconds);
            },
            [](const Status& status) {
                if (status.has_error())
                    spdlog::warn("event=offered_time_lost why=\"{}\"", status.error().message());
            });
    }
}

void Grid::State::on_money_request(const NodeId& node, const wire::ToCoordinator& message) {
    const auto found = nodes.find(node);
    if (found == nodes.end() || std::exchange(found->second.money_asked, true)) return;
    (void)tasks.spawn(tell_money(node, message.money_request().days()));
}

asio::awaitable<void> Grid::State::tell_money(NodeId node, std::uint32_t days) {
    const std::string device_class = nodes[node].facts.device_class;
    const std::int64_t today = day_of(clock.wall());
    const std::int64_t since = today - static_cast<std::int64_t>(days) + 1;
    std::function<Result<MoneyRead>(store::Store&)> work =
        [node, device_class, today, since](store::Store& db) -> Result<MoneyRead> {
        MoneyRead read;
        GLEANER_TRY(read.grid, db.grid_days(device_class, today - wire::grid_days_max, today));
        GLEANER_TRY(read.own, db.node_days(node, since));
        GLEANER_TRY(read.payout_account, store::PayoutAccounts(db).shown_to_node(node));
        return read;
    };
    const auto read = co_await store.read(std::move(work));
    auto& entry = nodes[node];
    entry.money_asked = false;
    if (read.has_error()) {
        spdlog::warn("event=money_not_told node={} why=\"{}\"", node.get(), read.error().message());
        co_return;
    }
    wire::ToNode answer;
    auto& money = *answer.mutable_node_money();
    money.set_currency(options.currency);
    money.set_since(date_text(since));
    money.set_today(date_text(today));
    money.set_payout_account(read.value().payout_account);
    auto& kind = *money.add_classes();
    kind.set_name(device_class);
    for (const auto& device : entry.devices)
        if (device.usable) kind.add_devices(device.id);
    for (const auto& day : read.value().grid) {
        auto& told = *kind.add_days();
        told.set_date(date_text(day.day));
        told.set_offered_seconds(static_cast<std::uint64_t>(day.offered_seconds));
        told.set_sold_seconds(static_cast<std::uint64_t>(day.sold_seconds));
        told.set_paid_micros(
            static_cast<std::uint64_t>(std::max<std::int64_t>(0, day.paid.micros)));
    }
    for (const auto& day : read.value().own) {
        auto& told = *money.add_days();
        told.set_date(date_text(day.day));
        told.set_pending_micros(day.pending.micros);
        told.set_confirmed_micros(day.confirmed.micros);
        told.set_sold_seconds(
            static_cast<std::uint64_t>(std::max<std::int64_t>(0, day.sold_seconds)));
    }
    send(node, answer);
}

}  // namespace gleaner::runtime
