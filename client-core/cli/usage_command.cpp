/// gleanerctl usage: what a customer used, by time, project, key and model.

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "client-core/cli/context.h"
#include "client-core/cli/output.h"

namespace gleaner::cli {

namespace {

struct Options {
    std::string customer;
    std::string project;
    std::string from;
    std::string to;
    std::string width;
};

Status usage(const Context& context, const Options& options) {
    GLEANER_TRY(auto api, context.connect());
    std::string query;
    for (const auto& [name, value] :
         {std::pair{"customer", &options.customer}, std::pair{"project", &options.project},
          std::pair{"from", &options.from}, std::pair{"to", &options.to},
          std::pair{"width", &options.width}}) {
        if (value->empty()) continue;
        query += (query.empty() ? "?" : "&") + std::string(name) + "=" + percent_encode(*value);
    }
    GLEANER_TRY(const auto used, api.get("/api/v1/usage" + query));
    print_list(context, used,
               {{"time", "FROM (UTC)"},
                {"project", "PROJECT"},
                {"api_key", "KEY"},
                {"model", "MODEL"},
                {"batch", "BATCH"},
                {"requests", "REQUESTS"},
                {"prompt_tokens", "PROMPT TOKENS"},
                {"cached_tokens", "CACHED"},
                {"generated_tokens", "GENERATED TOKENS"},
                {"price_micros", "PRICE", Show::money},
                {"currency", "CURRENCY"}},
               "nothing was used in this period");
    return ok();
}

}  // namespace

void add_usage_command(CLI::App& program, Context& context) {
    auto options = std::make_shared<Options>();
    CLI::App* command = program.add_subcommand("usage", "What a customer used, and its price");
    command->add_option("--customer", options->customer,
                        "A customer's id (a customer's own key needs none)");
    command->add_option("--project", options->project, "Only this project");
    command->add_option("--from", options->from,
                        "YYYY-MM-DD (midnight in Shanghai) or a UTC time (default: thirty days "
                        "ago); whole buckets are shown");
    command->add_option("--to", options->to, "Where it ends (default: now)");
    command->add_option("--width", options->width, "Of a bucket of time: 1m, 1h or 1d (default)")
        ->check(CLI::IsMember({"1m", "1h", "1d"}));
    on_chosen(*command, context, [&context, options] { return usage(context, *options); });
}

}  // namespace gleaner::cli
