/// gleanerctl partner: who referred owners and customers.

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "client-core/cli/context.h"
#include "client-core/cli/output.h"

namespace gleaner::cli {

namespace {

Status add(const Context& context, const std::string& name) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto partner,
                api.post("/api/v1/partners", boost::json::object{{"name", name}}));
    print_record(context, partner, {{"id", "partner"}, {"name", "name"}, {"key", "key"}});
    if (!context.json) context.out << "The key is shown once: hand it to the partner.\n";
    return ok();
}

Status list(const Context& context) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto partners, api.get("/api/v1/partners"));
    print_list(context, partners, {{"id", "PARTNER"}, {"name", "NAME"}, {"created", "CREATED"}},
               "No partners. Add one with: gleanerctl partner add NAME");
    return ok();
}

std::string path_of(const std::string& partner, const char* what) {
    return "/api/v1/partners/" + percent_encode(partner) + "/" + what;
}

Status add_code(const Context& context, const std::string& partner, const std::string& label) {
    GLEANER_TRY(auto api, context.connect());
    boost::json::object body;
    if (!label.empty()) body["label"] = label;
    GLEANER_TRY(const auto code, api.post(path_of(partner, "codes"), body));
    print_record(context, code, {{"code", "referral code"}, {"label", "label"}});
    return ok();
}

Status list_codes(const Context& context, const std::string& partner) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto codes, api.get(path_of(partner, "codes")));
    print_list(
        context, codes,
        {{"code", "CODE"}, {"label", "LABEL"}, {"created", "CREATED"}, {"revoked", "REVOKED"}},
        "No codes. Make one with: gleanerctl partner code PARTNER");
    return ok();
}

Status revoke_code(const Context& context, const std::string& partner, const std::string& code) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto done,
                api.remove(path_of(partner, "codes") + "/" + percent_encode(code)));
    print_record(context, done, {{"code", "revoked"}});
    return ok();
}

Status list_referrals(const Context& context, const std::string& partner) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto brought, api.get(path_of(partner, "referrals")));
    print_list(context, brought,
               {{"kind", "WHO"},
                {"id", "ID"},
                {"name", "NAME"},
                {"since", "SINCE"},
                {"code", "CODE"},
                {"currency", "CURRENCY"},
                {"commission_micros", "COMMISSION", Show::money}},
               "Nobody was referred yet.");
    return ok();
}

Status set_cap(const Context& context, const std::string& partner, const std::string& amount,
               const std::string& currency) {
    GLEANER_TRY(const auto micros, parse_micros(amount));
    GLEANER_TRY(auto api, context.connect());
    boost::json::object body{{"month_micros", micros}};
    if (!currency.empty()) body["currency"] = currency;
    GLEANER_TRY(const auto done, api.put(path_of(partner, "cap"), body));
    print_record(context, done,
                 {{"partner", "partner"},
                  {"currency", "currency"},
                  {"month_micros", "most in a month from one referral", Show::money}});
    return ok();
}

void add_code_commands(CLI::App& group, Context& context) {
    auto partner = std::make_shared<std::string>();
    auto text = std::make_shared<std::string>();
    CLI::App* made = group.add_subcommand("code", "Make a code by which owners and customers join");
    made->add_option("PARTNER", *partner, "The partner's id")->required();
    made->add_option("--label", *text, "What the code is for");
    on_chosen(*made, context,
              [&context, partner, text] { return add_code(context, *partner, *text); });

    CLI::App* listed = group.add_subcommand("codes", "List a partner's codes");
    listed->add_option("PARTNER", *partner, "The partner's id")->required();
    on_chosen(*listed, context, [&context, partner] { return list_codes(context, *partner); });

    CLI::App* revoked = group.add_subcommand("revoke-code", "Nobody joins with it any more");
    revoked->add_option("PARTNER", *partner, "The partner's id")->required();
    revoked->add_option("CODE", *text, "The code")->required();
    on_chosen(*revoked, context,
              [&context, partner, text] { return revoke_code(context, *partner, *text); });
}

void add_commission_commands(CLI::App& group, Context& context) {
    auto partner = std::make_shared<std::string>();
    CLI::App* brought = group.add_subcommand("referrals", "Whom a partner brought, and what for");
    brought->add_option("PARTNER", *partner, "The partner's id")->required();
    on_chosen(*brought, context, [&context, partner] { return list_referrals(context, *partner); });

    auto amount = std::make_shared<std::string>();
    auto currency = std::make_shared<std::string>();
    CLI::App* capped =
        group.add_subcommand("cap", "Limit what a partner gets in a month from one referral");
    capped->add_option("PARTNER", *partner, "The partner's id")->required();
    capped->add_option("AMOUNT", *amount, "The most, for instance 500")->required();
    capped->add_option("--currency", *currency, "CNY, USD, … (default: CNY)");
    on_chosen(*capped, context, [&context, partner, amount, currency] {
        return set_cap(context, *partner, *amount, *currency);
    });
}

}  // namespace

void add_partner_commands(CLI::App& program, Context& context) {
    CLI::App* group = program.add_subcommand("partner", "Partners who refer owners and customers");
    group->require_subcommand(1);

    auto name = std::make_shared<std::string>();
    CLI::App* add_it = group->add_subcommand("add", "Add a partner; prints their key once");
    add_it->add_option("NAME", *name, "The partner's name")->required();
    on_chosen(*add_it, context, [&context, name] { return add(context, *name); });

    CLI::App* show = group->add_subcommand("list", "List partners");
    on_chosen(*show, context, [&context] { return list(context); });
    add_code_commands(*group, context);
    add_commission_commands(*group, context);
}

}  // namespace gleaner::cli
