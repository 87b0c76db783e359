/// gleanerctl statement and ledger: what was earned, spent and posted.

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "client-core/cli/close_commands.h"
#include "client-core/cli/context.h"
#include "client-core/cli/output.h"

namespace gleaner::cli {

namespace {

struct StatementOptions {
    std::string owner;
    std::string customer;
    std::string partner;
    bool platform = false;
    std::string from;
    std::string to;
};

std::string party_path(const StatementOptions& options) {
    if (!options.owner.empty()) return "owners/" + percent_encode(options.owner);
    if (!options.customer.empty()) return "customers/" + percent_encode(options.customer);
    if (!options.partner.empty()) return "partners/" + percent_encode(options.partner);
    return "platform";
}

Status statement(const Context& context, const StatementOptions& options) {
    GLEANER_TRY(auto api, context.connect());
    std::string target = "/api/v1/statements/" + party_path(options);
    char separator = '?';
    for (const auto& [name, value] :
         {std::pair{"from", &options.from}, std::pair{"to", &options.to}}) {
        if (value->empty()) continue;
        target += separator + std::string(name) + "=" + percent_encode(*value);
        separator = '&';
    }
    GLEANER_TRY(const auto account, api.get(target));
    if (context.json) {
        context.out << boost::json::serialize(account) << "\n";
        return ok();
    }
    print_record(context, account,
                 {{"party", "statement of"},
                  {"from", "from"},
                  {"to", "to"},
                  {"opening_micros", "opening balance", Show::money}});
    print_list(context, account,
               {{"label", "WHAT"},
                {"items", "ITEMS"},
                {"prompt_tokens", "PROMPT TOKENS"},
                {"generated_tokens", "GENERATED TOKENS"},
                {"device_micros", "DEVICE SECONDS", Show::seconds},
                {"amount_micros", "AMOUNT", Show::money}},
               "nothing in this period");
    print_record(context, account, {{"closing_micros", "closing balance", Show::money}});
    const auto* archives =
        account.is_object() ? account.get_object().if_contains("archives") : nullptr;
    if (archives != nullptr && archives->is_array() && !archives->get_array().empty()) {
        context.out << "single entries of this time are archived in the coordinator's data folder:";
        for (const auto& file : archives->get_array())
            context.out << " " << show_value(file, Show::plain);
        context.out << "\n";
    }
    return ok();
}

Status check_ledger(const Context& context) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto report, api.get("/api/v1/ledger/check"));
    print_record(context, report,
                 {{"entries", "entries"},
                  {"postings", "postings"},
                  {"meter_records", "meter records"},
                  {"sum_micros", "sum of all postings", Show::money},
                  {"violations", "violations"}});
    const boost::json::value* good =
        report.is_object() ? report.get_object().if_contains("balanced") : nullptr;
    if (good != nullptr && good->is_bool() && good->get_bool()) {
        if (!context.json) context.out << "the ledger balances\n";
        return ok();
    }
    return Error(ErrorCode::data_corrupt,
                 "the ledger does not balance: stop payouts and report it");
}

}  // namespace

void add_statement_command(CLI::App& program, Context& context) {
    auto options = std::make_shared<StatementOptions>();
    CLI::App* command = program.add_subcommand("statement", "A party's account over a period");
    auto* whose = command->add_option_group("party", "Whose account");
    whose->add_option("--owner", options->owner, "An owner's id");
    whose->add_option("--customer", options->customer, "A customer's id");
    whose->add_option("--partner", options->partner, "A partner's id");
    whose->add_flag("--platform", options->platform, "The platform itself");
    whose->require_option(1);
    command->add_option("--from", options->from,
                        "YYYY-MM-DD (midnight in Shanghai) or a UTC time (default: the beginning)");
    command->add_option("--to", options->to, "The first moment not included (default: now)");
    on_chosen(*command, context, [&context, options] { return statement(context, *options); });
}

void add_ledger_commands(CLI::App& program, Context& context) {
    CLI::App* group = program.add_subcommand("ledger", "The journal");
    group->require_subcommand(1);
    CLI::App* check = group->add_subcommand(
        "check", "Recompute every balance; fails when the journal does not balance");
    on_chosen(*check, context, [&context] { return check_ledger(context); });
    add_archive_command(*group, context);
}

}  // namespace gleaner::cli
