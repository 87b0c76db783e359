#include "client-core/bench/earnings.h"

#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace gleaner {
namespace {

constexpr std::int64_t yuan = 1'000'000;

/// 1000 hours on offer, of which so much was sold, for so many micros in all.
GridDay day_of(std::int64_t sold_hours, std::int64_t paid_micros) {
    return {1000 * 3600, sold_hours * 3600, Money{paid_micros}};
}

/// Seven hours idle every day: 210 hours in a month of 30 days.
OwnerSide owner_of(std::int64_t watts = 200, std::int64_t price_micros = 500'000) {
    OwnerSide owner;
    owner.idle_seconds.fill(7 * 3600);
    owner.watts = watts;
    owner.electricity_per_kwh = {price_micros};
    return owner;
}

std::vector<GridDay> seven_days() {
    // All 500 of 1000 hours sold; paid 100 … 700 yuan: 0.1 … 0.7 yuan an idle hour.
    std::vector<GridDay> days;
    for (const std::int64_t paid : {300, 100, 700, 200, 400, 600, 500}) {
        days.push_back(day_of(500, paid * yuan));
    }
    return days;
}

TEST_CASE("the range is that of the days without the best and the worst, after electricity") {
    const Estimate estimate = estimate_month(seven_days(), owner_of());
    CHECK(estimate.outlook == Outlook::earns);
    CHECK(estimate.days == 7);
    // 210 h idle, half of them sold: 105 h × 200 W = 21 kWh = 10.50.
    CHECK(estimate.electricity.micros == 10'500'000);
    CHECK(estimate.low.micros == 210 * 200'000 - 10'500'000);
    CHECK(estimate.high.micros == 210 * 600'000 - 10'500'000);
}

TEST_CASE("one day's outage or rush moves nothing") {
    auto days = seven_days();
    const Estimate before = estimate_month(days, owner_of());
    days[1].paid = {0};              // the worst became worse
    days[2].paid = {90'000 * yuan};  // the best better
    CHECK(estimate_month(days, owner_of()) == before);
}

TEST_CASE(
    "with few days the range is their lowest and highest, with fewer than three there is none") {
    auto days = seven_days();
    days.resize(3);
    const Estimate three = estimate_month(days, owner_of(0));
    CHECK(three.low.micros == 210 * 100'000);
    CHECK(three.high.micros == 210 * 700'000);
    days.resize(2);
    const Estimate two = estimate_month(days, owner_of());
    CHECK(two.outlook == Outlook::too_few_days);
    CHECK(two.high.micros == 0);
    CHECK(estimate_month({}, owner_of()).outlook == Outlook::too_few_days);
}

TEST_CASE("days without such a card, or that cannot be, count as no day") {
    auto days = seven_days();
    days[0].connected_idle_seconds = 0;
    days[1].sold_seconds = days[1].connected_idle_seconds + 1;
    days[2].paid = {-1};
    days[3].sold_seconds = -1;
    CHECK(estimate_month(days, owner_of()).days == 3);
}

TEST_CASE("no work, no idle hours and a loss are said as plainly") {
    const std::vector<GridDay> unsold(7, day_of(0, 0));
    CHECK(estimate_month(unsold, owner_of()).outlook == Outlook::no_work);
    OwnerSide never = owner_of();
    never.idle_seconds.fill(0);
    CHECK(estimate_month(seven_days(), never).outlook == Outlook::no_idle_hours);
    const Estimate dear = estimate_month(seven_days(), owner_of(2000, 5 * yuan));
    CHECK(dear.outlook == Outlook::loses);
    CHECK(dear.high.micros < 0);
    // No work comes first: it is why nothing would be earned whatever the hours.
    CHECK(estimate_month(unsold, never).outlook == Outlook::no_work);
}

TEST_CASE("a day has 24 hours at most, and absurd input does not overflow") {
    OwnerSide owner = owner_of(0);
    owner.idle_seconds.fill(std::numeric_limits<std::int64_t>::max());
    CHECK(estimate_month(seven_days(), owner).low.micros == 720 * 200'000);
    owner.watts = std::numeric_limits<std::int64_t>::max();
    owner.electricity_per_kwh = {std::numeric_limits<std::int64_t>::max()};
    CHECK(estimate_month(seven_days(), owner).outlook == Outlook::loses);
    std::vector<GridDay> rich(7, day_of(500, std::numeric_limits<std::int64_t>::max()));
    rich[0].connected_idle_seconds = rich[0].sold_seconds = 1;
    CHECK(estimate_month(rich, owner_of()).high.micros > 0);
}

TEST_CASE("the sentence says range and electricity in both languages") {
    const Estimate estimate = estimate_month(seven_days(), owner_of());
    CHECK(sentence_of(estimate, Language::english) ==
          "This PC can earn about ¥32 to ¥116 a month at your idle hours, after about ¥11 of "
          "electricity.");
    CHECK(sentence_of(estimate, Language::chinese) ==
          "按您的空闲时段，这台电脑每月大约能赚 ¥32 到 ¥116，已扣除约 ¥11 的电费。");
    CHECK(sentence_of(Estimate{Outlook::no_work, {}, {}, {}, 7}, Language::english) ==
          "There is no work for this GPU at present.");
    CHECK(sentence_of(Estimate{Outlook::no_work, {}, {}, {}, 7}, Language::chinese) ==
          "目前没有适合这块显卡的任务。");
    const Estimate small{Outlook::earns, {-3'204'999}, {9'054'000}, {40'000}, 7};
    CHECK(sentence_of(small, Language::english, "€") ==
          "This PC can earn about -€3.20 to €9.05 a month at your idle hours, after about €0.04 "
          "of electricity.");
    for (const Outlook outlook : {Outlook::too_few_days, Outlook::no_idle_hours, Outlook::no_work,
                                  Outlook::loses, Outlook::earns}) {
        Estimate each;
        each.outlook = outlook;
        CHECK_FALSE(sentence_of(each, Language::english).empty());
        CHECK_FALSE(sentence_of(each, Language::chinese).empty());
    }
}

Estimate month_between(std::int64_t low, std::int64_t high) {
    return {Outlook::earns, {low}, {high}, {}, 7};
}

TEST_CASE("the error is the actual against the middle of what was promised") {
    EstimateHistory history;
    history.promise(100, 30, month_between(10 * yuan, 20 * yuan));
    history.promise(130, 30, month_between(10 * yuan, 20 * yuan));
    history.promise(160, 30, month_between(10 * yuan, 20 * yuan));
    CHECK(history.accuracy() == EstimateAccuracy{});
    CHECK(sentence_of(history.accuracy(), Language::english).empty());
    CHECK(history.settle(100, Money{18 * yuan}));  // 3 above the middle, inside
    CHECK(history.settle(130, Money{6 * yuan}));   // 9 below, outside
    CHECK_FALSE(history.settle(101, Money{1}));
    const EstimateAccuracy accuracy = history.accuracy();
    CHECK(accuracy.count == 2);
    CHECK(accuracy.inside == 1);
    CHECK(accuracy.mean_error.micros == -3 * yuan);
    CHECK(accuracy.mean_absolute_error.micros == 6 * yuan);
    CHECK(sentence_of(accuracy, Language::english) ==
          "So far the estimates were off by ¥6.00 on average; 1 of 2 held.");
    CHECK(sentence_of(accuracy, Language::chinese) ==
          "到目前为止，估算与实际平均相差 ¥6.00；2 次中有 1 次落在估算范围内。");
}

TEST_CASE("a week is promised its part of the month; a later promise replaces an earlier one") {
    EstimateHistory history;
    history.promise(107, 7, month_between(30 * yuan, 60 * yuan));
    history.promise(100, 7, month_between(300 * yuan, 600 * yuan));
    history.promise(107, 7, month_between(60 * yuan, 90 * yuan));
    history.promise(200, 7, Estimate{});  // nothing was estimated, so nothing promised
    REQUIRE(history.records().size() == 2);
    CHECK(history.records()[0].first_day == 100);
    CHECK(history.records()[1].low.micros == 14 * yuan);
    CHECK(history.records()[1].high.micros == 21 * yuan);
}

TEST_CASE("a history is bounded, survives its JSON, and a damaged one is refused") {
    EstimateHistory history;
    for (std::int64_t week = 0; week < 60; ++week) {
        history.promise(week * 7, 7, month_between(yuan, 2 * yuan));
    }
    CHECK(history.records().size() == EstimateHistory::records_max);
    CHECK(history.records().front().first_day == 49);
    CHECK(history.settle(56, Money{-5}));
    const auto back = EstimateHistory::parse(history.to_json());
    REQUIRE(back);
    CHECK(back.value().records() == history.records());
    for (const char* const text :
         {"", "{}", "[1]", "[{}]", R"([{"first_day":1,"days":0,"low_micros":1,"high_micros":2}])",
          R"([{"first_day":1,"days":7,"low_micros":3,"high_micros":2}])",
          R"([{"first_day":1,"days":7,"low_micros":1.5,"high_micros":2}])",
          R"([{"first_day":1,"days":7,"low_micros":1,"high_micros":2,"actual_micros":"x"}])",
          R"([{"first_day":2,"days":7,"low_micros":1,"high_micros":2},
              {"first_day":1,"days":7,"low_micros":1,"high_micros":2}])"}) {
        CAPTURE(text);
        const auto parsed = EstimateHistory::parse(text);
        REQUIRE_FALSE(parsed);
        CHECK(parsed.error().code() == ErrorCode::data_corrupt);
    }
}

TEST_CASE("several devices in one machine earn together") {
    const Estimate one = estimate_month(seven_days(), owner_of());
    const Estimate three = times(one, 3);
    CHECK(three.low.micros == 3 * one.low.micros);
    CHECK(three.electricity.micros == 3 * one.electricity.micros);
    CHECK(three.outlook == one.outlook);
    Estimate loss;
    loss.outlook = Outlook::loses;
    loss.low = Money{-9 * yuan};
    loss.high = Money{-2 * yuan};
    loss.days = 5;
    const Estimate both = together(one, loss);
    CHECK(both.high.micros == one.high.micros - 2 * yuan);
    CHECK(both.outlook == Outlook::earns);
    CHECK(both.days == 5);
    loss.high = Money{-one.high.micros};
    CHECK(together(loss, one).outlook == Outlook::loses);
    CHECK(together(Estimate{}, one) == one);
    CHECK(together(one, Estimate{}) == one);
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    CHECK(times(one, most).low.micros > 0);  // saturates
}

TEST_CASE("what a device draws is its card's board power, or a stated assumption") {
    const DeviceWatts known = device_watts("cuda", "NVIDIA L4", 24ULL << 30U, 100);
    CHECK(known.watts == 72);
    CHECK_FALSE(known.assumed);
    CHECK(device_watts("cuda", "NVIDIA L4", 24ULL << 30U, 50).watts == 36);
    CHECK(device_watts("cpu", "AMD EPYC", 0, 100).watts == 65);
    CHECK(device_watts("cpu", "AMD EPYC", 0, 100).assumed);
    CHECK(device_watts("vulkan", "AMD GPU 1002:744c", 0, 100).watts == 150);
    CHECK(device_watts("vulkan", "AMD GPU 1002:744c", 0, 100).assumed);
    CHECK(assumption_of(150, Language::english).find("150 W") != std::string::npos);
    CHECK(assumption_of(150, Language::chinese).find("150") != std::string::npos);
}

TEST_CASE("electricity costs by the second") {
    CHECK(electricity_cost(3'600, owner_of(1'000, 600'000)).micros == 600'000);
    CHECK(electricity_cost(-5, owner_of()).micros == 0);
    CHECK(electricity_cost(std::numeric_limits<std::int64_t>::max(), owner_of()).micros > 0);
}

}  // namespace
}  // namespace gleaner
