/// How many acceptances per second the store's thread can write: items of a job, each with a meter
/// record, an entry of five postings and a receipt. Prints one line of JSON.
/// Usage: store_accept [FOLDER] [ITEMS] [PER_GROUP]

#include <cstdio>
#include <cstdlib>
#include <string>
#include <sys/resource.h>

#include <boost/json.hpp>

#include "shared/util/random.h"
#include "tests/support/store_world.h"
#include "tests/support/temporary_folder.h"

namespace {

using namespace gleaner;

double cpu_seconds() {
    rusage usage{};
    getrusage(RUSAGE_THREAD, &usage);
    const auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

store::Acceptance realistic(const testing::StoreWorld& world, const store::Job& job,
                            std::int64_t index) {
    auto acceptance = world.item(job, index, {57}, static_cast<std::size_t>(index) % 64);
    acceptance.outcome.request = RequestId{random_token("req_", 20)};
    acceptance.meters.front().request = acceptance.outcome.request;
    acceptance.meters.front().attempt_key =
        std::to_string((std::int64_t{7} << 40) + index / 50) + ":" + std::to_string(index);
    acceptance.outcome.body.assign(600, 'x');
    acceptance.receipt_json.assign(450, 'r');
    return acceptance;
}

}  // namespace

int main(int argc, char** argv) {
    const testing::TemporaryFolder temporary;
    const std::string folder = argc > 1 ? argv[1] : temporary.path().string();
    const std::int64_t items = argc > 2 ? std::atoll(argv[2]) : 200'000;
    const std::int64_t per_group = argc > 3 ? std::atoll(argv[3]) : 512;

    const SystemClock clock;
    auto store =
        store::Store::open(folder + "/bench.db", store::Store::Mode::read_write, clock).value();
    const auto world = testing::StoreWorld::fill(*store, clock, {1'000'000'000'000}, 64);
    const auto job = store->admit_job(world.job(items), {items * 57}).value();

    double cpu = 0;
    Duration wall{};
    for (std::int64_t from = 0; from < items; from += per_group) {
        std::vector<store::Acceptance> group;
        for (auto i = from; i < std::min(items, from + per_group); ++i) {
            group.push_back(realistic(world, job, i));
        }
        const double cpu_before = cpu_seconds();
        const Time before = clock.now();
        store->begin().value();
        (void)store->accept(group).value();
        store->commit().value();
        cpu += cpu_seconds() - cpu_before;
        wall += clock.now() - before;
    }
    const auto report = store->check_ledger().value();
    if (!report.violations.empty()) {
        std::fprintf(stderr, "%s\n", report.violations.front().c_str());
        return 1;
    }
    const double rows = static_cast<double>(items);
    const boost::json::object figures{
        {"name", "store_accept"},
        {"items", items},
        {"per_group", per_group},
        {"accepted_per_cpu_second", rows / cpu},
        {"accepted_per_second", rows / (static_cast<double>(wall.count()) / 1e6)},
        {"cpu_micros_each", cpu * 1e6 / rows},
        {"postings_each", static_cast<double>(report.postings) / rows}};
    std::printf("%s\n", boost::json::serialize(figures).c_str());
    return 0;
}
