/// Aim: money leaves by the one way that the drawing in payout.h shows, in amounts that a bank can
/// pay, on the days that the schedule names, and with as many people's consent as it takes.

#include "coordinator/ledger/payout.h"

#include <set>
#include <tuple>

#include <doctest/doctest.h>

#include "shared/model/civil_day.h"

using namespace gleaner;
using namespace gleaner::ledger;

namespace {

constexpr std::array states{PayoutState::requested, PayoutState::approved, PayoutState::sent,
                            PayoutState::settled,   PayoutState::failed,   PayoutState::rejected};
constexpr std::array actions{PayoutAction::approve, PayoutAction::reject, PayoutAction::send,
                             PayoutAction::settle, PayoutAction::fail};

std::int64_t day(std::string_view date) {
    return day_of_date(date).value();
}

}  // namespace

TEST_CASE("a payout goes from requested over approved and sent to settled") {
    auto state = PayoutState::requested;
    for (const auto action : {PayoutAction::approve, PayoutAction::send, PayoutAction::settle}) {
        const auto moved = step(state, action).value();
        CHECK(moved.changes);
        state = moved.to;
        const auto again = step(state, action).value();
        CHECK_FALSE(again.changes);
        CHECK(again.to == state);
    }
    CHECK(state == PayoutState::settled);
}

TEST_CASE("of all states and actions only those of the drawing change anything") {
    const std::set<std::tuple<PayoutState, PayoutAction, PayoutState>> drawing{
        {PayoutState::requested, PayoutAction::approve, PayoutState::approved},
        {PayoutState::requested, PayoutAction::reject, PayoutState::rejected},
        {PayoutState::approved, PayoutAction::reject, PayoutState::rejected},
        {PayoutState::approved, PayoutAction::send, PayoutState::sent},
        {PayoutState::sent, PayoutAction::settle, PayoutState::settled},
        {PayoutState::sent, PayoutAction::fail, PayoutState::failed}};
    std::size_t changes = 0;
    for (const auto from : states) {
        for (const auto action : actions) {
            const auto result = step(from, action);
            if (result.has_error()) {
                CHECK(result.error().code() == ErrorCode::failed_precondition);
                CHECK(result.error().message().size() > 30);
                continue;
            }
            if (!result.value().changes) {
                CHECK(result.value().to == from);
                continue;
            }
            ++changes;
            CHECK(drawing.contains({from, action, result.value().to}));
        }
    }
    CHECK(changes == drawing.size());
}

TEST_CASE("what is over cannot be paid, taken back or rejected") {
    for (const auto state : {PayoutState::failed, PayoutState::rejected}) {
        CHECK(is_over(state));
        for (const auto action : {PayoutAction::approve, PayoutAction::send, PayoutAction::settle})
            CHECK(step(state, action).has_error());
    }
    CHECK(step(PayoutState::settled, PayoutAction::fail).has_error());
    CHECK(step(PayoutState::settled, PayoutAction::reject).has_error());
    CHECK(step(PayoutState::sent, PayoutAction::reject).has_error());
    CHECK(step(PayoutState::failed, PayoutAction::reject).has_error());
    CHECK(step(PayoutState::rejected, PayoutAction::fail).has_error());
    CHECK_FALSE(is_over(PayoutState::sent));
}

TEST_CASE("states are read by the names that they are written by") {
    for (const auto state : states) CHECK(parse_payout_state(to_string(state)) == state);
    CHECK_FALSE(parse_payout_state("paid"));
}

TEST_CASE("whole hundredths are paid, the rest stays, and nothing below zero") {
    CHECK(payable({12'345'678}) == Money{12'340'000});
    CHECK(payable({9'999}) == Money{});
    CHECK(payable({10'000}) == Money{10'000});
    CHECK(payable({-12'345'678}) == Money{});
    CHECK(payable_text({12'340'000}) == "12.34");
    CHECK(payable_text({1'050'000}) == "1.05");
    CHECK(payable_text({123'000'000'000}) == "123000.00");
    CHECK(payable_text({}) == "0.00");
}

TEST_CASE("an amount that is not whole, too small or not there is refused with the numbers") {
    PayoutPolicy policy;
    REQUIRE(set_amounts(std::vector<std::string>{"CNY 100"}, policy.minimum));
    const Money balance{250'005'000};
    CHECK(check_amount({100'000'000}, balance, Currency::cny, policy).has_value());
    CHECK(check_amount({250'000'000}, balance, Currency::cny, policy).has_value());
    const auto why = [&](std::int64_t micros) {
        return check_amount({micros}, balance, Currency::cny, policy).error().message();
    };
    CHECK(why(99'990'000).find("smallest payout is CNY 100.00") != std::string::npos);
    CHECK(why(250'010'000).find("only CNY 250.00 is confirmed") != std::string::npos);
    CHECK(why(100'000'001).find("100.000001") != std::string::npos);
    CHECK(why(0).find("whole hundredths above zero") != std::string::npos);
    CHECK(why(-10'000).find("whole hundredths above zero") != std::string::npos);
    CHECK(check_amount({10'000}, {-5}, Currency::usd, policy).error().message().find("USD 0.00") !=
          std::string::npos);
}

TEST_CASE("amounts of settings name a known currency once") {
    MoneyByCurrency amounts{};
    amounts[static_cast<std::size_t>(Currency::eur)] = {7};
    REQUIRE(set_amounts(std::vector<std::string>{"CNY 100", "USD 20.50"}, amounts));
    CHECK(amounts[static_cast<std::size_t>(Currency::cny)] == Money{100'000'000});
    CHECK(amounts[static_cast<std::size_t>(Currency::usd)] == Money{20'500'000});
    CHECK(amounts[static_cast<std::size_t>(Currency::eur)] == Money{7});
    for (const char* text :
         {"XYZ 1", "100", "CNY", "CNY -1", "CNY 1.005", "CNY ten", "", "cny 5"}) {
        CAPTURE(text);
        CHECK(set_amounts(std::vector<std::string>{text}, amounts).error().code() ==
              ErrorCode::invalid_argument);
    }
    CHECK(set_amounts(std::vector<std::string>{"XYZ 1"}, amounts)
              .error()
              .message()
              .find("names no known currency") != std::string::npos);
    CHECK(set_amounts(std::vector<std::string>{"CNY 1", "CNY 2"}, amounts).has_error());
}

TEST_CASE("a payout above the limit needs two people, one of the limit needs one") {
    PayoutPolicy policy;
    REQUIRE(set_amounts(std::vector<std::string>{"CNY 5000"}, policy.two_person_above));
    CHECK(policy.approvals_for({5'000'000'000}, Currency::cny) == 1);
    CHECK(policy.approvals_for({5'000'010'000}, Currency::cny) == 2);
    // A currency without a limit: every payout takes two.
    CHECK(policy.approvals_for({10'000}, Currency::usd) == 2);
}

TEST_CASE("nobody approves twice, and who asked for a payout is never the only one") {
    CHECK_FALSE(enough({{}, "", 1}));
    CHECK(enough({{"ann"}, "", 1}));
    CHECK_FALSE(enough({{"ann"}, "", 2}));
    CHECK_FALSE(enough({{"ann", "ann"}, "", 2}));
    CHECK(enough({{"ann", "bob"}, "", 2}));
    CHECK_FALSE(enough({{"ann"}, "ann", 1}));
    CHECK(enough({{"ann", "bob"}, "ann", 1}));
    CHECK(enough({{"bob"}, "ann", 1}));
    CHECK_FALSE(enough({{"bob"}, "ann", 2}));
    CHECK(enough({{"ann", "bob"}, "ann", 2}));
}

TEST_CASE("a schedule is read from words") {
    using Kind = PayoutSchedule::Kind;
    CHECK(parse_schedule("on request").value().kind == Kind::on_request);
    CHECK(parse_schedule("weekly monday").value() == PayoutSchedule{Kind::weekly, 1});
    CHECK(parse_schedule("weekly sunday").value() == PayoutSchedule{Kind::weekly, 7});
    CHECK(parse_schedule("monthly 31").value() == PayoutSchedule{Kind::monthly, 31});
    for (const char* text : {"", "weekly", "weekly 1", "weekly Monday", "monthly", "monthly 0",
                             "monthly 32", "monthly 05", "daily", "never"}) {
        CAPTURE(text);
        CHECK(parse_schedule(text).has_error());
    }
}

TEST_CASE("a weekly payout is due on its weekday, a monthly one on its day or the month's last") {
    using Kind = PayoutSchedule::Kind;
    const PayoutSchedule wednesdays{Kind::weekly, 3};
    CHECK(is_due(wednesdays, day("2026-11-25")));
    CHECK_FALSE(is_due(wednesdays, day("2026-11-26")));
    CHECK(due_period(wednesdays, day("2026-11-25")) == "2026-11-25");
    const PayoutSchedule tenth{Kind::monthly, 10};
    CHECK(is_due(tenth, day("2026-12-10")));
    CHECK_FALSE(is_due(tenth, day("2026-12-11")));
    CHECK(due_period(tenth, day("2026-12-10")) == "2026-12");
    const PayoutSchedule last{Kind::monthly, 31};
    CHECK(is_due(last, day("2027-02-28")));
    CHECK_FALSE(is_due(last, day("2028-02-28")));
    CHECK(is_due(last, day("2028-02-29")));
    CHECK(is_due(last, day("2026-04-30")));
    CHECK_FALSE(is_due({Kind::on_request, 0}, day("2026-04-30")));
}

TEST_CASE("every month and every week has exactly one day on which a payout is due") {
    using Kind = PayoutSchedule::Kind;
    for (std::int32_t number = 1; number <= 31; ++number) {
        std::set<std::string> periods;
        for (auto at = day("2026-01-01"); at < day("2029-01-01"); ++at) {
            if (!is_due({Kind::monthly, number}, at)) continue;
            CHECK(periods.insert(due_period({Kind::monthly, number}, at)).second);
        }
        CHECK(periods.size() == 36);
    }
    for (std::int32_t number = 1; number <= 7; ++number) {
        std::size_t due = 0;
        for (auto at = day("2026-01-05"); at < day("2026-01-05") + 70; ++at)
            due += is_due({Kind::weekly, number}, at) ? 1 : 0;
        CHECK(due == 10);
    }
}
