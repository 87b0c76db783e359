#include <CLI/CLI.hpp>

#include "client-core/cli/context.h"

namespace gleaner::cli {

void on_chosen(CLI::App& app, Context& context, std::function<Status()> action) {
    app.callback([&context, action = std::move(action)] { context.command = action; });
}

void add_program(CLI::App& app, Context& context) {
    app.description("Gleaner's command line for operators, owners, partners and customers");
    app.require_subcommand(1);
    // Global flags are understood after the subcommand too: gleanerctl node list --json.
    app.fallthrough();
    app.add_flag("--json", context.json, "Print JSON for programs, one value a command");
    add_key_commands(app, context);
    add_engine_commands(app, context);
    add_model_commands(app, context);
    add_owner_commands(app, context);
    add_partner_commands(app, context);
    add_site_commands(app, context);
    add_token_commands(app, context);
    add_node_commands(app, context);
    add_local_commands(app, context);  // more subcommands of `node`
    add_customer_commands(app, context);
    add_project_commands(app, context);
    add_customer_tax_commands(app, context);  // more subcommands of `customer`
    add_apikey_commands(app, context);
    add_price_commands(app, context);
    add_quote_command(app, context);
    add_budget_commands(app, context);
    add_usage_command(app, context);
    add_job_commands(app, context);
    add_chat_command(app, context);
    add_contract_commands(app, context);
    add_customer_contract_commands(app, context);
    add_review_commands(app, context);
    add_statement_command(app, context);
    add_invoice_commands(app, context);
    add_payout_commands(app, context);
    add_operator_commands(app, context);
    add_ledger_commands(app, context);
    add_metering_commands(app, context);
    add_close_commands(app, context);
    add_audit_commands(app, context);
    add_completion_command(app, context);
}

}  // namespace gleaner::cli
