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
    std::string currency;
};

const std::vector<Column> credit_columns = {
    {"id", "customer"},
    {"currency", "currency"},
    {"balance_micros", "balance", Show::money},
    {"credit_limit_micros", "credit limit", Show::money},
    {"credit_micros", "credit now", Show::money},
};

const std::vector<Column> customer_columns = {
    {"id", "CUSTOMER"},
    {"name", "NAME"},
    {"projects", "PROJECTS"},
    {"credit_micros", "CREDIT", Show::money},
    {"credit_limit_micros", "CREDIT LIMIT", Show::money},
    {"weight", "WEIGHT"},
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
    boost::json::object body{{"amount_micros", amount}, {"idempotency_key", key}};
    if (!options.currency.empty()) body["currency"] = options.currency;
    GLEANER_TRY(
        const auto customer,
        api.post("/api/v1/customers/" + percent_encode(options.customer) + "/topups", body));
    print_record(context, customer,
                 {{"id", "customer"}, {"credit_micros", "credit now", Show::money}});
    return ok();
}

Status refund(const Context& context, const TopUpOptions& options) {
    GLEANER_TRY(const auto amount, parse_micros(options.amount));
    GLEANER_TRY(auto api, context.connect());
    boost::json::object body{{"amount_micros", amount},
                             {"idempotency_key", options.idempotency_key}};
    if (!options.currency.empty()) body["currency"] = options.currency;
    GLEANER_TRY(
        const auto credit,
        api.post("/api/v1/customers/" + percent_encode(options.customer) + "/refunds", body));
    print_record(context, credit, credit_columns);
    return ok();
}

Status credit(const Context& context, const TopUpOptions& options) {
    GLEANER_TRY(auto api, context.connect());
    std::string path = "/api/v1/customers/" + percent_encode(options.customer) + "/credit";
    if (!options.currency.empty()) path += "?currency=" + percent_encode(options.currency);
    GLEANER_TRY(const auto credit, api.get(path));
    print_record(context, credit, credit_columns);
    return ok();
}

Status credit_limit(const Context& context, const TopUpOptions& options) {
    GLEANER_TRY(const auto amount, parse_micros(options.amount));
    GLEANER_TRY(auto api, context.connect());
    boost::json::object body{{"amount_micros", amount}};
    if (!options.currency.empty()) body["currency"] = options.currency;
    GLEANER_TRY(
        const auto credit,
        api.put("/api/v1/customers/" + percent_encode(options.customer) + "/credit-limit", body));
    print_record(context, credit, credit_columns);
    return ok();
}

Status weight(const Context& context, const std::string& customer, std::int64_t value) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto changed,
                api.put("/api/v1/customers/" + percent_encode(customer) + "/weight",
                        boost::json::object{{"weight", value}}));
    print_record(context, changed, {{"id", "customer"}, {"weight", "weight"}});
    return ok();
}

void add_currency(CLI::App& command, TopUpOptions& options) {
    command.add_option("--currency", options.currency, "CNY (default), USD, EUR, HKD or SGD");
}

void add_money_commands(CLI::App& group, Context& context) {
    auto refunded = std::make_shared<TopUpOptions>();
    CLI::App* back = group.add_subcommand("refund", "Record prepaid money paid back");
    back->add_option("CUSTOMER", refunded->customer, "The customer's id")->required();
    back->add_option("AMOUNT", refunded->amount, "At most the balance")->required();
    back->add_option("--idempotency-key", refunded->idempotency_key,
                     "The repayment's own number: repeating the command then pays back once")
        ->required();
    add_currency(*back, *refunded);
    on_chosen(*back, context, [&context, refunded] { return refund(context, *refunded); });

    auto shown = std::make_shared<TopUpOptions>();
    CLI::App* show = group.add_subcommand("credit", "Balance, credit limit, and what may be spent");
    show->add_option("CUSTOMER", shown->customer, "The customer's id")->required();
    add_currency(*show, *shown);
    on_chosen(*show, context, [&context, shown] { return credit(context, *shown); });

    auto limited = std::make_shared<TopUpOptions>();
    CLI::App* limit =
        group.add_subcommand("credit-limit", "How far a customer's account may fall below zero");
    limit->add_option("CUSTOMER", limited->customer, "The customer's id")->required();
    limit->add_option("AMOUNT", limited->amount, "0: prepaid only")->required();
    add_currency(*limit, *limited);
    on_chosen(*limit, context, [&context, limited] { return credit_limit(context, *limited); });
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
    add_currency(*top, *topped);
    on_chosen(*top, context, [&context, topped] { return top_up(context, *topped); });

    add_money_commands(*group, context);

    auto whose = std::make_shared<std::string>();
    auto value = std::make_shared<std::int64_t>(0);
    CLI::App* weigh = group->add_subcommand("weight", "A customer's share when nodes are scarce");
    weigh->add_option("CUSTOMER", *whose, "The customer's id")->required();
    weigh->add_option("WEIGHT", *value, "1 to 1000; 100 is usual, 200 gets twice as much")
        ->required();
    on_chosen(*weigh, context,
              [&context, whose, value] { return weight(context, *whose, *value); });
}

}  // namespace gleaner::cli
