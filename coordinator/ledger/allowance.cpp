#include "coordinator/ledger/allowance.h"

namespace gleaner::ledger {

namespace {

Error refused(std::string message) {
    return {ErrorCode::resource_exhausted, std::move(message), Blame::customer};
}

std::string amount(Money money, Currency currency) {
    return to_decimal(money) + " " + std::string(code_of(currency));
}

Error too_little_credit(const Allowance& allowance, Money available, Money most,
                        const std::string& what) {
    const auto& credit = allowance.credit;
    std::string text = "Your credit is too small for this " + what + ": it may cost up to " +
                       amount(most, allowance.currency) + ", available are " +
                       to_decimal(available);
    if (credit.limit > Money{}) {
        text += " (a balance of " + to_decimal(credit.balance) + " and a credit limit of " +
                to_decimal(credit.limit) + ", less what runs)";
    }
    text += ". Top up by at least " + to_decimal(most - available);
    if (credit.limit > Money{}) text += ", have the limit raised";
    return refused(text + ", or ask for fewer tokens (max_tokens).");
}

Error cap_reached(const Allowance& allowance, const MonthlyCap& cap, Money running, Money most,
                  const std::string& whose, const std::string& what, const std::string& cure) {
    return refused(whose + " of " + amount(cap.amount, allowance.currency) +
                   " a month leaves too little for this " + what + ": spent and held are " +
                   to_decimal(cap.used + running) + ", it may cost up to " + to_decimal(most) +
                   ". " + cure + ", or wait for the next month (Asia/Shanghai).");
}

}  // namespace

Status check_allowance(const Allowance& allowance, const InFlight& running, Money most,
                       const std::string& what) {
    if (most <= Money{}) return ok();
    const auto exceeds = [most](const std::optional<MonthlyCap>& cap, Money in_flight) {
        return cap && cap->left() - in_flight < most;
    };
    if (exceeds(allowance.key, running.key)) {
        return cap_reached(allowance, *allowance.key, running.key, most, "This key's spend cap",
                           what, "Raise it (gleanerctl apikey set KEY_ID --spend-cap AMOUNT)");
    }
    if (exceeds(allowance.project, running.project)) {
        return cap_reached(allowance, *allowance.project, running.project, most,
                           "The budget of this key's project", what,
                           "Raise it (gleanerctl budget set --project ID --amount AMOUNT)");
    }
    if (exceeds(allowance.customer, running.customer)) {
        return cap_reached(allowance, *allowance.customer, running.customer, most,
                           "The budget of this key's customer", what,
                           "Raise it (gleanerctl budget set --customer ID --amount AMOUNT)");
    }
    const Money available = allowance.credit.available() - running.customer;
    if (available < most) return too_little_credit(allowance, available, most, what);
    return ok();
}

}  // namespace gleaner::ledger
