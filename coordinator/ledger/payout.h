#pragma once
/// The rules of payouts: when money may leave, how much, and who must agree. Pure: the store keeps
/// payouts and posts their entries.
///
///     requested ──approve──▶ approved ──send──▶ sent ──settle──▶ settled
///         │                     │                └────fail────▶ failed
///         └──────reject─────────┴──▶ rejected
///
/// A request moves money from the party's account to the payout's. `settled` moves it out of the
/// platform, `failed` and `rejected` move it back: each payout ends once, and one way.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shared/model/currency.h"
#include "shared/model/money.h"
#include "shared/util/result.h"

namespace gleaner::ledger {

enum class PayoutState : std::uint8_t { requested, approved, sent, settled, failed, rejected };
[[nodiscard]] std::string_view to_string(PayoutState state);
[[nodiscard]] std::optional<PayoutState> parse_payout_state(std::string_view text);
/// settled, failed, rejected: nothing follows.
[[nodiscard]] bool is_over(PayoutState state);

enum class PayoutAction : std::uint8_t { approve, reject, send, settle, fail };

/// What an action does to a payout. Repeating the one that led to a state changes nothing.
struct PayoutStep {
    PayoutState to = PayoutState::requested;
    bool changes = false;
};

/// failed_precondition with a sentence when the state does not allow it.
[[nodiscard]] Result<PayoutStep> step(PayoutState from, PayoutAction action);

/// How large a payout must be, which need two people, and when the platform makes them by itself.
struct PayoutSchedule {
    enum class Kind : std::uint8_t { on_request, weekly, monthly };
    Kind kind = Kind::monthly;
    /// weekly: 1 is Monday, 7 Sunday; monthly: day of the month, in short months its last.
    std::int32_t day = 10;
    friend bool operator==(const PayoutSchedule&, const PayoutSchedule&) = default;
};

using MoneyByCurrency = std::array<Money, currency_names.size()>;

struct PayoutPolicy {
    MoneyByCurrency minimum{};           ///< of one payout
    MoneyByCurrency two_person_above{};  ///< a payout above it is approved by two operators
    PayoutSchedule schedule;

    [[nodiscard]] Money minimum_of(Currency currency) const {
        return minimum[static_cast<std::size_t>(currency)];
    }
    /// How many operators must approve a payout of that much: 1 or 2.
    [[nodiscard]] std::int32_t approvals_for(Money amount, Currency currency) const {
        return amount > two_person_above[static_cast<std::size_t>(currency)] ? 2 : 1;
    }
};

/// "on request", "weekly monday" … "weekly sunday", "monthly 1" … "monthly 31". invalid_argument.
[[nodiscard]] Result<PayoutSchedule> parse_schedule(std::string_view text);

/// Puts amounts like "CNY 100" or "USD 20.50" into `amounts`; the others stay. Errors:
/// invalid_argument for an unknown currency, an amount that is none or not whole in 0.01, or a
/// currency that is named twice.
[[nodiscard]] Status set_amounts(std::span<const std::string> texts, MoneyByCurrency& amounts);

/// Is a payout due on that day (since 1970, in Shanghai)?
[[nodiscard]] bool is_due(const PayoutSchedule& schedule, std::int64_t day);
/// The period that a payout due on `day` is for: unique for each due day.
[[nodiscard]] std::string due_period(const PayoutSchedule& schedule, std::int64_t day);

/// What of a balance can be paid: whole hundredths of the currency, nothing below zero. The rest
/// stays in the account.
[[nodiscard]] Money payable(Money balance);
/// "12.50": an amount in whole hundredths (checked).
[[nodiscard]] std::string payable_text(Money amount);

/// Refuses what is not whole in 0.01, below the minimum, or more than is payable; says the numbers.
[[nodiscard]] Status check_amount(Money amount, Money balance, Currency currency,
                                  const PayoutPolicy& policy);

/// Who agreed to a payout so far. Nobody counts twice, and whoever asked for it on the party's
/// behalf is never the only one.
struct Approvals {
    std::vector<std::string> operators;
    std::string requested_by;  ///< an operator's name; empty: the party itself, or the schedule
    std::int32_t needed = 1;
};
[[nodiscard]] bool enough(const Approvals& approvals);

}  // namespace gleaner::ledger
