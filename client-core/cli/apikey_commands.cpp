/// gleanerctl apikey: customers' keys for the OpenAI-compatible API, and further operators' keys.

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "client-core/cli/context.h"
#include "client-core/cli/output.h"

namespace gleaner::cli {

namespace {

struct Options {
    std::string customer;
    std::string project;
    std::string operator_name;
    std::string label;
    std::string id;
};

Status make(const Context& context, const Options& options) {
    GLEANER_TRY(auto api, context.connect());
    boost::json::object body{{"label", options.label}};
    if (!options.customer.empty()) body["customer"] = options.customer;
    if (!options.project.empty()) body["project"] = options.project;
    if (!options.operator_name.empty()) body["operator"] = options.operator_name;
    GLEANER_TRY(const auto made, api.post("/api/v1/apikeys", body));
    print_record(context, made,
                 {{"id", "id"}, {"subject", "for"}, {"label", "label"}, {"key", "key"}});
    if (!context.json) context.out << "The key is shown once.\n";
    return ok();
}

Status list(const Context& context, const Options& options) {
    GLEANER_TRY(auto api, context.connect());
    std::string query;
    if (!options.customer.empty()) query = "?customer=" + percent_encode(options.customer);
    if (!options.project.empty()) query = "?project=" + percent_encode(options.project);
    if (!options.operator_name.empty())
        query = "?operator=" + percent_encode(options.operator_name);
    GLEANER_TRY(const auto keys, api.get("/api/v1/apikeys" + query));
    print_list(context, keys,
               {{"id", "ID"},
                {"subject", "FOR"},
                {"label", "LABEL"},
                {"created", "CREATED"},
                {"revoked", "REVOKED"}},
               "No keys. Make one with: gleanerctl apikey new --customer ID");
    return ok();
}

Status revoke(const Context& context, const Options& options) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto reply, api.remove("/api/v1/apikeys/" + percent_encode(options.id)));
    print_record(context, reply, {{"id", "revoked"}});
    return ok();
}

CLI::Option_group* add_whose(CLI::App& command, Options& options) {
    auto* whose = command.add_option_group("for", "Whose keys");
    whose->add_option("--customer", options.customer, "A customer's id (its first project)");
    whose->add_option("--project", options.project, "A project's id");
    whose->add_option("--operator", options.operator_name, "An operator's name");
    whose->require_option(1);
    return whose;
}

}  // namespace

void add_apikey_commands(CLI::App& program, Context& context) {
    CLI::App* group = program.add_subcommand("apikey", "API keys");
    group->require_subcommand(1);
    auto options = std::make_shared<Options>();

    CLI::App* make_it = group->add_subcommand("new", "Make a key; it is printed once");
    add_whose(*make_it, *options);
    make_it->add_option("--label", options->label, "A note to know it by");
    on_chosen(*make_it, context, [&context, options] { return make(context, *options); });

    CLI::App* show = group->add_subcommand("list", "List keys");
    add_whose(*show, *options);
    on_chosen(*show, context, [&context, options] { return list(context, *options); });

    CLI::App* drop = group->add_subcommand("revoke", "Revoke a key at once");
    drop->add_option("KEY_ID", options->id, "The key's id (key_…), not the key")->required();
    on_chosen(*drop, context, [&context, options] { return revoke(context, *options); });
}

}  // namespace gleaner::cli
