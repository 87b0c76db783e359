/// gleanerctl invoice: invoices of months that are over, and their data for the tax system.

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "client-core/cli/context.h"
#include "client-core/cli/document_download.h"
#include "client-core/cli/output.h"

namespace gleaner::cli {

namespace {

struct InvoiceOptions {
    std::string month;
    std::string customer;
    std::string number;
    std::string format;
    std::string language;
    std::string sheet = "basics";
    std::string file;
};

const std::vector<Column> invoice_columns = {
    {"number", "NUMBER"},
    {"kind", "KIND"},
    {"customer", "CUSTOMER"},
    {"buyer.title", "BUYER"},
    {"month", "MONTH"},
    {"currency", "CURRENCY"},
    {"total_micros", "TOTAL", Show::money},
    {"tax_micros", "OF IT TAX", Show::money},
    {"refers_to", "REFERS TO"},
};

Status issue(const Context& context, const InvoiceOptions& options) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto issued,
                api.post("/api/v1/invoices", boost::json::object{{"month", options.month}}));
    print_list(context, issued, invoice_columns, "Nobody consumed anything in " + options.month);
    return ok();
}

/// All pages.
Status list(const Context& context, const InvoiceOptions& options) {
    GLEANER_TRY(auto api, context.connect());
    const std::string target =
        "/api/v1/invoices?limit=1000&month=" + percent_encode(options.month) +
        "&customer=" + percent_encode(options.customer);
    boost::json::array all;
    for (std::string after;;) {
        GLEANER_TRY(const auto page, api.get(target + "&after=" + percent_encode(after)));
        const auto& rows = page.at("data").as_array();
        if (rows.empty()) break;
        after = text_at(rows.back(), "number");
        all.insert(all.end(), rows.begin(), rows.end());
        if (!page.at("has_more").as_bool()) break;
    }
    print_list(context, boost::json::object{{"data", std::move(all)}}, invoice_columns,
               "No invoices. Issue a month's with: gleanerctl invoice issue --month 2026-11");
    return ok();
}

Status show(const Context& context, const InvoiceOptions& options) {
    GLEANER_TRY(auto api, context.connect());
    std::string target = "/api/v1/invoices/" + percent_encode(options.number);
    if (!options.format.empty() || !options.file.empty()) {
        target += "?format=" + options.format;
        if (!options.language.empty()) target += "&lang=" + options.language;
        return download_document(context, api, target, options.file);
    }
    GLEANER_TRY(const auto invoice, api.get(target));
    if (context.json) {
        context.out << boost::json::serialize(invoice) << "\n";
        return ok();
    }
    print_record(context, invoice,
                 {{"number", "number"},
                  {"kind", "kind"},
                  {"refers_to", "refers to"},
                  {"seller.title", "seller"},
                  {"buyer.title", "buyer"},
                  {"buyer.taxpayer_number", "taxpayer number"},
                  {"month", "month"},
                  {"issued", "issued"},
                  {"currency", "currency"}});
    print_list(context, invoice,
               {{"kind", "WHAT"},
                {"name", "NAME"},
                {"items", "ITEMS"},
                {"prompt_tokens", "PROMPT TOKENS"},
                {"generated_tokens", "GENERATED TOKENS"},
                {"amount_micros", "AMOUNT", Show::money}},
               "no lines");
    print_record(context, invoice,
                 {{"net_micros", "without tax", Show::money},
                  {"tax_micros", "tax", Show::money},
                  {"total_micros", "total", Show::money}});
    return ok();
}

Status export_month(const Context& context, const InvoiceOptions& options) {
    GLEANER_TRY(auto api, context.connect());
    const std::string format = options.format.empty() ? "csv" : options.format;
    return download_document(context, api,
                             "/api/v1/invoices/export?month=" + percent_encode(options.month) +
                                 "&format=" + format + "&sheet=" + options.sheet,
                             options.file);
}

}  // namespace

void add_invoice_commands(CLI::App& program, Context& context) {
    CLI::App* group = program.add_subcommand("invoice", "Invoices, and data for fapiao");
    group->require_subcommand(1);
    auto options = std::make_shared<InvoiceOptions>();

    CLI::App* make = group->add_subcommand(
        "issue", "Invoice a month that is over, for all customers; repeating it makes nothing new");
    make->add_option("--month", options->month, "Like 2026-11")->required();
    on_chosen(*make, context, [&context, options] { return issue(context, *options); });

    CLI::App* every = group->add_subcommand("list", "List invoices and credit notes");
    every->add_option("--month", options->month, "Of this month");
    every->add_option("--customer", options->customer, "Of this customer");
    on_chosen(*every, context, [&context, options] { return list(context, *options); });

    CLI::App* one = group->add_subcommand("show", "Show one, or fetch it as a document");
    one->add_option("NUMBER", options->number, "Like GL-2026-000017")->required();
    auto* format = one->add_option("--format", options->format, "json, html or pdf");
    format->check(CLI::IsMember({"json", "html", "pdf"}));
    one->add_option("--lang", options->language, "The document's language (default: en)")
        ->check(CLI::IsMember({"en", "zh"}));
    one->add_option("--out", options->file, "File for the document (default: the output)")
        ->needs(format);
    on_chosen(*one, context, [&context, options] { return show(context, *options); });

    CLI::App* data = group->add_subcommand(
        "export", "A month's data for issuing fapiao in the tax system: exported, not issued");
    data->add_option("--month", options->month, "Like 2026-11")->required();
    data->add_option("--format", options->format, "csv (default) or json")
        ->check(CLI::IsMember({"csv", "json"}));
    data->add_option("--sheet", options->sheet, "Of the tax system's template: basics or details")
        ->check(CLI::IsMember({"basics", "details"}))
        ->capture_default_str();
    data->add_option("--out", options->file, "File (default: the output)");
    on_chosen(*data, context, [&context, options] { return export_month(context, *options); });
}

}  // namespace gleaner::cli
