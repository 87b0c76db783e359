/// gleanerctl site: places with machines. A site begins with its owner's consent, given with the
/// owner's own key, and ends when the owner takes it back.

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "client-core/cli/context.h"
#include "client-core/cli/output.h"
#include "client-core/cli/policy_options.h"
#include "client-core/control/guest_settings.h"

namespace gleaner::cli {

namespace {

struct AddOptions {
    std::string name;
    std::string accepted_date;
};

/// Shows the text and asks for a typed-out yes: consent is not a default that return confirms.
Result<bool> asks_owner(const Context& context, const boost::json::value& consent) {
    if (!context.in_is_terminal) {
        return Error(ErrorCode::failed_precondition,
                     "a site needs the owner's consent, and there is no terminal to ask on: read "
                     "the text with gleanerctl site consent-text, then give --accept-consent " +
                         text_at(consent, "date"));
    }
    context.err << text_at(consent, "text") << "\n\nDo you, the owner, accept this text of "
                << text_at(consent, "date") << "? Type yes to accept: " << std::flush;
    std::string answer;
    std::getline(context.in, answer);
    return answer == "yes";
}

Status add(const Context& context, const AddOptions& options) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto consent, api.get("/api/v1/consent"));
    const std::string date = text_at(consent, "date");
    if (options.accepted_date.empty()) {
        GLEANER_TRY(const bool accepted, asks_owner(context, consent));
        if (!accepted) {
            return Error(ErrorCode::cancelled, "consent was not given: nothing was created");
        }
    } else if (options.accepted_date != date) {
        return Error(ErrorCode::failed_precondition,
                     "the consent text in force is that of " + date + ", not of " +
                         options.accepted_date +
                         ": read it with gleanerctl site consent-text first");
    }
    const boost::json::object body{
        {"name", options.name},
        {"consent", {{"date", date}, {"sha256", text_at(consent, "sha256")}, {"accepted", true}}}};
    GLEANER_TRY(const auto site, api.post("/api/v1/sites", body));
    print_record(context, site,
                 {{"id", "site"},
                  {"name", "name"},
                  {"consent.date", "consent to the text of"},
                  {"consent.accepted", "accepted at"}});
    return ok();
}

Status list(const Context& context) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto sites, api.get("/api/v1/sites"));
    print_list(context, sites,
               {{"id", "SITE"},
                {"name", "NAME"},
                {"owner", "OWNER"},
                {"certified", "CERTIFIED"},
                {"consent.date", "CONSENT TEXT"},
                {"consent.accepted", "ACCEPTED"},
                {"consent.revoked", "REVOKED"}},
               "No sites. The owner adds one with: gleanerctl site add NAME");
    return ok();
}

/// `site`: whose accepted text to show; empty: the text in force.
Status show_consent_text(const Context& context, const std::string& site) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto consent,
                api.get(site.empty() ? "/api/v1/consent"
                                     : "/api/v1/sites/" + percent_encode(site) + "/consent"));
    if (context.json) {
        context.out << boost::json::serialize(consent) << "\n";
    } else {
        context.out << text_at(consent, "text") << "\n\nText of " << text_at(consent, "date")
                    << ", SHA-256 " << text_at(consent, "sha256") << "\n";
    }
    return ok();
}

Status revoke_consent(const Context& context, const std::string& id) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto reply, api.remove("/api/v1/sites/" + percent_encode(id) + "/consent"));
    print_record(context, reply,
                 {{"id", "site"}, {"nodes_revoked", "nodes stopped and disenrolled"}});
    return ok();
}

/// Shows it, or changes what is named and leaves the rest.
Status policy(const Context& context, const std::string& id, const PolicyOptions& options,
              bool clear) {
    GLEANER_TRY(auto api, context.connect());
    const std::string path = "/api/v1/sites/" + percent_encode(id) + "/policy";
    GLEANER_TRY(auto reply, api.get(path));
    std::string toml = text_at(reply, "policy");
    if (clear || options.given()) {
        guest::Settings settings;
        if (!toml.empty()) {
            GLEANER_TRY(settings, settings_from_toml(toml, "the site's policy"));
        }
        GLEANER_TRY(settings, options.apply(settings));
        toml = clear ? std::string() : settings_to_toml(settings);
        GLEANER_TRY(reply, api.put(path, boost::json::object{{"policy", toml}}));
    }
    if (context.json) {
        context.out << boost::json::serialize(reply) << "\n";
    } else if (toml.empty()) {
        context.out << "This site has no policy: each machine's own settings count alone.\n";
    } else {
        GLEANER_TRY(const auto settings, settings_from_toml(toml, "the site's policy"));
        context.out << toml << describe(settings).en << "\n";
    }
    return ok();
}

/// Shows it, or sets it from today on.
Status electricity(const Context& context, const std::string& id, const std::string& price,
                   const std::string& currency) {
    GLEANER_TRY(auto api, context.connect());
    const std::string path = "/api/v1/sites/" + percent_encode(id) + "/electricity";
    boost::json::value reply;
    if (price.empty()) {
        GLEANER_TRY(reply, api.get(path));
    } else {
        GLEANER_TRY(const auto per_kwh, parse_micros(price));
        GLEANER_TRY(reply, api.put(path, boost::json::object{{"per_kwh_micros", per_kwh},
                                                             {"currency", currency}}));
    }
    if (!context.json && text_at(reply, "since").empty()) {
        context.out << "This site has no price of electricity. Its owner sets one with: "
                       "gleanerctl site electricity SITE --price 0.85\n";
        return ok();
    }
    print_record(context, reply,
                 {{"id", "site"},
                  {"per_kwh_micros", "a kilowatt-hour", Show::money},
                  {"currency", "currency"},
                  {"since", "since"}});
    return ok();
}

Status certify(const Context& context, const std::string& id, bool certified) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto site, api.put("/api/v1/sites/" + percent_encode(id) + "/certified",
                                         boost::json::object{{"certified", certified}}));
    print_record(context, site, {{"id", "site"}, {"name", "name"}, {"certified", "certified"}});
    return ok();
}

}  // namespace

void add_site_commands(CLI::App& program, Context& context) {
    CLI::App* group = program.add_subcommand("site", "Sites and their owners' consent");
    group->require_subcommand(1);

    auto added = std::make_shared<AddOptions>();
    CLI::App* add_it =
        group->add_subcommand("add", "Consent to a site of your own (needs the owner's key)");
    add_it->add_option("NAME", added->name, "The site's name")->required();
    add_it->add_option("--accept-consent", added->accepted_date,
                       "Accept the consent text of this date (YYYY-MM-DD) without being asked");
    on_chosen(*add_it, context, [&context, added] { return add(context, *added); });

    CLI::App* show = group->add_subcommand("list", "List sites");
    on_chosen(*show, context, [&context] { return list(context); });

    auto shown = std::make_shared<std::string>();
    CLI::App* text = group->add_subcommand(
        "consent-text", "Print the consent text in force, or what a site's owner accepted");
    text->add_option("SITE", *shown, "The site's id; without it, the text in force");
    on_chosen(*text, context, [&context, shown] { return show_consent_text(context, *shown); });

    auto id = std::make_shared<std::string>();
    CLI::App* revoke = group->add_subcommand(
        "revoke-consent", "Take the consent back: stops and disenrols every node of the site");
    revoke->add_option("SITE", *id, "The site's id")->required();
    on_chosen(*revoke, context, [&context, id] { return revoke_consent(context, *id); });

    auto wanted = std::make_shared<PolicyOptions>();
    auto clear = std::make_shared<bool>(false);
    CLI::App* rules = group->add_subcommand(
        "policy", "Show or change when the site's machines work; each can only be stricter");
    rules->add_option("SITE", *id, "The site's id")->required();
    wanted->declare(*rules);
    rules->add_flag("--clear", *clear, "Leave it to each machine");
    on_chosen(*rules, context,
              [&context, id, wanted, clear] { return policy(context, *id, *wanted, *clear); });

    auto price = std::make_shared<std::string>();
    auto currency = std::make_shared<std::string>("CNY");
    CLI::App* power = group->add_subcommand(
        "electricity", "Show or set what the site pays for electricity (its owner's key)");
    power->add_option("SITE", *id, "The site's id")->required();
    power->add_option("--price", *price, "Of one kilowatt-hour, from today on: 0.85");
    power->add_option("--currency", *currency, "CNY, USD, EUR, HKD or SGD")->capture_default_str();
    on_chosen(*power, context, [&context, id, price, currency] {
        return electricity(context, *id, *price, *currency);
    });

    auto withdraw = std::make_shared<bool>(false);
    CLI::App* mark = group->add_subcommand("certify", "Mark a site as certified (operators)");
    mark->add_option("SITE", *id, "The site's id")->required();
    mark->add_flag("--withdraw", *withdraw, "Take the certification back");
    on_chosen(*mark, context,
              [&context, id, withdraw] { return certify(context, *id, !*withdraw); });
}

}  // namespace gleaner::cli
