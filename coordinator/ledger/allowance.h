#pragma once
/// What may still be bought: a customer's credit, a key's spend cap, hard budgets. Pure. One rule
/// for online requests and batches, so that none is let in by a side door.

#include <optional>
#include <string>

#include "shared/model/currency.h"
#include "shared/model/money.h"
#include "shared/util/result.h"

namespace gleaner::ledger {

/// Prepaid money and what may be owed beyond it.
struct Credit {
    Money balance;  ///< below zero: owed
    Money limit;    ///< granted by an operator, not negative

    [[nodiscard]] Money available() const { return balance + limit; }
    friend bool operator==(const Credit&, const Credit&) = default;
};

/// So much may be spent in a month; `used`: spent, and held for batches.
struct MonthlyCap {
    Money amount;
    Money used;

    [[nodiscard]] Money left() const { return amount - used; }
    friend bool operator==(const MonthlyCap&, const MonthlyCap&) = default;
};

/// All that bounds one key. Absent: no bound of that kind.
struct Allowance {
    Currency currency = Currency::cny;
    Credit credit;
    std::optional<MonthlyCap> key;
    std::optional<MonthlyCap> project;   ///< of its hard budget
    std::optional<MonthlyCap> customer;  ///< likewise
};

/// What runs and is not in the Allowance yet.
struct InFlight {
    Money customer;
    Money project;
    Money key;
};

/// resource_exhausted with what is too small, by how much, and who can change it, when work that
/// may cost up to `most` does not fit. `what`: "request", "batch". Work that is free always fits.
[[nodiscard]] Status check_allowance(const Allowance& allowance, const InFlight& running,
                                     Money most, const std::string& what);

}  // namespace gleaner::ledger
