/// gleanerctl partner: who referred owners and customers.

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "client-core/cli/context.h"
#include "client-core/cli/output.h"

namespace gleaner::cli {

namespace {

Status add(const Context& context, const std::string& name) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto partner,
                api.post("/api/v1/partners", boost::json::object{{"name", name}}));
    print_record(context, partner, {{"id", "partner"}, {"name", "name"}, {"key", "key"}});
    if (!context.json) context.out << "The key is shown once: hand it to the partner.\n";
    return ok();
}

Status list(const Context& context) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto partners, api.get("/api/v1/partners"));
    print_list(context, partners, {{"id", "PARTNER"}, {"name", "NAME"}, {"created", "CREATED"}},
               "No partners. Add one with: gleanerctl partner add NAME");
    return ok();
}

}  // namespace

void add_partner_commands(CLI::App& program, Context& context) {
    CLI::App* group = program.add_subcommand("partner", "Partners who refer owners and customers");
    group->require_subcommand(1);

    auto name = std::make_shared<std::string>();
    CLI::App* add_it = group->add_subcommand("add", "Add a partner; prints their key once");
    add_it->add_option("NAME", *name, "The partner's name")->required();
    on_chosen(*add_it, context, [&context, name] { return add(context, *name); });

    CLI::App* show = group->add_subcommand("list", "List partners");
    on_chosen(*show, context, [&context] { return list(context); });
}

}  // namespace gleaner::cli
