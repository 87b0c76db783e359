/// gleanerctl customer tax: what a customer wants written on invoices and fapiao.

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "client-core/cli/context.h"
#include "client-core/cli/output.h"

namespace gleaner::cli {

namespace {

struct TaxOptions {
    std::string customer;
    std::string title;
    std::string taxpayer_number;
    std::string address;
    std::string phone;
    std::string bank;
    std::string bank_account;
    std::string email;
    std::string fapiao = "general";
};

const std::vector<Column> tax_columns = {
    {"title", "title"},     {"taxpayer_number", "taxpayer number"},
    {"address", "address"}, {"phone", "phone"},
    {"bank", "bank"},       {"bank_account", "bank account"},
    {"email", "e-mail"},    {"fapiao", "fapiao"},
};

std::string tax_target(const TaxOptions& options) {
    return "/api/v1/customers/" + percent_encode(options.customer) + "/tax";
}

Status show(const Context& context, const TaxOptions& options) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto tax, api.get(tax_target(options)));
    print_record(context, tax, tax_columns);
    return ok();
}

Status set(const Context& context, const TaxOptions& options) {
    GLEANER_TRY(auto api, context.connect());
    boost::json::object body{{"title", options.title}, {"fapiao", options.fapiao}};
    for (const auto& [name, value] :
         {std::pair{"taxpayer_number", &options.taxpayer_number},
          std::pair{"address", &options.address}, std::pair{"phone", &options.phone},
          std::pair{"bank", &options.bank}, std::pair{"bank_account", &options.bank_account},
          std::pair{"email", &options.email}}) {
        if (!value->empty()) body[name] = *value;
    }
    GLEANER_TRY(const auto tax, api.put(tax_target(options), body));
    print_record(context, tax, tax_columns);
    return ok();
}

}  // namespace

void add_customer_tax_commands(CLI::App& program, Context& context) {
    CLI::App* group =
        program.get_subcommand("customer")
            ->add_subcommand("tax", "What is written on a customer's invoices and fapiao");
    group->require_subcommand(1);
    auto options = std::make_shared<TaxOptions>();

    CLI::App* read = group->add_subcommand("show", "Show it");
    read->add_option("CUSTOMER", options->customer, "The customer's id")->required();
    on_chosen(*read, context, [&context, options] { return show(context, *options); });

    CLI::App* write = group->add_subcommand("set", "Set all of it, for invoices from now on");
    write->add_option("CUSTOMER", options->customer, "The customer's id")->required();
    write->add_option("--title", options->title, "The registered name (抬头)")->required();
    write->add_option("--taxpayer-number", options->taxpayer_number,
                      "15, 18 or 20 digits and capital letters (纳税人识别号); none: a person");
    write->add_option("--address", options->address, "The registered address");
    write->add_option("--phone", options->phone, "The registered phone number");
    write->add_option("--bank", options->bank, "The bank, with the branch");
    write->add_option("--bank-account", options->bank_account, "The account there");
    write->add_option("--email", options->email, "Where the fapiao goes");
    write->add_option("--fapiao", options->fapiao, "general (普票) or special (专票)")
        ->check(CLI::IsMember({"general", "special"}))
        ->capture_default_str();
    on_chosen(*write, context, [&context, options] { return set(context, *options); });
}

}  // namespace gleaner::cli
