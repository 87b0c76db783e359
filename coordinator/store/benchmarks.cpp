/// Benchmark reports, the time that the grid's devices were on offer, and a node's own money.

#include <algorithm>

#include "coordinator/store/state.h"
#include "coordinator/store/store.h"
#include "shared/model/civil_day.h"

namespace gleaner::store {

namespace {

constexpr std::int64_t micros_of_second = 1'000'000;
constexpr std::int64_t standing_reports_max = 1'000;

GridDay grid_day_row(const Query& row) {
    GridDay day;
    day.day = row.integer("day");
    day.offered_seconds = row.integer("offered_seconds");
    // Nodes say themselves how long a device worked: never more than it was there for.
    day.sold_seconds = std::clamp<std::int64_t>(row.integer("sold_micros") / micros_of_second, 0,
                                                day.offered_seconds);
    day.paid = row.money("paid_micros");
    return day;
}

BenchStanding bench_standing_row(const Query& row) {
    return {row.integer("others"), row.integer("slower")};
}

NodeDay node_day_row(const Query& row) {
    return {row.integer("day"), row.integer("device_micros") / micros_of_second,
            row.money("pending"), row.money("confirmed")};
}

}  // namespace

Result<bool> Store::keep_bench_report(const BenchRecord& record) {
    return state_->atomically([&]() -> Result<bool> {
        GLEANER_TRY(const auto inserted,
                    state_->database->change(sql::insert_bench_report, record.node, record.device,
                                             record.device_name, record.score, record.report_sha256,
                                             record.measured, state_->clock.wall(),
                                             gleaner::to_string(record.verdict), record.english,
                                             record.chinese, record.report_json, record.signature,
                                             record.gflops_milli, record.copy_milli));
        if (inserted == 0) return false;
        GLEANER_TRY(state_->database->run(sql::trim_bench_reports_of_device, record.node,
                                          record.device, bench_reports_per_device));
        GLEANER_TRY(state_->database->run(sql::trim_bench_reports_of_node, record.node,
                                          bench_reports_per_node));
        return true;
    });
}

Result<BenchStanding> Store::bench_standing(const BenchRecord& record) {
    return state_->one("standing", bench_standing_row, sql::find_bench_standing, record.device_name,
                       record.node, record.score, standing_reports_max);
}

Result<std::vector<BenchRecord>> Store::bench_reports(const NodeId& node) {
    return state_->all(bench_row, sql::list_bench_reports, node);
}

Status Store::add_offered(std::string_view device_class, std::int64_t seconds) {
    if (seconds < 0)
        return Error(ErrorCode::invalid_argument, "no device is on offer for less than no time");
    return state_->database->run(sql::add_offered, day_of(state_->clock.wall()), device_class,
                                 seconds);
}

Result<std::vector<GridDay>> Store::grid_days(std::string_view device_class, std::int64_t from,
                                              std::int64_t to) {
    GLEANER_TRY(state_->grid_days.flush());
    return state_->all(grid_day_row, sql::list_grid_days, device_class, from, to);
}

Result<std::vector<NodeDay>> Store::node_days(const NodeId& node, std::int64_t from) {
    GLEANER_TRY(state_->flush());
    return state_->all(node_day_row, sql::list_node_days, node, from, code_of(Currency::cny));
}

}  // namespace gleaner::store
