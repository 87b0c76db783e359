/// gleanerctl operator: who runs the platform, and what each may do.

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "client-core/cli/context.h"
#include "client-core/cli/output.h"

namespace gleaner::cli {

namespace {

struct Options {
    std::string name;
    std::string role;
};

Status add(const Context& context, const Options& options) {
    GLEANER_TRY(auto api, context.connect());
    const boost::json::object body{{"name", options.name}, {"role", options.role}};
    GLEANER_TRY(const auto added, api.post("/api/v1/operators", body));
    print_record(context, added, {{"name", "operator"}, {"role", "role"}, {"key", "key"}});
    if (!context.json) context.out << "The key is shown once: hand it to the operator.\n";
    return ok();
}

Status list(const Context& context) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto all, api.get("/api/v1/operators"));
    print_list(context, all, {{"name", "OPERATOR"}, {"role", "ROLE"}, {"created", "CREATED"}},
               "No operators.");
    return ok();
}

Status set_role(const Context& context, const Options& options) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto changed,
                api.put("/api/v1/operators/" + percent_encode(options.name) + "/role",
                        boost::json::object{{"role", options.role}}));
    print_record(context, changed, {{"name", "operator"}, {"role", "role"}});
    return ok();
}

void add_role(CLI::App& command, Options& options) {
    command
        .add_option("--role", options.role,
                    "admin: everything; finance: money; support: neither money nor operators")
        ->required();
}

}  // namespace

void add_operator_commands(CLI::App& program, Context& context) {
    CLI::App* group = program.add_subcommand("operator", "Operators and their roles");
    group->require_subcommand(1);
    auto options = std::make_shared<Options>();

    CLI::App* add_it = group->add_subcommand("add", "Add an operator; prints their key once");
    add_it->add_option("NAME", options->name, "The operator's name")->required();
    add_role(*add_it, *options);
    on_chosen(*add_it, context, [&context, options] { return add(context, *options); });

    CLI::App* show = group->add_subcommand("list", "List operators");
    on_chosen(*show, context, [&context] { return list(context); });

    CLI::App* change = group->add_subcommand("role", "Change what an operator may do");
    change->add_option("NAME", options->name, "The operator's name")->required();
    add_role(*change, *options);
    on_chosen(*change, context, [&context, options] { return set_role(context, *options); });
}

}  // namespace gleaner::cli
