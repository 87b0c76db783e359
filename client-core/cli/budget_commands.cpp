/// gleanerctl budget: monthly budgets of customers and projects, and the alerts that they raised.

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "client-core/cli/context.h"
#include "client-core/cli/output.h"

namespace gleaner::cli {

namespace {

struct Options {
    std::string customer;
    std::string project;
    std::string currency;
    std::string amount;
    bool hard = false;
    std::vector<std::int64_t> thresholds;
    std::int64_t limit = 100;
};

const std::vector<Column> budget_columns = {
    {"kind", "OF"},
    {"subject", "ID"},
    {"amount_micros", "A MONTH", Show::money},
    {"spent_micros", "SPENT THIS MONTH", Show::money},
    {"currency", "CURRENCY"},
    {"hard", "HARD"},
    {"thresholds", "ALERTS AT %"},
};

std::string query_of(const Options& options) {
    std::string query;
    for (const auto& [name, value] :
         {std::pair{"customer", &options.customer}, std::pair{"project", &options.project},
          std::pair{"currency", &options.currency}}) {
        if (value->empty()) continue;
        query += (query.empty() ? "?" : "&") + std::string(name) + "=" + percent_encode(*value);
    }
    return query;
}

Status set(const Context& context, const Options& options) {
    GLEANER_TRY(const auto amount, parse_micros(options.amount));
    boost::json::object body{{"amount_micros", amount}, {"hard", options.hard}};
    if (!options.customer.empty()) body["customer"] = options.customer;
    if (!options.project.empty()) body["project"] = options.project;
    if (!options.currency.empty()) body["currency"] = options.currency;
    if (!options.thresholds.empty()) {
        boost::json::array thresholds;
        for (const auto percent : options.thresholds) thresholds.emplace_back(percent);
        body["thresholds"] = std::move(thresholds);
    }
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto budget, api.put("/api/v1/budgets", body));
    print_record(context, budget, budget_columns);
    return ok();
}

Status list(const Context& context, const Options& options) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto budgets, api.get("/api/v1/budgets" + query_of(options)));
    print_list(context, budgets, budget_columns,
               "No budgets. Set one with: gleanerctl budget set --project ID --amount AMOUNT");
    return ok();
}

Status remove(const Context& context, const Options& options) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto reply, api.remove("/api/v1/budgets" + query_of(options)));
    print_record(context, reply, {{"id", "budget removed of"}});
    return ok();
}

Status alerts(const Context& context, const Options& options) {
    GLEANER_TRY(auto api, context.connect());
    std::string query = "?limit=" + std::to_string(options.limit);
    if (!options.customer.empty()) query += "&customer=" + percent_encode(options.customer);
    GLEANER_TRY(const auto raised, api.get("/api/v1/alerts" + query));
    print_list(context, raised,
               {{"raised", "RAISED"},
                {"kind", "BUDGET OF"},
                {"subject", "ID"},
                {"month", "MONTH"},
                {"percent", "%"},
                {"spent_micros", "SPENT", Show::money},
                {"amount_micros", "OF", Show::money},
                {"currency", "CURRENCY"}},
               "No alerts: no budget has crossed a threshold.");
    return ok();
}

void add_whose(CLI::App& command, Options& options) {
    auto* customer = command.add_option("--customer", options.customer, "A customer's id");
    command.add_option("--project", options.project, "A project's id")->excludes(customer);
    command.add_option("--currency", options.currency,
                       "Of a customer's budget: CNY (default), USD, EUR, HKD or SGD");
}

}  // namespace

void add_budget_commands(CLI::App& program, Context& context) {
    CLI::App* group = program.add_subcommand("budget", "Monthly budgets and their alerts");
    group->require_subcommand(1);
    auto options = std::make_shared<Options>();

    CLI::App* set_it = group->add_subcommand("set", "Make or replace a budget");
    add_whose(*set_it, *options);
    set_it->add_option("--amount", options->amount, "A month (Shanghai's), like 500")->required();
    set_it->add_flag("--hard", options->hard, "Refuse what goes beyond; else it only warns");
    set_it
        ->add_option("--threshold", options->thresholds,
                     "Percent at which to raise an alert (default: 50,80,100)")
        ->delimiter(',');
    on_chosen(*set_it, context, [&context, options] { return set(context, *options); });

    CLI::App* show = group->add_subcommand("list", "List budgets and what is spent of them");
    show->add_option("--customer", options->customer, "Only this customer's");
    on_chosen(*show, context, [&context, options] { return list(context, *options); });

    CLI::App* drop = group->add_subcommand("remove", "Remove a budget");
    add_whose(*drop, *options);
    on_chosen(*drop, context, [&context, options] { return remove(context, *options); });

    CLI::App* raised = group->add_subcommand("alerts", "Thresholds that were crossed");
    raised->add_option("--customer", options->customer, "Only this customer's");
    raised->add_option("--limit", options->limit, "The newest so many")
        ->check(CLI::Range(1, 1'000));
    on_chosen(*raised, context, [&context, options] { return alerts(context, *options); });
}

}  // namespace gleaner::cli
