#pragma once
/// What a statement's lines are called by people, in both languages.

#include <string>
#include <string_view>
#include <vector>

#include "coordinator/documents/paper.h"
#include "coordinator/ledger/ledger.h"

namespace gleaner::documents {

/// Of an entry kind, "work" or "held", as the party sees it: "Paid out".
[[nodiscard]] std::string kind_words(std::string_view kind, ledger::PartyKind party,
                                     Language language);

/// A model's name, or what reserved machines' hours are called.
[[nodiscard]] std::string model_words(const std::string& model, Language language);

[[nodiscard]] std::string statement_title(ledger::PartyKind party, Language language);

/// What a reader wants explained: how a share is made, what pending means, that nothing is rounded.
[[nodiscard]] std::vector<std::string> statement_notes(const ledger::Statement& statement,
                                                       Language language);

/// "CNY (¥)".
[[nodiscard]] std::string currency_words(Currency currency);

}  // namespace gleaner::documents
