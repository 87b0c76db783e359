/// gleanerctl owner: who owns machines. For operators.

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "client-core/cli/context.h"
#include "client-core/cli/output.h"

namespace gleaner::cli {

namespace {

struct AddOptions {
    std::string name;
    std::string partner;
    std::string code;
};

Status add(const Context& context, const AddOptions& options) {
    GLEANER_TRY(auto api, context.connect());
    boost::json::object body{{"name", options.name}};
    if (!options.partner.empty()) body["referred_by"] = options.partner;
    if (!options.code.empty()) body["referral_code"] = options.code;
    GLEANER_TRY(const auto owner, api.post("/api/v1/owners", body));
    print_record(context, owner, {{"id", "owner"}, {"name", "name"}, {"key", "key"}});
    if (!context.json) {
        context.out << "The key is shown once: hand it to the owner. Only with it can they consent "
                       "to a site.\n";
    }
    return ok();
}

Status list(const Context& context) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto owners, api.get("/api/v1/owners"));
    print_list(
        context, owners,
        {{"id", "OWNER"}, {"name", "NAME"}, {"referred_by", "REFERRED BY"}, {"created", "CREATED"}},
        "No owners. Add one with: gleanerctl owner add NAME");
    return ok();
}

Status show_referrer(const Context& context, const std::string& owner) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto referrer,
                api.get("/api/v1/owners/" + percent_encode(owner) + "/referrer"));
    if (context.json || !text_at(referrer, "partner").empty()) {
        print_record(context, referrer,
                     {{"partner", "partner"},
                      {"name", "name"},
                      {"share", "share in hundredths of a per cent"},
                      {"month_micros_max", "most in a month", Show::money}});
        if (!context.json && referrer.is_object()) {
            for (const auto& commission : referrer.at("commissions").as_array()) {
                print_record(context, commission,
                             {{"currency", "currency"}, {"micros", "so far", Show::money}});
            }
        }
        return ok();
    }
    context.out << "Nobody referred this owner: no partner has a share.\n";
    return ok();
}

}  // namespace

void add_owner_commands(CLI::App& program, Context& context) {
    CLI::App* group = program.add_subcommand("owner", "Owners of machines");
    group->require_subcommand(1);

    auto added = std::make_shared<AddOptions>();
    CLI::App* add_it = group->add_subcommand("add", "Add an owner; prints their key once");
    add_it->add_option("NAME", added->name, "The owner's name")->required();
    add_it->add_option("--partner", added->partner, "Id of the partner who referred them");
    add_it->add_option("--referral-code", added->code, "A partner's code by which they came");
    on_chosen(*add_it, context, [&context, added] { return add(context, *added); });

    CLI::App* show = group->add_subcommand("list", "List owners");
    on_chosen(*show, context, [&context] { return list(context); });

    auto owner = std::make_shared<std::string>();
    CLI::App* referrer =
        group->add_subcommand("referrer", "Which partner has a share of an owner's revenue");
    referrer->add_option("OWNER", *owner, "The owner's id")->required();
    on_chosen(*referrer, context, [&context, owner] { return show_referrer(context, *owner); });
}

}  // namespace gleaner::cli
