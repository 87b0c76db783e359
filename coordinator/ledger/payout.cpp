#include "coordinator/ledger/payout.h"

#include <algorithm>
#include <set>

#include "shared/model/civil_day.h"
#include "shared/util/check.h"

namespace gleaner::ledger {

namespace {

constexpr std::int64_t hundredth = 10'000;  // micros
constexpr std::int64_t days_of_week = 7;
// 1970-01-01 was a Thursday.
constexpr std::int64_t monday_before_1970 = -3;

constexpr std::array payout_states{PayoutState::requested, PayoutState::approved,
                                   PayoutState::sent,      PayoutState::settled,
                                   PayoutState::failed,    PayoutState::rejected};

constexpr std::array<std::string_view, 7> weekdays{"monday", "tuesday",  "wednesday", "thursday",
                                                   "friday", "saturday", "sunday"};

Error refused(std::string message) {
    return {ErrorCode::failed_precondition, std::move(message)};
}

std::string amount_text(Money amount, Currency currency) {
    const std::string code(code_of(currency));
    const bool whole = amount.micros >= 0 && amount.micros % hundredth == 0;
    return code + " " + (whole ? payable_text(amount) : to_decimal(amount));
}

Result<PayoutStep> step_from_sent(PayoutAction action) {
    switch (action) {
        case PayoutAction::settle:
            return PayoutStep{PayoutState::settled, true};
        case PayoutAction::fail:
            return PayoutStep{PayoutState::failed, true};
        case PayoutAction::send:
        case PayoutAction::approve:
            return PayoutStep{PayoutState::sent, false};
        case PayoutAction::reject:
            break;
    }
    return refused(
        "this payout was sent already: when the money did not arrive, say that it failed");
}

Result<PayoutStep> step_from_settled(PayoutAction action) {
    switch (action) {
        case PayoutAction::settle:
        case PayoutAction::send:
        case PayoutAction::approve:
            return PayoutStep{PayoutState::settled, false};
        case PayoutAction::reject:
        case PayoutAction::fail:
            break;
    }
    return refused("this payout arrived and is settled: nothing of it can be taken back here");
}

}  // namespace

std::string_view to_string(PayoutState state) {
    switch (state) {
        case PayoutState::requested:
            return "requested";
        case PayoutState::approved:
            return "approved";
        case PayoutState::sent:
            return "sent";
        case PayoutState::settled:
            return "settled";
        case PayoutState::failed:
            return "failed";
        case PayoutState::rejected:
            return "rejected";
    }
    return "unknown";
}

std::optional<PayoutState> parse_payout_state(std::string_view text) {
    for (const auto state : payout_states)
        if (to_string(state) == text) return state;
    return std::nullopt;
}

bool is_over(PayoutState state) {
    return state == PayoutState::settled || state == PayoutState::failed ||
           state == PayoutState::rejected;
}

Result<PayoutStep> step(PayoutState from, PayoutAction action) {
    switch (from) {
        case PayoutState::requested:
            if (action == PayoutAction::approve) return PayoutStep{PayoutState::approved, true};
            if (action == PayoutAction::reject) return PayoutStep{PayoutState::rejected, true};
            return refused("this payout is not approved yet: finance operators approve it first");
        case PayoutState::approved:
            if (action == PayoutAction::approve) return PayoutStep{from, false};
            if (action == PayoutAction::reject) return PayoutStep{PayoutState::rejected, true};
            if (action == PayoutAction::send) return PayoutStep{PayoutState::sent, true};
            return refused("this payout was not sent yet: export it in a batch first");
        case PayoutState::sent:
            return step_from_sent(action);
        case PayoutState::settled:
            return step_from_settled(action);
        case PayoutState::failed:
            if (action == PayoutAction::fail) return PayoutStep{from, false};
            return refused(
                "this payout failed and its money is back in the account it came from: request a "
                "new one");
        case PayoutState::rejected:
            if (action == PayoutAction::reject) return PayoutStep{from, false};
            return refused(
                "this payout was rejected and its money is back in the account it came from: "
                "request a new one");
    }
    return refused("this payout is in no known state");
}

Result<PayoutSchedule> parse_schedule(std::string_view text) {
    using Kind = PayoutSchedule::Kind;
    const Error wrong(ErrorCode::invalid_argument,
                      "\"" + std::string(text.substr(0, 40)) +
                          "\" is no schedule of payouts: write \"on request\", \"weekly monday\" "
                          "or \"monthly 10\"");
    if (text == "on request") return PayoutSchedule{Kind::on_request, 0};
    constexpr std::string_view weekly = "weekly ";
    constexpr std::string_view monthly = "monthly ";
    if (text.starts_with(weekly)) {
        const auto found = std::ranges::find(weekdays, text.substr(weekly.size()));
        if (found == weekdays.end()) return wrong;
        return PayoutSchedule{Kind::weekly,
                              static_cast<std::int32_t>(found - weekdays.begin()) + 1};
    }
    if (!text.starts_with(monthly)) return wrong;
    const auto number = text.substr(monthly.size());
    for (std::int32_t day = 1; day <= 31; ++day)
        if (std::to_string(day) == number) return PayoutSchedule{Kind::monthly, day};
    return wrong;
}

Status set_amounts(std::span<const std::string> texts, MoneyByCurrency& amounts) {
    std::set<Currency> named;
    for (const auto& text : texts) {
        const std::string quoted = "\"" + text.substr(0, 40) + "\"";
        const auto space = text.find(' ');
        const auto currency = parse_currency(text.substr(0, space));
        if (!currency)
            return Error(ErrorCode::invalid_argument,
                         quoted +
                             " names no known currency: write an amount like \"CNY 100\", in CNY, "
                             "USD, EUR, HKD or SGD");
        const auto amount =
            space == std::string::npos ? std::nullopt : parse_decimal(text.substr(space + 1));
        if (!amount || payable(*amount) != *amount)
            return Error(ErrorCode::invalid_argument,
                         quoted + " is no amount: write it like \"CNY 100\" or \"CNY 99.50\"");
        if (!named.insert(*currency).second)
            return Error(ErrorCode::invalid_argument,
                         quoted + " names a currency for the second time");
        amounts[static_cast<std::size_t>(*currency)] = *amount;
    }
    return ok();
}

bool is_due(const PayoutSchedule& schedule, std::int64_t day) {
    switch (schedule.kind) {
        case PayoutSchedule::Kind::on_request:
            return false;
        case PayoutSchedule::Kind::weekly: {
            const auto since_monday = (day - monday_before_1970) % days_of_week;
            return since_monday + 1 == schedule.day;
        }
        case PayoutSchedule::Kind::monthly: {
            const auto month = month_of(day);
            const auto last = first_day(month.next()) - 1;
            return day == std::min(first_day(month) + schedule.day - 1, last);
        }
    }
    return false;
}

std::string due_period(const PayoutSchedule& schedule, std::int64_t day) {
    return schedule.kind == PayoutSchedule::Kind::monthly ? month_text(month_of(day))
                                                          : date_text(day);
}

Money payable(Money balance) {
    if (balance <= Money{}) return {};
    return {balance.micros - balance.micros % hundredth};
}

std::string payable_text(Money amount) {
    GLEANER_CHECK(payable(amount) == amount, "only whole hundredths are paid");
    const auto hundredths = amount.micros / hundredth;
    const auto fraction = std::to_string(hundredths % 100);
    return std::to_string(hundredths / 100) + (fraction.size() == 1 ? ".0" : ".") + fraction;
}

Status check_amount(Money amount, Money balance, Currency currency, const PayoutPolicy& policy) {
    const Money most = payable(balance);
    if (amount <= Money{} || payable(amount) != amount)
        return Error(
            ErrorCode::invalid_argument,
            "a payout is of whole hundredths above zero, and " + to_decimal(amount) + " is not");
    if (amount < policy.minimum_of(currency))
        return refused("the smallest payout is " +
                       amount_text(policy.minimum_of(currency), currency) + ", and this is of " +
                       amount_text(amount, currency) + ": wait until more has been confirmed");
    if (amount > most)
        return refused("only " + amount_text(most, currency) +
                       " is confirmed and can be paid out, not " + amount_text(amount, currency));
    return ok();
}

bool enough(const Approvals& approvals) {
    const std::set<std::string_view> agreed(approvals.operators.begin(), approvals.operators.end());
    const bool another = std::ranges::any_of(
        agreed, [&](std::string_view name) { return name != approvals.requested_by; });
    return another && static_cast<std::int32_t>(agreed.size()) >= approvals.needed;
}

}  // namespace gleaner::ledger
