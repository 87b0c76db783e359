/// gleanerctl goodput and earnings: how machines were used, what they brought, and what is left
/// after electricity.

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "client-core/cli/context.h"
#include "client-core/cli/output.h"

namespace gleaner::cli {

namespace json = boost::json;

namespace {

struct MeteringOptions {
    std::string owner;
    std::string site;
    std::string node;
    std::string from;
    std::string to;
    std::string by = "day";
};
using Options = std::shared_ptr<MeteringOptions>;

std::string target_of(const std::string& path, const MeteringOptions& options) {
    std::string target = path;
    char separator = '?';
    for (const auto& [name, value] :
         {std::pair{"owner", &options.owner}, std::pair{"site", &options.site},
          std::pair{"node", &options.node}, std::pair{"from", &options.from},
          std::pair{"to", &options.to}, std::pair{"by", &options.by}}) {
        if (value->empty()) continue;
        target += separator + std::string(name) + "=" + percent_encode(*value);
        separator = '&';
    }
    return target;
}

std::string percent(std::int64_t permille) {
    return std::to_string(permille / 10) + "." + std::to_string(permille % 10) + " %";
}

/// A copy with "goodput" as people read it.
json::object with_goodput(const json::value& row) {
    json::object shown = row.as_object();
    const bool known =
        shown.if_contains("goodput_permille") != nullptr && !shown.at("goodput_permille").is_null();
    shown["goodput"] = known ? percent(integer_at(row, "goodput_permille")) : "-";
    return shown;
}

/// A list of the reply, each member made ready for people.
template <class Make>
json::object list_of(const json::value& reply, std::string_view key, Make make) {
    json::array data;
    if (const auto* found = reply.as_object().if_contains(key); found && found->is_array())
        for (const auto& row : found->get_array()) data.push_back(make(row));
    return {{"data", std::move(data)}};
}

Status goodput(const Context& context, const MeteringOptions& options) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto reply, api.get(target_of("/api/v1/goodput", options)));
    if (context.json) {
        context.out << json::serialize(reply) << "\n";
        return ok();
    }
    const std::vector<Column> columns{{"offered_micros", "OFFERED S", Show::seconds},
                                      {"idle_micros", "IDLE S", Show::seconds},
                                      {"leased_micros", "LEASED S", Show::seconds},
                                      {"useful_micros", "USEFUL S", Show::seconds},
                                      {"goodput", "GOODPUT"}};
    std::vector<Column> of_rows{{"key", options.by == "day" ? "DAY (UTC+8)" : "ID"}};
    if (options.by != "day") of_rows.push_back({"name", "NAME"});
    of_rows.insert(of_rows.end(), columns.begin(), columns.end());
    print_list(context, list_of(reply, "data", with_goodput), of_rows,
               "No machine was on offer in this time.");
    const auto shares = list_of(reply, "losses", [](const json::value& loss) {
        json::object shown = loss.as_object();
        shown["share"] = percent(integer_at(loss, "permille"));
        return shown;
    });
    context.out << "\n";
    print_list(context, shares,
               {{"en", "LOST TO"}, {"micros", "S", Show::seconds}, {"share", "OF LEASED"}},
               "Nothing was lost.");
    context.out << "\n" << text_at(reply.at("sentence"), "en") << "\n";
    return ok();
}

/// Energy as people know it; profit only where all of it has a price.
json::object with_energy(const json::value& row) {
    json::object shown = row.as_object();
    const std::int64_t unpriced = integer_at(row, "unpriced_watt_seconds");
    const std::int64_t hundredths = (integer_at(row, "watt_seconds") + unpriced + 18'000) / 36'000;
    std::string text = std::to_string(hundredths % 100);
    if (text.size() < 2) text.insert(0, "0");
    shown["kwh"] = std::to_string(hundredths / 100) + "." + text;
    if (unpriced > 0) shown["profit_micros"] = nullptr;
    return shown;
}

Status earnings(const Context& context, const MeteringOptions& options) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto reply, api.get(target_of("/api/v1/earnings", options)));
    if (context.json) {
        context.out << json::serialize(reply) << "\n";
        return ok();
    }
    const std::vector<Column> columns{
        {"currency", "CURRENCY"},
        {"revenue_micros", "REVENUE", Show::money},
        {"kwh", "KWH"},
        {"electricity_micros", "ELECTRICITY", Show::money},
        {"profit_micros", "PROFIT", Show::money},
        {"per_reference_hour_micros", "A REFERENCE HOUR", Show::money}};
    std::vector<Column> of_rows{{"key", options.by == "day" ? "DAY (UTC+8)" : "ID"}};
    if (options.by != "day") of_rows.push_back({"name", "NAME"});
    of_rows.insert(of_rows.end(), columns.begin(), columns.end());
    print_list(context, list_of(reply, "data", with_energy), of_rows,
               "Nothing was earned in this time.");
    context.out << "\nIn all\n";
    print_list(context, list_of(reply, "totals", with_energy), columns, "");
    bool unpriced = false;
    for (const auto& total : reply.at("totals").as_array())
        unpriced = unpriced || integer_at(total, "unpriced_watt_seconds") > 0;
    if (unpriced)
        context.out << "A part of the electricity has no price, so the profit is not known. Set "
                       "it with: gleanerctl site electricity SITE --price 0.85\n";
    const auto same = [](const json::value& row) { return row.as_object(); };
    if (reply.as_object().contains("balances")) {
        context.out << "\nNow\n";
        print_list(context, list_of(reply, "balances", same),
                   {{"currency", "CURRENCY"},
                    {"pending_micros", "PENDING", Show::money},
                    {"payable_micros", "CONFIRMED", Show::money}},
                   "No money yet.");
    }
    context.out << "Electricity is an estimate of what the work drew above an idle machine.\n";
    return ok();
}

void declare(CLI::App& command, const Options& options) {
    auto* whose = command.add_option_group("machines", "Whose machines (default: all of yours)");
    whose->add_option("--owner", options->owner, "An owner's id (operators)");
    whose->add_option("--site", options->site, "A site's id");
    whose->add_option("--node", options->node, "A node's id");
    whose->require_option(0, 1);
    command.add_option("--from", options->from,
                       "YYYY-MM-DD (a day in Shanghai) or a UTC time (default: seven days ago)");
    command.add_option("--to", options->to, "The first day not included (default: tomorrow)");
    command.add_option("--by", options->by, "One row for each day, node, site or owner")
        ->check(CLI::IsMember({"day", "node", "site", "owner"}))
        ->capture_default_str();
}

}  // namespace

void add_metering_commands(CLI::App& program, Context& context) {
    auto used = std::make_shared<MeteringOptions>();
    CLI::App* how = program.add_subcommand(
        "goodput", "How machines were used: useful time, and what the rest was lost to");
    declare(*how, used);
    on_chosen(*how, context, [&context, used] { return goodput(context, *used); });

    auto earned = std::make_shared<MeteringOptions>();
    CLI::App* what = program.add_subcommand(
        "earnings", "What machines brought their owner, and what is left after electricity");
    declare(*what, earned);
    on_chosen(*what, context, [&context, earned] { return earnings(context, *earned); });
}

}  // namespace gleaner::cli
