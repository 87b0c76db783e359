/// gleanerctl statement and ledger: what was earned, spent and posted.

#include <algorithm>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "client-core/cli/close_commands.h"
#include "client-core/cli/context.h"
#include "client-core/cli/document_download.h"
#include "client-core/cli/output.h"

namespace gleaner::cli {

namespace {

struct StatementOptions {
    std::string owner;
    std::string customer;
    std::string partner;
    bool platform = false;
    std::string month;
    std::string from;
    std::string to;
    std::string currency;
    std::string format;
    std::string language;
    std::string file;
    bool records = false;
    bool entries = false;
    std::string subject;
    std::string subject_kind;
    std::string device_class;
    std::string date;
    std::string kind;
    std::uint64_t rows_max = 1000;
};

std::string party_path(const StatementOptions& options) {
    if (!options.owner.empty()) return "owners/" + percent_encode(options.owner);
    if (!options.customer.empty()) return "customers/" + percent_encode(options.customer);
    if (!options.partner.empty()) return "partners/" + percent_encode(options.partner);
    return "platform";
}

/// The path with what is given of `parameters`.
std::string with_query(std::string target,
                       std::initializer_list<std::pair<const char*, std::string>> parameters) {
    char separator = '?';
    for (const auto& [name, value] : parameters) {
        if (value.empty()) continue;
        target += separator + std::string(name) + "=" + percent_encode(value);
        separator = '&';
    }
    return target;
}

/// Reads a list page by page: "data" of all pages, and whether there is more.
Result<boost::json::object> all_pages(ApiClient& api, const std::string& target,
                                      std::uint64_t rows_max) {
    constexpr std::uint64_t page_rows = 1000;
    boost::json::array rows;
    std::int64_t sum = 0;
    std::string after = "0";
    bool more = true;
    while (more && (rows_max == 0 || rows.size() < rows_max)) {
        const std::uint64_t wanted =
            rows_max == 0 ? page_rows : std::min<std::uint64_t>(page_rows, rows_max - rows.size());
        GLEANER_TRY(const auto page,
                    api.get(target + (target.find('?') == std::string::npos ? "?" : "&") +
                            "after=" + after + "&limit=" + std::to_string(wanted)));
        const auto* const object = page.if_object();
        const auto* const data = object != nullptr ? object->if_contains("data") : nullptr;
        if (data == nullptr || !data->is_array()) break;
        for (const auto& row : data->get_array()) {
            sum += integer_at(row, "amount_micros");
            after = text_at(row, "id");
            rows.push_back(row);
        }
        const auto* const has_more = object->if_contains("has_more");
        more = has_more != nullptr && has_more->is_bool() && has_more->get_bool();
    }
    return boost::json::object{{"data", std::move(rows)}, {"sum_micros", sum}, {"has_more", more}};
}

/// What is behind a line: meter records of work, entries of everything else.
Status rows(const Context& context, const StatementOptions& options) {
    GLEANER_TRY(auto api, context.connect());
    const std::string path = "/api/v1/statements/" + party_path(options);
    const std::string target = with_query(path + (options.records ? "/records" : "/entries"),
                                          {{"month", options.month},
                                           {"from", options.from},
                                           {"to", options.to},
                                           {"currency", options.currency},
                                           {"subject", options.subject},
                                           {"subject_kind", options.subject_kind},
                                           {"device_class", options.device_class},
                                           {"date", options.date},
                                           {"kind", options.kind}});
    GLEANER_TRY(const boost::json::value found, all_pages(api, target, options.rows_max));
    if (options.records) {
        print_list(context, found,
                   {{"at", "ACCEPTED"},
                    {"request", "REQUEST"},
                    {"hostname", "MACHINE"},
                    {"device_class", "DEVICE"},
                    {"model", "MODEL"},
                    {"prompt_tokens", "PROMPT"},
                    {"generated_tokens", "GENERATED"},
                    {"device_micros", "SECONDS", Show::seconds},
                    {"price_micros", "PRICE", Show::money},
                    {"amount_micros", "AMOUNT", Show::money}},
                   "no meter records behind this line");
    } else {
        print_list(context, found,
                   {{"at", "POSTED"},
                    {"kind", "KIND"},
                    {"key", "KEY"},
                    {"amount_micros", "AMOUNT", Show::money}},
                   "no entries behind this line");
    }
    if (context.json) return ok();
    print_record(context, found, {{"sum_micros", "sum of these", Show::money}});
    if (found.at("has_more").as_bool())
        context.err << "There are more: --limit 0 shows all of them.\n";
    return ok();
}

Status statement(const Context& context, const StatementOptions& options) {
    if (options.records || options.entries) return rows(context, options);
    GLEANER_TRY(auto api, context.connect());
    const std::string target =
        with_query("/api/v1/statements/" + party_path(options), {{"month", options.month},
                                                                 {"from", options.from},
                                                                 {"to", options.to},
                                                                 {"currency", options.currency},
                                                                 {"format", options.format},
                                                                 {"lang", options.language}});
    if (!options.format.empty() || !options.file.empty())
        return download_document(context, api, target, options.file);
    GLEANER_TRY(const auto account, api.get(target));
    if (context.json) {
        context.out << boost::json::serialize(account) << "\n";
        return ok();
    }
    print_record(context, account,
                 {{"party", "statement of"},
                  {"from", "from"},
                  {"to", "to"},
                  {"currency", "currency"},
                  {"opening_micros", "opening balance", Show::money}});
    print_list(context, account,
               {{"label", "WHAT"},
                {"site_name", "SITE"},
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
    if (options.owner.empty() && options.partner.empty()) return ok();
    print_record(context, account, {{"pending_micros", "of it pending", Show::money}});
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

/// Flags that ask for what is behind a line.
void add_drill_down(CLI::App& command, StatementOptions& options) {
    auto* records = command.add_flag("--records", options.records,
                                     "The meter records behind work, instead of the statement");
    command
        .add_flag("--entries", options.entries, "The journal's entries behind all that is no work")
        ->excludes(records);
    command.add_option("--subject", options.subject,
                       "Records of one line: its node, owner or customer id, or its model");
    command
        .add_option("--subject-kind", options.subject_kind,
                    "For partners: of owners (default) or customers whom they referred")
        ->check(CLI::IsMember({"owner", "customer"}));
    command.add_option("--device-class", options.device_class, "Records of this device class");
    command.add_option("--date", options.date, "Records of this day");
    command.add_option("--kind", options.kind, "Entries of this kind: payout, top_up, held, …");
    command.add_option("--limit", options.rows_max, "The most rows (default: 1000; 0: all)");
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
    auto* month = command->add_option("--month", options->month, "A whole month, like 2026-11");
    command
        ->add_option("--from", options->from,
                     "YYYY-MM-DD (midnight in Shanghai) or a UTC time (default: the beginning)")
        ->excludes(month);
    command->add_option("--to", options->to, "The first moment not included (default: now)")
        ->excludes(month);
    command->add_option("--currency", options->currency, "CNY, USD, … (default: CNY)");
    auto* format = command->add_option("--format", options->format,
                                       "A document instead of a table: json, csv, html or pdf");
    format->check(CLI::IsMember({"json", "csv", "html", "pdf"}));
    command->add_option("--lang", options->language, "The document's language (default: en)")
        ->check(CLI::IsMember({"en", "zh"}));
    command->add_option("--out", options->file, "File for the document (default: the output)")
        ->needs(format);
    add_drill_down(*command, *options);
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
