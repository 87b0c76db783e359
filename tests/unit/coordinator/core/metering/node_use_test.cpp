// Aim: no microsecond of a device is counted twice or lost: what became of the work adds up to the
// time that it was there, whatever happens. Method: small cases, then random histories against a
// model that only knows when a device had work.
#include "coordinator/core/metering/node_use.h"

#include <map>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "shared/util/random.h"

using namespace gleaner;
using namespace gleaner::core;

namespace {

const std::string gpu = "cuda0";

WorkKey item(std::uint32_t index, std::uint64_t lease = 1) {
    return {WorkKey::Kind::item, lease, index};
}
constexpr WorkKey load{WorkKey::Kind::load, 1, 0};

struct Used {
    NodeUse use;
    Time now;

    Used() {
        const std::vector<std::string> devices{gpu};
        use.offer(devices, now);
    }
    void pass(Duration time) { now = now + time; }
    WorkPart end(const WorkKey& key) { return use.end(key, now); }
    void begin(const WorkKey& key) { use.begin(key, gpu, now); }
    DeviceUse take() { return use.take(now); }
};

}  // namespace

TEST_CASE_FIXTURE(Used, "a device without work is idle while it is on offer") {
    pass(3s);
    CHECK(take().idle_micros == 3'000'000);
    use.offer({}, now);
    pass(3s);
    CHECK(take() == DeviceUse{});
}

TEST_CASE_FIXTURE(Used, "a coordinator that stood still for hours offered nothing meanwhile") {
    pass(5h);
    CHECK(take().idle_micros == 300'000'000);
}

TEST_CASE_FIXTURE(Used, "accepted work is useful as far as it ran, and waited for the rest") {
    begin(item(0));
    pass(10s);
    use.accept(end(item(0)), 7'000'000);
    const auto taken = take();
    CHECK(taken.useful_micros == 7'000'000);
    CHECK(taken.lost(LossCause::waiting) == 3'000'000);
    CHECK(taken.leased_micros() == 10'000'000);
    CHECK(taken.idle_micros == 0);
    CHECK(taken.goodput_permille() == 700);
}

TEST_CASE_FIXTURE(Used, "a claim beyond the time that was there makes nothing useful") {
    begin(item(0));
    pass(1s);
    use.accept(end(item(0)), 50'000'000);
    CHECK(take().useful_micros == 1'000'000);
    pass(1s);
    CHECK(take().useful_micros == 0);
}

TEST_CASE_FIXTURE(Used, "items gather in turn: what never began has lost nothing") {
    use.set_slots(gpu, 2, now);
    for (std::uint32_t i = 0; i < 4; ++i) begin(item(i));
    pass(4s);
    CHECK(end(item(0)).micros == 2'000'000);
    pass(2s);
    CHECK(end(item(3)).micros == 0);
    CHECK(end(item(2)).micros == 1'000'000);
    CHECK(end(item(1)).micros == 3'000'000);
}

TEST_CASE_FIXTURE(Used, "microseconds that do not divide are still given to somebody") {
    use.set_slots(gpu, 3, now);
    for (std::uint32_t i = 0; i < 3; ++i) begin(item(i));
    pass(Duration{10});
    CHECK(end(item(0)).micros + end(item(1)).micros + end(item(2)).micros == 10);
}

TEST_CASE_FIXTURE(Used, "loading counts only while nothing else runs on the device") {
    begin(load);
    pass(5s);
    begin(item(0));
    pass(2s);
    const auto part = end(load);
    CHECK(part.micros == 5'000'000);
    use.lose(part, LossCause::loading);
    use.lose(end(item(0)), LossCause::reclaimed);
    const auto taken = take();
    CHECK(taken.lost(LossCause::loading) == 5'000'000);
    CHECK(taken.lost(LossCause::reclaimed) == 2'000'000);
    CHECK(taken.largest_loss() == LossCause::loading);
}

TEST_CASE_FIXTURE(Used, "work that was cut off is useful up to what had come") {
    const WorkKey stream{WorkKey::Kind::stream, 9, 0};
    begin(stream);
    pass(4s);
    use.divide(end(stream), 3'000'000, LossCause::connection);
    const auto taken = take();
    CHECK(taken.useful_micros == 3'000'000);
    CHECK(taken.lost(LossCause::connection) == 1'000'000);
}

TEST_CASE_FIXTURE(Used, "work that is not there, or ends twice, had nothing") {
    CHECK(end(item(0)).micros == 0);
    begin(item(0));
    pass(1s);
    begin(item(0));  // told twice
    pass(1s);
    CHECK(end(item(0)).micros == 2'000'000);
    CHECK(end(item(0)).micros == 0);
    use.lose(end(item(0)), LossCause::engine);
    CHECK(take().leased_micros() == 0);
}

TEST_CASE_FIXTURE(Used, "no more is credited than the device was there for") {
    begin(item(0));
    begin(item(1));
    pass(10s);
    const auto first = end(item(0));
    CHECK(use.credit(first, 8'000'000) == 8'000'000);
    CHECK(use.credit(end(item(1)), 8'000'000) == 2'000'000);
    CHECK(use.credit(first, 8'000'000) == 0);
    CHECK(use.credit(first, -1) == 0);
    CHECK(use.credit({"cuda7", 5}, 1) == 0);
}

TEST_CASE_FIXTURE(Used, "energy is drawn while work runs, not while a model is loaded or nothing") {
    use.set_watts(gpu, 200, now);
    pass(60s);
    begin(load);
    pass(60s);
    (void)end(load);
    begin(item(0));
    begin(item(1));
    pass(90s);
    (void)end(item(0));
    (void)end(item(1));
    pass(60s);
    CHECK(take().watt_seconds == 200 * 90);
}

TEST_CASE_FIXTURE(Used, "a clock that steps back counts nothing twice") {
    begin(item(0));
    pass(2s);
    CHECK(take().idle_micros == 0);
    now = now - 1s;
    CHECK(end(item(0)).micros == 2'000'000);
    now = now + 2s;
    CHECK(take().idle_micros == 1'000'000);
}

TEST_CASE("over any history useful and lost time add up to the time that devices had work") {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        Random random(seed);
        const std::vector<std::string> devices{"cuda0", "cuda1"};
        NodeUse use;
        Time now;
        std::map<std::string, std::set<WorkKey>> live;
        std::map<std::string, bool> offered;
        std::int64_t leased = 0;
        std::int64_t idle = 0;
        DeviceUse total;
        std::uint64_t next = 1;
        const auto settle = [&](const WorkPart& part) {
            const auto cause = loss_causes[random.below(loss_cause_count)];
            const auto claim = static_cast<std::int64_t>(random.below(3'000'000)) - 100;
            switch (random.below(3)) {
                case 0:
                    return use.accept(part, claim);
                case 1:
                    return use.divide(part, claim, cause);
                default:
                    return use.lose(part, cause);
            }
        };
        for (int step = 0; step < 300; ++step) {
            const auto passed = static_cast<std::int64_t>(random.below(2'000'000));
            now = now + Duration{passed};
            for (const auto& device : devices) {
                if (!live[device].empty())
                    leased += passed;
                else if (offered[device])
                    idle += passed;
            }
            const auto& device = devices[random.below(devices.size())];
            auto& there = live[device];
            switch (random.below(7)) {
                case 0: {
                    std::vector<std::string> on;
                    for (const auto& each : devices)
                        if ((offered[each] = random.chance(0.7))) on.push_back(each);
                    use.offer(on, now);
                    break;
                }
                case 1:
                    use.set_slots(device, static_cast<std::uint32_t>(random.below(5)), now);
                    break;
                case 2:
                case 3: {
                    const auto kind = static_cast<WorkKey::Kind>(random.below(3));
                    const WorkKey key{kind, next++, 0};
                    there.insert(key);
                    use.begin(key, device, now);
                    break;
                }
                case 4:
                case 5:
                    if (there.empty()) break;
                    {
                        auto at = there.begin();
                        std::advance(at, static_cast<std::ptrdiff_t>(random.below(there.size())));
                        settle(use.end(*at, now));
                        there.erase(at);
                    }
                    break;
                default:
                    total += use.take(now);
            }
        }
        for (const auto& [device, there] : live)
            for (const auto& key : there) settle(use.end(key, now));
        total += use.take(now);
        CHECK_MESSAGE(total.leased_micros() == leased, "seed " << seed);
        CHECK_MESSAGE(total.idle_micros == idle, "seed " << seed);
        CHECK_MESSAGE(total.offered_micros() == leased + idle, "seed " << seed);
        CHECK(total.useful_micros >= 0);
        for (const auto lost : total.lost_micros) CHECK(lost >= 0);
    }
}
