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
    std::vector<std::string> scopes;
    std::string spend_cap;
    std::int64_t requests_per_minute = -1;
    std::int64_t tokens_per_minute = -1;
    std::string expires;
};

const std::vector<Column> limit_columns = {
    {"scopes", "scopes"},
    {"spend_cap_micros", "spend cap a month", Show::money},
    {"requests_per_minute", "requests a minute"},
    {"tokens_per_minute", "tokens a minute"},
    {"expires", "expires"},
};

/// What was given of them; the rest stays as it is.
Status add_limits(const Options& options, boost::json::object& body) {
    if (!options.scopes.empty()) {
        boost::json::array scopes;
        for (const auto& scope : options.scopes) scopes.emplace_back(scope);
        body["scopes"] = std::move(scopes);
    }
    if (!options.spend_cap.empty()) {
        GLEANER_TRY(const auto cap, parse_micros(options.spend_cap));
        body["spend_cap_micros"] = cap;
    }
    if (options.requests_per_minute >= 0) body["requests_per_minute"] = options.requests_per_minute;
    if (options.tokens_per_minute >= 0) body["tokens_per_minute"] = options.tokens_per_minute;
    if (!options.expires.empty()) body["expires"] = options.expires;
    return ok();
}

Status make(const Context& context, const Options& options) {
    boost::json::object body{{"label", options.label}};
    GLEANER_TRY(add_limits(options, body));
    GLEANER_TRY(auto api, context.connect());
    if (!options.customer.empty()) body["customer"] = options.customer;
    if (!options.project.empty()) body["project"] = options.project;
    if (!options.operator_name.empty()) body["operator"] = options.operator_name;
    GLEANER_TRY(const auto made, api.post("/api/v1/apikeys", body));
    std::vector<Column> columns{{"id", "id"}, {"subject", "for"}, {"label", "label"}};
    columns.insert(columns.end(), limit_columns.begin(), limit_columns.end());
    columns.push_back({"key", "key"});
    print_record(context, made, columns);
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
                {"scopes", "SCOPES"},
                {"spent_micros", "SPENT THIS MONTH", Show::money},
                {"spend_cap_micros", "CAP", Show::money},
                {"requests_per_minute", "REQUESTS/MIN"},
                {"tokens_per_minute", "TOKENS/MIN"},
                {"expires", "EXPIRES"},
                {"created", "CREATED"},
                {"revoked", "REVOKED"}},
               "No keys. Make one with: gleanerctl apikey new --customer ID");
    return ok();
}

Status set(const Context& context, const Options& options) {
    boost::json::object body;
    if (!options.label.empty()) body["label"] = options.label;
    GLEANER_TRY(add_limits(options, body));
    if (body.empty())
        return Error(ErrorCode::invalid_argument,
                     "say what to change: --scope, --spend-cap, --requests-per-minute, "
                     "--tokens-per-minute, --expires or --label");
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto key, api.put("/api/v1/apikeys/" + percent_encode(options.id), body));
    std::vector<Column> columns{{"id", "id"}, {"label", "label"}};
    columns.insert(columns.end(), limit_columns.begin(), limit_columns.end());
    print_record(context, key, columns);
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

void add_limit_options(CLI::App& command, Options& options) {
    command
        .add_option("--scope", options.scopes,
                    "inference, batches, files, usage or admin; several times (default: all but "
                    "admin)")
        ->delimiter(',');
    command.add_option("--spend-cap", options.spend_cap,
                       "The most it may spend in a month (Shanghai's), like 100; 0: no cap");
    command.add_option("--requests-per-minute", options.requests_per_minute,
                       "Of its own, beside the customer's; 0: no limit");
    command.add_option("--tokens-per-minute", options.tokens_per_minute,
                       "Of its own, beside the customer's; 0: no limit");
    command.add_option("--expires", options.expires,
                       "YYYY-MM-DD (midnight in Shanghai), a UTC time, or never");
    command.add_option("--label", options.label, "A note to know it by");
}

}  // namespace

void add_apikey_commands(CLI::App& program, Context& context) {
    CLI::App* group = program.add_subcommand("apikey", "API keys");
    group->require_subcommand(1);
    auto options = std::make_shared<Options>();

    CLI::App* make_it = group->add_subcommand("new", "Make a key; it is printed once");
    add_whose(*make_it, *options);
    add_limit_options(*make_it, *options);
    on_chosen(*make_it, context, [&context, options] { return make(context, *options); });

    CLI::App* show = group->add_subcommand("list", "List keys");
    add_whose(*show, *options);
    on_chosen(*show, context, [&context, options] { return list(context, *options); });

    CLI::App* change = group->add_subcommand("set", "Change a key's scopes and limits");
    change->add_option("KEY_ID", options->id, "The key's id (key_…), not the key")->required();
    add_limit_options(*change, *options);
    on_chosen(*change, context, [&context, options] { return set(context, *options); });

    CLI::App* drop = group->add_subcommand("revoke", "Revoke a key at once");
    drop->add_option("KEY_ID", options->id, "The key's id (key_…), not the key")->required();
    on_chosen(*drop, context, [&context, options] { return revoke(context, *options); });
}

}  // namespace gleaner::cli
