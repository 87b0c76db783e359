#pragma once
/// A statement as a paper: balances, work grouped as its party thinks of it, everything else by
/// kind, and how to check it. Pure.

#include <string>

#include "coordinator/documents/paper.h"
#include "coordinator/ledger/ledger.h"

namespace gleaner::documents {

struct StatementNote {
    std::string sha256;   ///< of the statement's JSON: the reference
    bool is_over = true;  ///< false: the period goes on, and amounts will change
};

[[nodiscard]] Paper statement_paper(const ledger::Statement& statement, const StatementNote& note,
                                    Language language);

/// The command that prints the JSON which the reference is of.
[[nodiscard]] std::string statement_command(const ledger::Statement& statement);

/// The statement's lines and balances, for spreadsheets: amounts with as many decimals as are
/// exact, and a first line with headings.
[[nodiscard]] std::string statement_csv(const ledger::Statement& statement, Language language);

}  // namespace gleaner::documents
