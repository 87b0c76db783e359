#pragma once
/// The text that an owner accepts before a site exists. Whoever changes a word changes the date:
/// acceptances are recorded with date and hash, and stay tied to what was read.

#include <string>

#include "coordinator/ledger/ledger.h"

namespace gleaner::admin {

struct ConsentText {
    std::string date;  ///< YYYY-MM-DD
    std::string text;
};

/// The text in force, with the shares of revenue that are in force.
[[nodiscard]] ConsentText consent_text(const ledger::Split& split);

}  // namespace gleaner::admin
