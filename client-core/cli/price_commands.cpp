/// gleanerctl prices: versions of the price book.

#include <fstream>
#include <iterator>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "client-core/cli/context.h"
#include "client-core/cli/output.h"
#include "shared/config/toml_json.h"

namespace gleaner::cli {

namespace json = boost::json;

namespace {

struct PublishOptions {
    std::string path;
    std::string from;
    std::string until;
    bool dry_run = false;
};

const std::vector<Column> version_columns = {
    {"version", "VERSION"}, {"state", "STATE"},         {"from", "FROM"},
    {"until", "UNTIL"},     {"published", "PUBLISHED"}, {"withdrawn", "WITHDRAWN"},
};

/// The lines of a price book, each under its currency.
void print_lines(const Context& context, const json::value& version) {
    if (context.json || !version.is_object()) return;
    const auto* book = version.get_object().if_contains("book");
    if (book == nullptr || !book->is_object()) return;
    for (const auto& [code, prices] : book->at("currencies").as_object()) {
        const std::string currency(code);
        for (const auto& [name, price] : prices.at("models").as_object()) {
            context.out << currency << " model " << std::string_view(name) << ": prompt "
                        << text_at(price, "prompt");
            if (const auto cached = text_at(price, "cached_prompt"); !cached.empty())
                context.out << ", cached prompt " << cached;
            context.out << ", generated " << text_at(price, "generated") << " per million tokens\n";
        }
        for (const auto& [name, price] : prices.at("device_hours").as_object())
            context.out << currency << " device " << std::string_view(name) << ": "
                        << price.as_string().c_str() << " per hour\n";
        context.out << currency << " storage: " << text_at(prices, "storage_per_gib_month")
                    << " per GiB and month\n";
    }
    for (const auto& [name, factor] : book->at("tiers").as_object())
        context.out << "tier " << std::string_view(name) << ": factor "
                    << factor.as_string().c_str() << "\n";
    for (const auto& band : book->at("bands").as_array())
        context.out << "time band " << text_at(band, "name") << ": " << text_at(band, "from")
                    << " to " << text_at(band, "to") << " (Shanghai), days "
                    << json::serialize(band.at("days")) << ", factor " << text_at(band, "factor")
                    << "\n";
}

/// The file's own `from` and `until` count unless the command line names others.
Status publish(const Context& context, const PublishOptions& options) {
    std::ifstream file(options.path, std::ios::binary);
    if (!file) return Error(ErrorCode::not_found, options.path + ": cannot be read");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    GLEANER_TRY(auto book, config::read_toml(text, options.path));
    json::object body{{"dry_run", options.dry_run}};
    for (const auto& [name, given] :
         {std::pair{"from", &options.from}, std::pair{"until", &options.until}}) {
        if (const auto* value = book.if_contains(name)) body[name] = *value;
        book.erase(name);
        if (!given->empty()) body[name] = *given;
    }
    body["book"] = std::move(book);
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto version, api.post("/api/v1/prices", body));
    print_record(context, version, version_columns);
    if (options.dry_run) {
        print_lines(context, version);
        context.err << "nothing was published: leave --dry-run out to do so\n";
    }
    return ok();
}

Status list(const Context& context) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto versions, api.get("/api/v1/prices"));
    print_list(context, versions, version_columns,
               "No price book. Publish one with: gleanerctl prices publish FILE.toml");
    return ok();
}

Status show(const Context& context, const std::string& at) {
    GLEANER_TRY(auto api, context.connect());
    const std::string target = "/api/v1/prices/current";
    GLEANER_TRY(const auto version,
                api.get(at.empty() ? target : target + "?at=" + percent_encode(at)));
    print_record(context, version, version_columns);
    print_lines(context, version);
    return ok();
}

Status withdraw(const Context& context, std::int64_t number) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto version,
                api.post("/api/v1/prices/" + std::to_string(number) + "/withdraw", json::object()));
    print_record(context, version, version_columns);
    return ok();
}

}  // namespace

void add_price_commands(CLI::App& program, Context& context) {
    CLI::App* group = program.add_subcommand("prices", "The price book and its versions");
    group->require_subcommand(1);

    auto options = std::make_shared<PublishOptions>();
    CLI::App* make = group->add_subcommand("publish", "Publish a price book (docs/prices.toml)");
    make->add_option("FILE", options->path, "The price book, TOML")->required();
    make->add_option("--from", options->from,
                     "In force from: 2026-12-01 (Shanghai) or 2026-12-01T08:00:00Z; at once "
                     "when neither this nor the file says");
    make->add_option("--until", options->until, "And until; without end when left out");
    make->add_flag("--dry-run", options->dry_run, "Check it and publish nothing");
    on_chosen(*make, context, [&context, options] { return publish(context, *options); });

    CLI::App* all = group->add_subcommand("list", "All versions that were ever published");
    on_chosen(*all, context, [&context] { return list(context); });

    auto at = std::make_shared<std::string>();
    CLI::App* one = group->add_subcommand("show", "The prices in force");
    one->add_option("--at", *at, "At another time: 2026-12-01 or 2026-12-01T08:00:00Z");
    on_chosen(*one, context, [&context, at] { return show(context, *at); });

    auto number = std::make_shared<std::int64_t>();
    CLI::App* drop =
        group->add_subcommand("withdraw", "Take back a version that is not in force yet");
    drop->add_option("VERSION", *number, "Its number")->required();
    on_chosen(*drop, context, [&context, number] { return withdraw(context, *number); });
}

}  // namespace gleaner::cli
