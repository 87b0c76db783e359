/// gleanerctl customer: who pays.

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "client-core/cli/context.h"
#include "client-core/cli/output.h"
#include "shared/util/random.h"

namespace gleaner::cli {

namespace {

struct AddOptions {
    std::string name;
    std::string partner;
    std::string code;
    std::string own_sites_of;
};

struct TopUpOptions {
    std::string customer;
    std::string amount;
    std::string idempotency_key;
};

const std::vector<Column> customer_columns = {
    {"id", "CUSTOMER"},
    {"name", "NAME"},
    {"projects", "PROJECTS"},
    {"credit_micros", "CREDIT", Show::money},
    {"referred_by", "REFERRED BY"},
    {"own_sites_of", "OWN SITES OF"},
};

Status add(const Context& context, const AddOptions& options) {
    GLEANER_TRY(auto api, context.connect());
    boost::json::object body{{"name", options.name}};
    if (!options.partner.empty()) body["referred_by"] = options.partner;
    if (!options.code.empty()) body["referral_code"] = options.code;
    if (!options.own_sites_of.empty()) body["own_sites_of"] = options.own_sites_of;
    GLEANER_TRY(const auto customer, api.post("/api/v1/customers", body));
    print_record(context, customer, customer_columns);
    return ok();
}

Status list(const Context& context) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto customers, api.get("/api/v1/customers"));
    print_list(context, customers, customer_columns,
               "No customers. Add one with: gleanerctl customer add NAME");
    return ok();
}

Status top_up(const Context& context, const TopUpOptions& options) {
    GLEANER_TRY(const auto amount, parse_micros(options.amount));
    GLEANER_TRY(auto api, context.connect());
    const std::string key =
        options.idempotency_key.empty() ? random_token("topup_", 20) : options.idempotency_key;
    const boost::json::object body{{"amount_micros", amount}, {"idempotency_key", key}};
    GLEANER_TRY(
        const auto customer,
        api.post("/api/v1/customers/" + percent_encode(options.customer) + "/topups", body));
    print_record(context, customer,
                 {{"id", "customer"}, {"credit_micros", "credit now", Show::money}});
    return ok();
}

}  // namespace

void add_customer_commands(CLI::App& program, Context& context) {
    CLI::App* group = program.add_subcommand("customer", "Customers and their credit");
    group->require_subcommand(1);

    auto added = std::make_shared<AddOptions>();
    CLI::App* add_it = group->add_subcommand("add", "Add a customer with a first project");
    add_it->add_option("NAME", added->name, "The customer's name")->required();
    add_it->add_option("--partner", added->partner, "Id of the partner who referred them");
    add_it->add_option("--referral-code", added->code, "A partner's code by which they came");
    add_it->add_option("--own-sites-of", added->own_sites_of,
                       "Id of the owner whose sites count as the customer's own");
    on_chosen(*add_it, context, [&context, added] { return add(context, *added); });

    CLI::App* show = group->add_subcommand("list", "List customers");
    on_chosen(*show, context, [&context] { return list(context); });

    auto topped = std::make_shared<TopUpOptions>();
    CLI::App* top = group->add_subcommand("topup", "Record money paid in");
    top->add_option("CUSTOMER", topped->customer, "The customer's id")->required();
    top->add_option("AMOUNT", topped->amount, "For instance 100 or 12.50")->required();
    top->add_option("--idempotency-key", topped->idempotency_key,
                    "The payment's own number: repeating the command then pays in once");
    on_chosen(*top, context, [&context, topped] { return top_up(context, *topped); });
}

}  // namespace gleaner::cli
