/// gleanerctl token: enrolment tokens of a site.

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "client-core/cli/context.h"
#include "client-core/cli/output.h"
#include "shared/config/value_text.h"

namespace gleaner::cli {

namespace {

struct NewOptions {
    std::string site;
    std::int64_t uses = 1;
    bool unlimited = false;
    std::string expires = "24h";
};

Status make(const Context& context, const NewOptions& options) {
    GLEANER_TRY(const Duration life, config::parse_duration(options.expires));
    GLEANER_TRY(auto api, context.connect());
    const boost::json::object body{
        {"site", options.site},
        {"uses", options.unlimited ? -1 : options.uses},
        {"expires_in_s", std::chrono::duration_cast<std::chrono::seconds>(life).count()}};
    GLEANER_TRY(const auto token, api.post("/api/v1/tokens", body));
    print_record(context, token,
                 {{"id", "id"},
                  {"site", "site"},
                  {"uses_left", "uses"},
                  {"expires", "expires"},
                  {"token", "token"}});
    if (!context.json) context.out << "The token is shown once: it enrols machines at this site.\n";
    return ok();
}

Status list(const Context& context, const std::string& site) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto tokens, api.get("/api/v1/tokens?site=" + percent_encode(site)));
    print_list(context, tokens,
               {{"id", "TOKEN"},
                {"uses_left", "USES LEFT (-1: UNLIMITED)"},
                {"created", "CREATED"},
                {"expires", "EXPIRES"},
                {"revoked", "REVOKED"}},
               "No tokens. Make one with: gleanerctl token new --site SITE");
    return ok();
}

Status revoke(const Context& context, const std::string& id) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto reply, api.remove("/api/v1/tokens/" + percent_encode(id)));
    print_record(context, reply, {{"id", "revoked"}});
    return ok();
}

}  // namespace

void add_token_commands(CLI::App& program, Context& context) {
    CLI::App* group = program.add_subcommand("token", "Enrolment tokens");
    group->require_subcommand(1);

    auto made = std::make_shared<NewOptions>();
    CLI::App* make_it = group->add_subcommand("new", "Make a token; it is printed once");
    make_it->add_option("--site", made->site, "The site's id")->required();
    auto* uses = make_it->add_option("--uses", made->uses, "How many machines it enrols");
    uses->capture_default_str()->check(CLI::Range(1, 1'000'000));
    make_it->add_flag("--unlimited", made->unlimited, "Any number of machines")->excludes(uses);
    make_it->add_option("--expires", made->expires, "Life time: 30m, 24h, 90d")
        ->capture_default_str();
    on_chosen(*make_it, context, [&context, made] { return make(context, *made); });

    auto site = std::make_shared<std::string>();
    CLI::App* show = group->add_subcommand("list", "List a site's tokens");
    show->add_option("--site", *site, "The site's id")->required();
    on_chosen(*show, context, [&context, site] { return list(context, *site); });

    auto id = std::make_shared<std::string>();
    CLI::App* drop = group->add_subcommand("revoke", "Revoke a token; enrolled machines stay");
    drop->add_option("TOKEN", *id, "The token's id (tok_…)")->required();
    on_chosen(*drop, context, [&context, id] { return revoke(context, *id); });
}

}  // namespace gleaner::cli
