#pragma once
/// What every command of gleanerctl is given: where to write, whom to talk to, and the slot into
/// which the parsed command line puts the chosen command.

#include <functional>
#include <iosfwd>
#include <istream>
#include <ostream>
#include <string>

#include "client-core/api/api_client.h"
#include "client-core/cli/profile.h"
#include "shared/util/clock.h"
#include "shared/util/result.h"

namespace CLI {
class App;
}

namespace gleaner::cli {

struct Context {
    std::istream& in;
    std::ostream& out;  ///< results only: what a script reads
    std::ostream& err;  ///< progress, questions, errors
    const Clock& clock;
    std::function<void(Duration)> pause;  ///< waits between two looks at a job
    bool in_is_terminal = false;
    bool err_is_terminal = false;
    bool json = false;
    Profile profile = {};
    std::function<Status()> command = {};  ///< set by parsing, run by main

    /// A client for the profile's coordinator.
    [[nodiscard]] Result<ApiClient> connect() const { return open_api(profile); }
};

/// Makes `action` the chosen command when `app` is the subcommand given.
void on_chosen(CLI::App& app, Context& context, std::function<Status()> action);

// One function a command group; each adds its subcommands to the program.
void add_apikey_commands(CLI::App& program, Context& context);
void add_budget_commands(CLI::App& program, Context& context);
void add_audit_commands(CLI::App& program, Context& context);
void add_chat_command(CLI::App& program, Context& context);
void add_close_commands(CLI::App& program, Context& context);
void add_completion_command(CLI::App& program, Context& context);
void add_contract_commands(CLI::App& program, Context& context);
void add_customer_commands(CLI::App& program, Context& context);
void add_customer_contract_commands(CLI::App& program, Context& context);
void add_engine_commands(CLI::App& program, Context& context);
void add_customer_tax_commands(CLI::App& program, Context& context);
void add_invoice_commands(CLI::App& program, Context& context);
void add_job_commands(CLI::App& program, Context& context);
void add_key_commands(CLI::App& program, Context& context);
void add_ledger_commands(CLI::App& program, Context& context);
void add_local_commands(CLI::App& program, Context& context);
void add_metering_commands(CLI::App& program, Context& context);
void add_model_commands(CLI::App& program, Context& context);
void add_node_commands(CLI::App& program, Context& context);
void add_operator_commands(CLI::App& program, Context& context);
void add_owner_commands(CLI::App& program, Context& context);
void add_partner_commands(CLI::App& program, Context& context);
void add_review_commands(CLI::App& program, Context& context);
void add_price_commands(CLI::App& program, Context& context);
void add_quote_command(CLI::App& program, Context& context);
void add_project_commands(CLI::App& program, Context& context);
void add_payout_commands(CLI::App& program, Context& context);
void add_site_commands(CLI::App& program, Context& context);
void add_statement_command(CLI::App& program, Context& context);
void add_token_commands(CLI::App& program, Context& context);
void add_usage_command(CLI::App& program, Context& context);

/// The whole program: global flags and every group. `context` must outlive `app`.
void add_program(CLI::App& app, Context& context);

}  // namespace gleaner::cli
