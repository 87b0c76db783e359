#pragma once
/// gleanerctl ledger archive: beside the commands of `close`, one of the `ledger` group's.

#include "client-core/cli/context.h"

namespace gleaner::cli {

/// `ledger`: the group that it becomes part of.
void add_archive_command(CLI::App& ledger, Context& context);

}  // namespace gleaner::cli
