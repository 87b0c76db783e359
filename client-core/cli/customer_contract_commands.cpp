/// gleanerctl customer-contract: machines that customers reserve and work that they buy at locked
/// prices. Operators offer and read; only the customer signs, reprices, ends and leaves.

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "client-core/cli/context.h"
#include "client-core/cli/output.h"
#include "shared/model/civil_day.h"

namespace gleaner::cli {

namespace json = boost::json;

namespace {

struct Offer {
    std::string device_class;
    std::int64_t devices = 1;
    std::string privacy;
    std::string monthly;
    std::string from;
    std::string to;
    std::int64_t months = 0;
    bool renews = false;
    std::string project;
    std::string customer;  ///< an operator's
    // An operator's own clauses; unset: the coordinator's.
    std::optional<std::int64_t> deposit_days;
    std::optional<std::string> reprice_threshold;
    std::optional<std::string> reprice_fee;
    std::optional<std::string> termination_penalty;
};

struct Choice {
    std::string id;
    std::string language = "en";
    bool yes = false;
};

/// "2.5" per cent → 250.
Status add_share(json::object& body, const char* member, const std::optional<std::string>& text) {
    if (!text) return ok();
    constexpr std::int64_t micros_of_basis_point = 10'000;
    const auto micros = parse_micros(*text);
    if (micros.has_error() || micros.value() % micros_of_basis_point != 0)
        return Error(ErrorCode::invalid_argument,
                     "\"" + *text + "\" must be a number of per cent with at most two decimals");
    body[member] = micros.value() / micros_of_basis_point;
    return ok();
}

Result<json::object> body_of(const Context& context, const Offer& offer) {
    json::object body;
    if (!offer.device_class.empty()) {
        json::object reserve{{"device_class", offer.device_class}, {"devices", offer.devices}};
        if (!offer.privacy.empty()) reserve["privacy"] = offer.privacy;
        body["reserve"] = std::move(reserve);
    }
    if (!offer.monthly.empty()) body["monthly"] = offer.monthly;
    constexpr std::int64_t hour_s = 3'600;
    if (offer.from.empty())
        body["from"] = context.clock.wall().seconds() / hour_s * hour_s;
    else
        body["from"] = offer.from;
    if (!offer.to.empty()) body["to"] = offer.to;
    if (offer.months > 0) body["months"] = offer.months;
    if (offer.renews) body["renews"] = true;
    if (!offer.project.empty()) body["project"] = offer.project;
    if (offer.deposit_days) body["deposit_days"] = *offer.deposit_days;
    GLEANER_TRY(add_share(body, "reprice_threshold", offer.reprice_threshold));
    GLEANER_TRY(add_share(body, "reprice_fee", offer.reprice_fee));
    GLEANER_TRY(add_share(body, "termination_penalty", offer.termination_penalty));
    return body;
}

std::string local(const json::value& contract, std::string_view member) {
    const auto* time = contract.get_object().if_contains(member);
    if (time == nullptr || !time->is_int64()) return {};
    return local_time_text(WallTime{time->get_int64() * 1'000'000});
}

/// With times as clocks in Shanghai show them, for tables and lines.
json::value readable(json::value contract) {
    for (const auto* member : {"from", "to", "ends_at", "valid_until", "signed_at"}) {
        const auto text = local(contract, member);
        if (!text.empty()) contract.get_object()[member] = text;
    }
    return contract;
}

/// The terms in sentences, so that nobody signs what they did not read.
void print_terms(const Context& context, const json::value& contract, const std::string& language) {
    if (context.json) return;
    const auto& terms = contract.at("terms").at(language);
    for (const auto& sentence : terms.as_array())
        context.out << show_value(sentence, Show::plain) << "\n";
}

const std::vector<Column> contract_columns = {
    {"id", "contract"},
    {"state", "state"},
    {"customer", "customer"},
    {"project", "project"},
    {"reserve.devices", "devices"},
    {"reserve.device_class", "device class"},
    {"monthly", "a month"},
    {"total", "in all"},
    {"currency", "currency"},
    {"from", "from"},
    {"ends_at", "ends"},
    {"end_reason", "why"},
    {"deposit_held", "deposit held"},
};

void show_contract(const Context& context, const json::value& contract,
                   const std::string& language) {
    if (context.json) {
        print_record(context, contract, contract_columns);
        return;
    }
    print_record(context, readable(contract), contract_columns);
    const auto& now = contract.at("availability");
    if (now.is_object())
        context.out << "delivered in " << text_at(now, "month") << ": "
                    << show_value(json::value(integer_at(now, "availability") * 10'000),
                                  Show::money)
                    << " % of " << integer_at(now, "promised_seconds") / 3'600
                    << " promised device-hours, charged " << text_at(now, "charged") << "\n";
    print_terms(context, contract, language);
}

Result<json::value> read_contract(ApiClient& api, const std::string& id) {
    return api.get("/api/v1/customer-contracts/" + percent_encode(id));
}

Status offer(const Context& context, const Offer& wanted, const std::string& language) {
    GLEANER_TRY(const auto body, body_of(context, wanted));
    GLEANER_TRY(auto api, context.connect());
    const std::string target =
        wanted.customer.empty()
            ? "/v1/contracts"
            : "/api/v1/customers/" + percent_encode(wanted.customer) + "/contracts";
    GLEANER_TRY(const auto contract, api.post(target, body));
    show_contract(context, contract, language);
    if (!context.json)
        context.out << "Nothing is agreed until the customer signs: gleanerctl customer-contract "
                       "sign "
                    << text_at(contract, "id") << "\n";
    return ok();
}

Status list(const Context& context, const std::string& customer) {
    GLEANER_TRY(auto api, context.connect());
    std::string query;
    if (!customer.empty()) query = "?customer=" + percent_encode(customer);
    GLEANER_TRY(auto contracts, api.get("/api/v1/customer-contracts" + query));
    if (!context.json) {
        for (auto& contract : contracts.at("data").as_array()) contract = readable(contract);
    }
    print_list(context, contracts,
               {{"id", "CONTRACT"},
                {"state", "STATE"},
                {"project", "PROJECT"},
                {"reserve.devices", "DEVICES"},
                {"reserve.device_class", "OF"},
                {"monthly", "A MONTH"},
                {"total", "IN ALL"},
                {"currency", "CURRENCY"},
                {"from", "FROM"},
                {"ends_at", "ENDS"}},
               "No contracts. See what there is to reserve: gleanerctl customer-contract classes");
    return ok();
}

Status show(const Context& context, const Choice& choice) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto contract, read_contract(api, choice.id));
    show_contract(context, contract, choice.language);
    return ok();
}

/// Asks on the terminal before what binds or costs; a program says --yes.
Status agree(const Context& context, const Choice& choice, const std::string& question) {
    if (choice.yes) return ok();
    if (!context.in_is_terminal)
        return Error(ErrorCode::failed_precondition,
                     question + " Nobody is here to ask: repeat the command with --yes");
    context.err << question << " Type \"yes\" to agree: " << std::flush;
    std::string answer;
    std::getline(context.in, answer);
    if (answer == "yes") return ok();
    return Error(ErrorCode::cancelled, "not agreed: nothing was changed");
}

Status act(const Context& context, ApiClient& api, const Choice& choice, const std::string& action,
           const json::object& body) {
    GLEANER_TRY(const auto contract,
                api.post("/v1/contracts/" + percent_encode(choice.id) + "/" + action, body));
    print_record(context, context.json ? contract : readable(contract), contract_columns);
    return ok();
}

Status sign(const Context& context, const Choice& choice) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto contract, read_contract(api, choice.id));
    print_terms(context, contract, choice.language);
    GLEANER_TRY(agree(context, choice,
                      "Sign, and set aside a deposit of " + text_at(contract, "deposit") + " " +
                          text_at(contract, "currency") + "?"));
    return act(context, api, choice, "sign", {});
}

Status reprice(const Context& context, const Choice& choice) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto contract, read_contract(api, choice.id));
    const auto& offered = contract.at("reprice");
    const std::string currency = " " + text_at(contract, "currency");
    const std::string fee = offered.is_object() ? text_at(offered, "fee") : "0";
    const bool open = offered.is_object() && offered.at("open").as_bool();
    // The coordinator says why not; there is nothing to agree to.
    if (open) {
        GLEANER_TRY(agree(context, choice,
                          "Pay " + text_at(offered, "monthly_after") + currency +
                              " a month instead of " + text_at(offered, "monthly_before") +
                              ", for a fee of " + fee + currency + "?"));
    }
    return act(context, api, choice, "reprice", {{"fee", fee}});
}

Status terminate(const Context& context, const Choice& choice) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto contract, read_contract(api, choice.id));
    const auto& settled = contract.at("terminate");
    const std::string currency = " " + text_at(contract, "currency");
    const std::string penalty = settled.is_object() ? text_at(settled, "penalty") : "0";
    if (settled.is_object()) {
        GLEANER_TRY(agree(context, choice,
                          "End it now, for a penalty of " + penalty + currency + ", of which " +
                              text_at(settled, "from_deposit") +
                              " come from the deposit? Of that " +
                              text_at(settled, "deposit_returned") + currency + " go back."));
    }
    return act(context, api, choice, "terminate", {{"penalty", penalty}});
}

Status end(const Context& context, const Choice& choice) {
    GLEANER_TRY(auto api, context.connect());
    return act(context, api, choice, "end", {});
}

Status classes(const Context& context) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto found, api.get("/v1/device-classes"));
    print_list(context, found,
               {{"id", "DEVICE CLASS"},
                {"devices", "DEVICES"},
                {"hour.any", "AN HOUR"},
                {"hour.certified", "AT CERTIFIED SITES"},
                {"currency", "CURRENCY"}},
               "No machine is here that could be reserved.");
    return ok();
}

void add_offer(CLI::App& group, Context& context) {
    auto wanted = std::make_shared<Offer>();
    auto language = std::make_shared<std::string>("en");
    CLI::App* command = group.add_subcommand(
        "offer", "Ask for an offer: machines by the hour or for months, or work at locked prices");
    auto* of = command->add_option("--class", wanted->device_class,
                                   "Reserve devices of this class (customer-contract classes)");
    command->add_option("--devices", wanted->devices, "So many (default: 1)")->needs(of);
    command->add_option("--privacy", wanted->privacy, "any, or certified sites only")
        ->needs(of)
        ->check(CLI::IsMember({"any", "certified"}));
    command
        ->add_option("--monthly", wanted->monthly,
                     "Instead: buy work for at least so much a month at locked prices")
        ->excludes(of);
    command->add_option("--from", wanted->from,
                        "A whole hour: 2027-01-01 (Shanghai) or 2027-01-01T08:00:00Z (default: "
                        "the hour that runs)");
    auto* to = command->add_option("--to", wanted->to, "By the hour: until then");
    command->add_option("--months", wanted->months, "For a term of 1 to 3 months")
        ->excludes(to)
        ->check(CLI::Range(1, 3));
    command->add_flag("--renews", wanted->renews, "After the term it goes on month by month");
    command->add_option("--project", wanted->project, "For this project (default: the key's)");
    auto* customer = command->add_option("--customer", wanted->customer,
                                         "Operators: to this customer, with --project");
    command
        ->add_option("--deposit-days", wanted->deposit_days,
                     "Operators: the deposit, in days of the month's price")
        ->needs(customer);
    command
        ->add_option("--reprice-threshold", wanted->reprice_threshold,
                     "Operators: per cent by which prices must fall")
        ->needs(customer);
    command
        ->add_option("--reprice-fee", wanted->reprice_fee,
                     "Operators: per cent of what repricing saves")
        ->needs(customer);
    command
        ->add_option("--termination-penalty", wanted->termination_penalty,
                     "Operators: per cent of what was still to be paid")
        ->needs(customer);
    command->add_option("--lang", *language, "Terms in en or zh (default: en)")
        ->check(CLI::IsMember({"en", "zh"}));
    on_chosen(*command, context,
              [&context, wanted, language] { return offer(context, *wanted, *language); });
}

void add_action(CLI::App& group, Context& context, const char* name, const char* text,
                Status (*action)(const Context&, const Choice&), bool asks) {
    auto choice = std::make_shared<Choice>();
    CLI::App* command = group.add_subcommand(name, text);
    command->add_option("CONTRACT", choice->id, "The contract's id")->required();
    command->add_option("--lang", choice->language, "Terms in en or zh (default: en)")
        ->check(CLI::IsMember({"en", "zh"}));
    if (asks) command->add_flag("--yes", choice->yes, "Agree without being asked");
    on_chosen(*command, context, [&context, choice, action] { return action(context, *choice); });
}

}  // namespace

void add_customer_contract_commands(CLI::App& program, Context& context) {
    CLI::App* group = program.add_subcommand(
        "customer-contract", "Contracts with customers: reserved machines, locked prices");
    group->require_subcommand(1);
    add_offer(*group, context);

    CLI::App* all = group->add_subcommand("classes", "What there is to reserve, and its price");
    on_chosen(*all, context, [&context] { return classes(context); });

    auto customer = std::make_shared<std::string>();
    CLI::App* listed = group->add_subcommand("list", "List contracts with customers");
    listed->add_option("--customer", *customer, "Operators: only this customer's");
    on_chosen(*listed, context, [&context, customer] { return list(context, *customer); });

    add_action(*group, context, "show", "Show a contract and its terms in words", show, false);
    add_action(*group, context, "sign", "Sign it, with the customer's own key", sign, true);
    add_action(*group, context, "reprice", "Take the lower prices of today, for a fee", reprice,
               true);
    add_action(*group, context, "end", "Let it end with its term, or the month that runs", end,
               false);
    add_action(*group, context, "terminate", "End it now, for the penalty", terminate, true);
}

}  // namespace gleaner::cli
