/// gleanerctl node: enrolled machines.

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "client-core/cli/context.h"
#include "client-core/cli/output.h"

namespace gleaner::cli {

namespace {

Status list(const Context& context, const std::string& site) {
    GLEANER_TRY(auto api, context.connect());
    const std::string query = site.empty() ? "" : "?site=" + percent_encode(site);
    GLEANER_TRY(const auto nodes, api.get("/api/v1/nodes" + query));
    print_list(context, nodes,
               {{"id", "NODE"},
                {"hostname", "HOST"},
                {"site", "SITE"},
                {"state", "STATE"},
                {"items", "ITEMS"},
                {"streams", "STREAMS"},
                {"tokens_per_s", "TOKENS/S"},
                {"trust", "TRUST"},
                {"last_seen", "LAST SEEN"},
                {"problem", "PROBLEM"}},
               "No nodes. Enrol one with: gleaner-node enrol");
    return ok();
}

Status show(const Context& context, const std::string& id) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto node, api.get("/api/v1/nodes/" + percent_encode(id)));
    print_record(context, node,
                 {{"id", "node"},
                  {"hostname", "host"},
                  {"site", "site"},
                  {"owner", "owner"},
                  {"state", "state"},
                  {"os", "system"},
                  {"arch", "architecture"},
                  {"software_version", "version"},
                  {"device_class", "device"},
                  {"reference_permille", "gives, per mille of a reference device"},
                  {"items", "items held"},
                  {"streams", "streams running"},
                  {"ready_models", "models ready"},
                  {"problem", "problem"},
                  {"quota", "quota of items"},
                  {"trust", "trust"},
                  {"tokens_per_s", "observed tokens/s"},
                  {"certificate_expires", "certificate expires"},
                  {"enrolled", "enrolled"},
                  {"last_seen", "last seen"},
                  {"revoked", "revoked"}});
    if (context.json) return ok();
    const auto* const benchmarks = node.as_object().if_contains("benchmarks");
    if (benchmarks == nullptr) return ok();  // of an older coordinator
    for (const auto& one : benchmarks->as_array()) {
        context.out << "benchmark of " << text_at(one, "device") << ": " << text_at(one, "verdict")
                    << " (" << text_at(one, "measured") << "): " << text_at(one, "why") << '\n';
    }
    return ok();
}

Status drain(const Context& context, const std::string& id, const std::string& reason) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto node, api.post("/api/v1/nodes/" + percent_encode(id) + "/drain",
                                          boost::json::object{{"reason", reason}}));
    print_record(context, node, {{"id", "draining"}});
    return ok();
}

Status revoke(const Context& context, const std::string& id) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto node, api.remove("/api/v1/nodes/" + percent_encode(id)));
    print_record(context, node, {{"id", "revoked"}});
    return ok();
}

}  // namespace

void add_node_commands(CLI::App& program, Context& context) {
    CLI::App* group = program.add_subcommand("node", "Enrolled machines");
    group->require_subcommand(1);

    auto site = std::make_shared<std::string>();
    CLI::App* all = group->add_subcommand("list", "List nodes");
    all->add_option("--site", *site, "Only of this site");
    on_chosen(*all, context, [&context, site] { return list(context, *site); });

    auto id = std::make_shared<std::string>();
    CLI::App* one = group->add_subcommand("show", "Show one node");
    one->add_option("NODE", *id, "The node's id")->required();
    on_chosen(*one, context, [&context, id] { return show(context, *id); });

    auto reason = std::make_shared<std::string>("drained by gleanerctl");
    CLI::App* stop = group->add_subcommand("drain", "Let a node finish and take nothing new");
    stop->add_option("NODE", *id, "The node's id")->required();
    stop->add_option("--reason", *reason, "Shown on the node")->capture_default_str();
    on_chosen(*stop, context, [&context, id, reason] { return drain(context, *id, *reason); });

    CLI::App* drop = group->add_subcommand("revoke", "Cut a node off now and for good");
    drop->add_option("NODE", *id, "The node's id")->required();
    on_chosen(*drop, context, [&context, id] { return revoke(context, *id); });
}

}  // namespace gleaner::cli
