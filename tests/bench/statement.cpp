/// A month's statement of a site with 100 nodes and a million meter records, against a raw scan of
/// the same meter rows in the same run. Prints one line of JSON.
/// Usage: bench_statement [FOLDER] [RECORDS]

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <boost/json.hpp>
#include <sqlite3.h>

#include "coordinator/store/statement_records.h"
#include "shared/model/civil_day.h"
#include "tests/support/store_world.h"
#include "tests/support/temporary_folder.h"

namespace {

using namespace gleaner;

constexpr std::size_t node_count = 100;
constexpr int rounds = 5;

double milliseconds(Duration duration) {
    return static_cast<double>(duration.count()) / 1'000;
}

/// The median of some runs of `work`.
template <class Work>
double median_ms(Work work) {
    const SystemClock clock;
    std::vector<double> times;
    for (int i = 0; i < rounds; ++i) {
        const Time before = clock.now();
        work();
        times.push_back(milliseconds(clock.now() - before));
    }
    std::ranges::sort(times);
    return times[times.size() / 2];
}

/// Every column of every meter record is read and summed.
class RawScan {
public:
    explicit RawScan(const std::string& path) {
        const bool opened = sqlite3_open(path.c_str(), &handle_) == SQLITE_OK &&
                            sqlite3_prepare_v2(handle_,
                                               "SELECT count(*), sum(source), sum(prompt_tokens), "
                                               "sum(cached_tokens), sum(generated_tokens), "
                                               "sum(device_micros), sum(reference_micros), "
                                               "sum(price), sum(owner_share), "
                                               "sum(owner_partner_share), "
                                               "sum(customer_partner_share) FROM meters",
                                               -1, &statement_, nullptr) == SQLITE_OK;
        if (!opened) std::abort();
    }
    ~RawScan() {
        sqlite3_finalize(statement_);
        sqlite3_close(handle_);
    }
    std::int64_t rows() {
        sqlite3_reset(statement_);
        if (sqlite3_step(statement_) != SQLITE_ROW) std::abort();
        return sqlite3_column_int64(statement_, 0);
    }

private:
    sqlite3* handle_ = nullptr;
    sqlite3_stmt* statement_ = nullptr;
};

}  // namespace

int main(int argc, char** argv) {
    const testing::TemporaryFolder temporary;
    const std::string folder = argc > 1 ? argv[1] : temporary.path().string();
    const std::int64_t records = argc > 2 ? std::atoll(argv[2]) : 1'000'000;
    const std::string path = folder + "/statement.db";

    ManualClock clock;
    const Month month = *month_of_text("2026-11");
    const WallTime from = start_of_day(first_day(month));
    const WallTime to = start_of_day(first_day(month.next()));
    clock.advance(from - clock.wall());
    auto store = store::Store::open(path, store::Store::Mode::read_write, clock).value();
    const auto world = testing::StoreWorld::fill(*store, clock, {1'000'000'000'000}, node_count);
    const Duration step = (to - from) / (records + 1);
    constexpr std::int64_t group = 5'000;
    for (std::int64_t first = 0; first < records; first += group) {
        store->begin().value();
        for (auto i = first; i < std::min(first + group, records); ++i) {
            store::Acceptance stream;
            stream.meters.push_back(
                world.meter("lease-" + std::to_string(i / 50) + ":" + std::to_string(i),
                            {57 + i % 90}, static_cast<std::size_t>(i) % node_count));
            (void)store->accept(std::span(&stream, 1)).value();
            clock.advance(step);
        }
        store->commit().value();
    }

    RawScan scan(path);
    if (scan.rows() != records) return 1;
    const store::StatementOf whole{ledger::PartyKind::owner, world.owner.id.get(), Currency::cny,
                                   from, to};
    // Neither end is a day's: what is left of two days is read record by record.
    store::StatementOf odd = whole;
    odd.from = from + 11h + 7s;
    odd.to = to - 13h - 3s;
    store::StatementRecords statements(*store);
    std::size_t lines = 0;
    const double scan_ms = median_ms([&] { (void)scan.rows(); });
    const double month_ms =
        median_ms([&] { lines = statements.statement(whole).value().lines.size(); });
    const double odd_ms = median_ms([&] { (void)statements.statement(odd).value(); });
    const double page_ms = median_ms([&] {
        const store::LineFilter line{world.nodes[0].get(), "cpu", {}, false};
        (void)statements.records(whole, line, 0, 1000).value();
    });
    const boost::json::object figures{{"bench", "statement"},
                                      {"nodes", node_count},
                                      {"meter_records", records},
                                      {"lines", lines},
                                      {"raw_scan_ms", scan_ms},
                                      {"statement_ms", month_ms},
                                      {"odd_period_ms", odd_ms},
                                      {"records_page_ms", page_ms},
                                      {"statement_over_scan", month_ms / scan_ms},
                                      {"odd_period_over_scan", odd_ms / scan_ms}};
    std::printf("%s\n", boost::json::serialize(figures).c_str());
    return month_ms <= 2 * scan_ms && odd_ms <= 2 * scan_ms ? 0 : 1;
}
