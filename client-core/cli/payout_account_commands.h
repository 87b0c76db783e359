#pragma once
/// gleanerctl payout account, and payout rotate-key: where money is sent.

namespace CLI {
class App;
}

namespace gleaner::cli {

struct Context;

/// Adds its subcommands to `payout`. `context` must outlive it.
void add_payout_account_commands(CLI::App& payout, Context& context);

}  // namespace gleaner::cli
