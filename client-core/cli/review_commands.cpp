/// gleanerctl review: decisions about earnings whose work is in doubt. For operators.

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "client-core/cli/context.h"
#include "client-core/cli/output.h"

namespace gleaner::cli {

namespace {

struct Decision {
    std::string subject;
    std::string reason;
};

Status list(const Context& context) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto nodes, api.get("/api/v1/withheld-nodes"));
    print_list(context, nodes,
               {{"node", "NODE"},
                {"site", "SITE"},
                {"since", "SINCE"},
                {"reason", "REASON"},
                {"decision", "DECISION"},
                {"decided_by", "BY"}},
               "No node's earnings are withheld.");
    return ok();
}

Status withhold(const Context& context, const Decision& decision) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto done,
                api.post("/api/v1/nodes/" + percent_encode(decision.subject) + "/withhold-earnings",
                         boost::json::object{{"reason", decision.reason}}));
    print_record(context, done, {{"node", "withheld"}});
    return ok();
}

Status release(const Context& context, const std::string& node) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto done,
                api.post("/api/v1/nodes/" + percent_encode(node) + "/release-earnings",
                         boost::json::object{}));
    print_record(context, done, {{"node", "released"}});
    return ok();
}

/// `path` of a claw back or a refund.
Status reverse(const Context& context, const std::string& path, const std::string& reason) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto done, api.post(path, boost::json::object{{"reason", reason}}));
    print_record(context, done,
                 {{"records", "meter records reversed"},
                  {"price_micros", "given back to customers", Show::money}});
    return ok();
}

CLI::App* add_decision(CLI::App& group, const char* name, const char* what, const char* subject,
                       const std::shared_ptr<Decision>& decision) {
    CLI::App* command = group.add_subcommand(name, what);
    command->add_option(subject, decision->subject, "Its id")->required();
    command->add_option("--reason", decision->reason, "Why; the owner sees it")->required();
    return command;
}

}  // namespace

void add_review_commands(CLI::App& program, Context& context) {
    CLI::App* group =
        program.add_subcommand("review", "Earnings whose work is in doubt: decide about them");
    group->require_subcommand(1);

    CLI::App* listed = group->add_subcommand("list", "Nodes whose earnings wait for a decision");
    on_chosen(*listed, context, [&context] { return list(context); });

    auto decision = std::make_shared<Decision>();
    CLI::App* held = add_decision(
        *group, "withhold", "Keep a node's earnings pending until you decide", "NODE", decision);
    on_chosen(*held, context, [&context, decision] { return withhold(context, *decision); });

    CLI::App* released = group->add_subcommand("release", "Confirm what was withheld");
    released->add_option("NODE", decision->subject, "Its id")->required();
    on_chosen(*released, context,
              [&context, decision] { return release(context, decision->subject); });

    CLI::App* clawed =
        add_decision(*group, "claw-back",
                     "Reverse all of a node's work that is not confirmed: customers get it back",
                     "NODE", decision);
    on_chosen(*clawed, context, [&context, decision] {
        return reverse(context, "/api/v1/nodes/" + percent_encode(decision->subject) + "/claw-back",
                       decision->reason);
    });

    CLI::App* refunded = add_decision(*group, "refund", "Give back what one broken answer cost",
                                      "REQUEST", decision);
    on_chosen(*refunded, context, [&context, decision] {
        return reverse(context, "/api/v1/requests/" + percent_encode(decision->subject) + "/refund",
                       decision->reason);
    });
}

}  // namespace gleaner::cli
