// Aim: what the coordinator tells becomes days, an estimate and, week by week, a record of how good
// estimates were, which survives restarts and damage.
#include "client-core/runtime/earnings_desk.h"

#include <fstream>
#include <iterator>

#include <doctest/doctest.h>

#include "shared/model/civil_day.h"
#include "shared/proto/control.pb.h"
#include "tests/support/temporary_folder.h"

using namespace gleaner;

namespace {

constexpr std::int64_t yuan = 1'000'000;

struct Desk {
    testing::TemporaryFolder folder;
    ManualClock clock;
    std::int64_t today = 20'000;
    EarningSide side = owner();

    /// Seven idle hours a day with a card whose board power is known.
    static EarningSide owner() {
        EarningSide side;
        NodeDevice card;
        card.id = "cuda0";
        card.kind = "cuda";
        card.name = "NVIDIA L4";
        card.memory_bytes = 24ULL << 30U;
        side.devices.push_back(card);
        side.idle_seconds.fill(7 * 3'600);
        side.electricity_per_kwh = Money{500'000};
        return side;
    }
    /// Seven days of the grid on which half of what was on offer was sold, each for `paid`.
    [[nodiscard]] wire::NodeMoney money(std::int64_t paid, std::uint32_t days = 31) const {
        wire::NodeMoney told;
        auto& kind = *told.add_classes();
        kind.set_name("NVIDIA L4");
        kind.add_devices("cuda0");
        for (std::int64_t day = today - 7; day < today; ++day) {
            auto& one = *kind.add_days();
            one.set_date(date_text(day));
            one.set_offered_seconds(1'000 * 3'600);
            one.set_sold_seconds(500 * 3'600);
            one.set_paid_micros(static_cast<std::uint64_t>(paid));
        }
        told.set_currency("¥");
        told.set_today(date_text(today));
        told.set_since(date_text(today - days + 1));
        return told;
    }
    static void add_day(wire::NodeMoney& told, std::int64_t day, std::int64_t pending,
                        std::int64_t confirmed = 0, std::uint64_t seconds = 0) {
        auto& one = *told.add_days();
        one.set_date(date_text(day));
        one.set_pending_micros(pending);
        one.set_confirmed_micros(confirmed);
        one.set_sold_seconds(seconds);
    }
    [[nodiscard]] control::Earnings answer(const EarningsDesk& desk, std::uint32_t days = 7) const {
        control::Earnings out;
        desk.answer(days, side, out);
        return out;
    }
    [[nodiscard]] std::filesystem::path file() const {
        return folder.path() / "earnings_estimates.json";
    }
};

}  // namespace

TEST_CASE_FIXTURE(Desk, "nothing is known before the coordinator has told") {
    const EarningsDesk desk(folder.path(), clock);
    CHECK_FALSE(answer(desk).known());
    CHECK(answer(desk).days_size() == 0);
    CHECK_FALSE(desk.knows(1, 1h));
    CHECK_FALSE(desk.damaged());
}

TEST_CASE_FIXTURE(Desk, "each day is there, the newest last, and those without work are zero") {
    EarningsDesk desk(folder.path(), clock);
    auto told = money(400 * yuan);
    add_day(told, today - 2, 5, 7);
    add_day(told, today, 11);
    add_day(told, today - 30, 99);
    told.set_payout_account("****6789");
    desk.told(told, side);
    const auto week = answer(desk);
    CHECK(week.known());
    CHECK(week.payout_account() == "****6789");
    CHECK(week.currency() == "¥");
    REQUIRE(week.days_size() == 7);
    CHECK(week.days(6).date() == date_text(today));
    CHECK(week.days(6).pending_micros() == 11);
    CHECK(week.days(5).pending_micros() == 0);
    CHECK(week.days(4).pending_micros() == 5);
    CHECK(week.days(4).confirmed_micros() == 7);
    // Of what was not told nothing is said: it is not known to be zero.
    CHECK(answer(desk, 400).days_size() == 31);
    CHECK(answer(desk, 400).days(0).pending_micros() == 99);
}

TEST_CASE_FIXTURE(Desk, "what was told is known for a while, and as far back as it reaches") {
    EarningsDesk desk(folder.path(), clock);
    desk.told(money(yuan), side);
    CHECK(desk.knows(31, 10min));
    CHECK_FALSE(desk.knows(32, 10min));
    clock.advance(11min);
    CHECK_FALSE(desk.knows(31, 10min));
    CHECK(desk.knows(31, 1h));
    desk.forget();
    CHECK_FALSE(desk.knows(1, 1h));
    CHECK_FALSE(answer(desk).known());
}

TEST_CASE_FIXTURE(Desk, "the estimate counts idle hours, the card's power and its price") {
    EarningsDesk desk(folder.path(), clock);
    desk.told(money(400 * yuan), side);
    // 210 idle hours at 0.4 a paid hour, less 105 h of 72 W and a fifth for the rest of
    // the machine at 0.5: 84 - 4.52.
    const auto text = answer(desk).estimate();
    CHECK_MESSAGE(text.en().find("¥79") != std::string::npos, text.en());
    CHECK(text.en().find("¥4.52 of electricity") != std::string::npos);
    CHECK(text.en().find("assumption") == std::string::npos);
    CHECK_FALSE(text.zh().empty());

    side.devices[0].name = "Some GPU of tomorrow";
    CHECK(answer(desk).estimate().en().find("150 W") != std::string::npos);
    side.devices[0].kind = "cpu";
    CHECK(answer(desk).estimate().en().find("65 W") != std::string::npos);
    side.idle_seconds.fill(0);
    CHECK(answer(desk).estimate().en().find("no idle hours") != std::string::npos);
}

TEST_CASE_FIXTURE(Desk, "two cards of a kind earn twice as much") {
    EarningsDesk desk(folder.path(), clock);
    auto told = money(400 * yuan);
    told.mutable_classes(0)->add_devices("cuda1");
    desk.told(told, side);
    CHECK(answer(desk).estimate().en().find("¥159") != std::string::npos);
}

TEST_CASE_FIXTURE(Desk, "a promised week is compared with what it brought, also after a restart") {
    {
        EarningsDesk desk(folder.path(), clock);
        desk.told(money(400 * yuan), side);
        desk.told(money(500 * yuan), side);  // the same evening: the promise stands
        CHECK(answer(desk).estimate().en().find("on average") == std::string::npos);
    }
    const std::int64_t first = today + 1;
    today += 7;  // the week's last day, which is not over
    EarningsDesk desk(folder.path(), clock);
    auto early = money(400 * yuan);
    add_day(early, first, 15 * yuan);
    desk.told(early, side);
    CHECK(answer(desk).estimate().en().find("on average") == std::string::npos);
    today += 1;
    auto over = money(400 * yuan);
    add_day(over, first, 15 * yuan);
    add_day(over, today - 1, 3 * yuan, yuan, 10 * 3'600);
    add_day(over, today, 1'000 * yuan);  // belongs to the next
    desk.told(over, side);
    // 79.49 a month is 18.55 a week; 19 less 0.43 of electricity came: off by 0.02.
    const auto text = answer(desk).estimate().en();
    CHECK_MESSAGE(text.find("off by ¥0.02 on average") != std::string::npos, text);
}

TEST_CASE_FIXTURE(Desk, "a week that nobody can tell of any more is not judged") {
    EarningsDesk desk(folder.path(), clock);
    desk.told(money(400 * yuan), side);
    today += 40;
    desk.told(money(400 * yuan), side);
    CHECK(answer(desk).estimate().en().find("on average") == std::string::npos);
}

TEST_CASE_FIXTURE(Desk, "a damaged record is put aside and said, and a new one begins") {
    std::ofstream(file()) << "[{\"first_day\":";
    {
        EarningsDesk desk(folder.path(), clock);
        CHECK(desk.damaged());
        CHECK(std::filesystem::exists(file().string() + ".damaged"));
        CHECK_FALSE(std::filesystem::exists(file()));
        desk.told(money(400 * yuan), side);
    }
    CHECK(std::filesystem::exists(file()));
    CHECK_FALSE(EarningsDesk(folder.path(), clock).damaged());
}

TEST_CASE_FIXTURE(Desk, "dates that are none and sums at the edge break nothing") {
    EarningsDesk desk(folder.path(), clock);
    auto told = money(1LL << 52U);
    told.mutable_classes(0)->mutable_days(0)->set_date("2026-99-99");
    for (int i = 0; i < 400; ++i) add_day(told, today - 1, 1LL << 52U, 1LL << 52U, 1ULL << 40U);
    told.set_since("0000-00-00");
    desk.told(told, side);
    CHECK(answer(desk, 400).days_size() == 400);
    told.set_today("9999-99-99");
    desk.told(told, side);
    CHECK(answer(desk, 400).days_size() <= 400);
}
