/// gleanerctl contract: agreements with owners about their share of revenue.

#include <charconv>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "client-core/cli/context.h"
#include "client-core/cli/output.h"

namespace gleaner::cli {

namespace json = boost::json;

namespace {

struct Proposal {
    std::string owner;
    std::string owner_share = "70";
    std::string owner_partner_share = "0";
    std::string customer_partner_share = "0";
    std::vector<std::string> tiers;
    std::string guarantee;
    std::string currency;
    std::string from;
    std::string until;
};

Error wrong(const std::string& option, const std::string& text, const std::string& form) {
    return {ErrorCode::invalid_argument, option + " \"" + text + "\" must be " + form};
}

/// "72.5" per cent → 7250.
Result<std::int64_t> basis_points(const std::string& option, const std::string& text) {
    constexpr std::int64_t micros_of_basis_point = 10'000;
    const auto micros = parse_micros(text);
    if (micros.has_error() || micros.value() % micros_of_basis_point != 0) {
        return wrong(option, text, "a number of per cent with at most two decimals");
    }
    return micros.value() / micros_of_basis_point;
}

/// "10000:75": above 10000 a month, 75 per cent.
Result<json::object> tier_of(const std::string& text) {
    const auto colon = text.find(':');
    const std::string form = "AMOUNT:PERCENT, for instance 10000:75";
    if (colon == std::string::npos) return wrong("--tier", text, form);
    const auto from = parse_micros(text.substr(0, colon));
    if (from.has_error()) return wrong("--tier", text, form);
    GLEANER_TRY(const auto owner, basis_points("--tier", text.substr(colon + 1)));
    return json::object{{"from_micros", from.value()}, {"owner", owner}};
}

/// "3000:20000": 3000 a month for 20000 device-hours on offer.
Status add_guarantee(json::object& body, const std::string& text) {
    if (text.empty()) return ok();
    const auto colon = text.find(':');
    const std::string form = "AMOUNT:HOURS, for instance 3000:20000";
    if (colon == std::string::npos) return wrong("--guarantee", text, form);
    const auto amount = parse_micros(text.substr(0, colon));
    std::int64_t hours = 0;
    const char* end = text.data() + text.size();
    const auto [rest, problem] = std::from_chars(text.data() + colon + 1, end, hours);
    if (amount.has_error() || problem != std::errc() || rest != end) {
        return wrong("--guarantee", text, form);
    }
    body["guaranteed_micros"] = amount.value();
    body["guaranteed_hours"] = hours;
    return ok();
}

Result<json::object> body_of(const Proposal& proposal) {
    GLEANER_TRY(const auto owner, basis_points("--owner-share", proposal.owner_share));
    GLEANER_TRY(const auto owner_partner,
                basis_points("--owner-partner-share", proposal.owner_partner_share));
    GLEANER_TRY(const auto customer_partner,
                basis_points("--customer-partner-share", proposal.customer_partner_share));
    json::array tiers;
    for (const auto& text : proposal.tiers) {
        GLEANER_TRY(auto tier, tier_of(text));
        tiers.push_back(std::move(tier));
    }
    json::object body{{"split",
                       {{"owner", owner},
                        {"owner_partner", owner_partner},
                        {"customer_partner", customer_partner}}},
                      {"tiers", std::move(tiers)}};
    GLEANER_TRY(add_guarantee(body, proposal.guarantee));
    if (!proposal.currency.empty()) body["currency"] = proposal.currency;
    if (!proposal.from.empty()) body["first_day"] = proposal.from;
    if (!proposal.until.empty()) body["end_day"] = proposal.until;
    return body;
}

/// 7250 → "72.5 %".
std::string percent(std::int64_t points) {
    std::string text = show_value(json::value(points * 10'000), Show::money);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
    return text + " %";
}

/// The terms in words, so that nobody signs what they did not read.
void explain(const Context& context, const json::value& contract) {
    if (context.json || !contract.is_object()) return;
    const json::value& terms = contract.at("terms");
    const json::value& split = terms.at("split");
    context.out << "Of what customers pay for work at this owner's sites: the owner "
                << percent(integer_at(split, "owner")) << ", who referred the owner "
                << percent(integer_at(split, "owner_partner")) << ", who referred the customer "
                << percent(integer_at(split, "customer_partner")) << ", the platform "
                << percent(integer_at(split, "platform")) << ".\n";
    for (const auto& tier : terms.at("tiers").as_array()) {
        context.out << "Of what is above " << show_value(tier.at("from_micros"), Show::money)
                    << " in a month the owner gets " << percent(integer_at(tier, "owner")) << ".\n";
    }
    const json::value& guarantee = terms.at("guarantee");
    if (integer_at(guarantee, "minimum_micros") > 0) {
        context.out << "At least " << show_value(guarantee.at("minimum_micros"), Show::money)
                    << " a month for " << integer_at(guarantee, "hours")
                    << " device-hours on offer, in proportion for fewer.\n";
    }
}

void show_contract(const Context& context, const json::value& contract) {
    print_record(context, contract,
                 {{"id", "contract"},
                  {"owner", "owner"},
                  {"currency", "currency"},
                  {"first_day", "first day"},
                  {"end_day", "ends before"},
                  {"signed", "signed"}});
    explain(context, contract);
}

Status propose(const Context& context, const Proposal& proposal) {
    GLEANER_TRY(const auto body, body_of(proposal));
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto contract,
                api.post("/api/v1/owners/" + percent_encode(proposal.owner) + "/contracts", body));
    show_contract(context, contract);
    if (!context.json) {
        context.out << "It holds once the owner has signed it: gleanerctl contract sign "
                    << text_at(contract, "id") << "\n";
    }
    return ok();
}

Status list(const Context& context, const std::string& owner) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto contracts,
                api.get("/api/v1/owners/" + percent_encode(owner) + "/contracts"));
    print_list(context, contracts,
               {{"id", "CONTRACT"},
                {"currency", "CURRENCY"},
                {"first_day", "FIRST DAY"},
                {"end_day", "ENDS BEFORE"},
                {"signed", "SIGNED"}},
               "No contracts: the platform's own shares hold.");
    return ok();
}

Status show(const Context& context, const std::string& id) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto contract, api.get("/api/v1/revenue-contracts/" + percent_encode(id)));
    show_contract(context, contract);
    return ok();
}

Status act(const Context& context, const std::string& id, const std::string& action,
           const json::object& body) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto contract,
                api.post("/api/v1/revenue-contracts/" + percent_encode(id) + "/" + action, body));
    show_contract(context, contract);
    return ok();
}

void add_propose(CLI::App& group, Context& context) {
    auto proposal = std::make_shared<Proposal>();
    CLI::App* command = group.add_subcommand("propose", "Propose a contract to an owner");
    command->add_option("OWNER", proposal->owner, "The owner's id")->required();
    command->add_option("--owner-share", proposal->owner_share, "Per cent (default: 70)");
    command->add_option("--owner-partner-share", proposal->owner_partner_share,
                        "Per cent for who referred the owner (default: 0)");
    command->add_option("--customer-partner-share", proposal->customer_partner_share,
                        "Per cent for who referred the customer (default: 0)");
    command->add_option("--tier", proposal->tiers,
                        "AMOUNT:PERCENT: the owner's share of what is above AMOUNT in a month");
    command->add_option("--guarantee", proposal->guarantee,
                        "AMOUNT:HOURS: at least AMOUNT a month for HOURS device-hours on offer");
    command->add_option("--currency", proposal->currency, "CNY, USD, … (default: CNY)");
    command->add_option("--from", proposal->from, "First day, YYYY-MM-DD (default: tomorrow)");
    command->add_option("--until", proposal->until,
                        "The first day on which it no longer holds (default: open)");
    on_chosen(*command, context, [&context, proposal] { return propose(context, *proposal); });
}

}  // namespace

void add_contract_commands(CLI::App& program, Context& context) {
    CLI::App* group = program.add_subcommand("contract", "Contracts with owners about shares");
    group->require_subcommand(1);
    add_propose(*group, context);

    auto owner = std::make_shared<std::string>();
    CLI::App* listed = group->add_subcommand("list", "List an owner's contracts");
    listed->add_option("OWNER", *owner, "The owner's id")->required();
    on_chosen(*listed, context, [&context, owner] { return list(context, *owner); });

    auto id = std::make_shared<std::string>();
    CLI::App* shown = group->add_subcommand("show", "Show a contract's terms in words");
    shown->add_option("CONTRACT", *id, "The contract's id")->required();
    on_chosen(*shown, context, [&context, id] { return show(context, *id); });

    CLI::App* sign = group->add_subcommand("sign", "Sign it, with the owner's own key");
    sign->add_option("CONTRACT", *id, "The contract's id")->required();
    on_chosen(*sign, context, [&context, id] { return act(context, *id, "sign", {}); });

    auto end_day = std::make_shared<std::string>();
    CLI::App* end = group->add_subcommand("end", "End it earlier than agreed");
    end->add_option("CONTRACT", *id, "The contract's id")->required();
    end->add_option("--on", *end_day, "The first day on which it no longer holds, YYYY-MM-DD")
        ->required();
    on_chosen(*end, context, [&context, id, end_day] {
        return act(context, *id, "end", {{"end_day", *end_day}});
    });
}

}  // namespace gleaner::cli
