/// gleanerctl project: a customer's projects, each with its own keys, files and currency.

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "client-core/cli/context.h"
#include "client-core/cli/output.h"

namespace gleaner::cli {

namespace {

struct Options {
    std::string name;
    std::string customer;
    std::string currency;
};

const std::vector<Column> project_columns = {
    {"id", "PROJECT"}, {"name", "NAME"}, {"customer", "CUSTOMER"}, {"currency", "CURRENCY"}};

Status add(const Context& context, const Options& options) {
    GLEANER_TRY(auto api, context.connect());
    boost::json::object body{{"name", options.name}};
    if (!options.customer.empty()) body["customer"] = options.customer;
    if (!options.currency.empty()) body["currency"] = options.currency;
    GLEANER_TRY(const auto project, api.post("/api/v1/projects", body));
    print_record(context, project, project_columns);
    return ok();
}

Status list(const Context& context, const Options& options) {
    GLEANER_TRY(auto api, context.connect());
    std::string query;
    if (!options.customer.empty()) query = "?customer=" + percent_encode(options.customer);
    GLEANER_TRY(const auto projects, api.get("/api/v1/projects" + query));
    print_list(context, projects, project_columns,
               "No projects. Add one with: gleanerctl project add NAME --customer ID");
    return ok();
}

}  // namespace

void add_project_commands(CLI::App& program, Context& context) {
    CLI::App* group = program.add_subcommand("project", "Projects of customers");
    group->require_subcommand(1);
    auto options = std::make_shared<Options>();
    const char* whose = "The customer's id (a customer's own key needs none)";

    CLI::App* add_it = group->add_subcommand("add", "Add a project");
    add_it->add_option("NAME", options->name, "The project's name")->required();
    add_it->add_option("--customer", options->customer, whose);
    add_it->add_option("--currency", options->currency,
                       "Of all that it buys: CNY (default), USD, EUR, HKD or SGD");
    on_chosen(*add_it, context, [&context, options] { return add(context, *options); });

    CLI::App* show = group->add_subcommand("list", "List projects");
    show->add_option("--customer", options->customer, whose);
    on_chosen(*show, context, [&context, options] { return list(context, *options); });
}

}  // namespace gleaner::cli
