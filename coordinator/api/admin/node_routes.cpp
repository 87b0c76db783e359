/// Enrolled machines: an operator sees and stops all, an owner their own.

#include <utility>

#include <boost/json.hpp>

#include "coordinator/api/admin/call.h"
#include "coordinator/api/admin/record_json.h"
#include "shared/util/log.h"

namespace gleaner::admin {

namespace json = boost::json;
using store::Store;

namespace {

struct NodeWithReports {
    store::Node node;
    std::vector<store::BenchRecord> reports;
};

/// The node, if it is the caller's to see. To others it does not exist.
Result<store::Node> node_of_caller(Store& store, const Call& call, const NodeId& id) {
    GLEANER_TRY(auto node, store.node(id));
    const auto owner = call.owner();
    if (owner && node.owner != *owner) return Error(ErrorCode::not_found, "no such node");
    return node;
}

std::optional<LiveNode> live_node(const AdminState& state, const NodeId& id) {
    const auto nodes = state.needs.grid.live();
    const auto found = nodes.find(id);
    if (found == nodes.end()) return std::nullopt;
    return found->second;
}

Answer list_nodes(AdminState& state, Call call) {
    const std::string site = call.parameter("site");
    std::function<Result<std::vector<store::Node>>(Store&)> work =
        [&call, site](Store& store) -> Result<std::vector<store::Node>> {
        if (!site.empty()) {
            GLEANER_TRY(site_of_caller(store, call, SiteId(site)));
        }
        GLEANER_TRY(auto found,
                    store.nodes(site.empty() ? std::nullopt : std::optional<SiteId>(SiteId(site))));
        const auto owner = call.owner();
        if (owner) std::erase_if(found, [&](const auto& node) { return node.owner != *owner; });
        return found;
    };
    auto nodes = co_await state.needs.store.read<std::vector<store::Node>>(std::move(work));
    if (nodes.has_error()) co_return std::move(nodes).error();
    const auto live = state.needs.grid.live();
    json::array data;
    for (const auto& node : nodes.value()) {
        const auto found = live.find(node.id);
        data.push_back(
            to_json(node, found == live.end() ? std::nullopt : std::optional(found->second)));
    }
    co_return json::value(json::object{{"data", std::move(data)}});
}

Answer show_node(AdminState& state, Call call) {
    const NodeId id(call.captures[0]);
    std::function<Result<NodeWithReports>(Store&)> work =
        [&call, id](Store& store) -> Result<NodeWithReports> {
        NodeWithReports found;
        GLEANER_TRY(found.node, node_of_caller(store, call, id));
        GLEANER_TRY(found.reports, store.bench_reports(id));
        return found;
    };
    auto found = co_await state.needs.store.read<NodeWithReports>(std::move(work));
    if (found.has_error()) co_return std::move(found).error();
    auto shown = to_json(found.value().node, live_node(state, id));
    json::array benchmarks;
    std::string device;
    for (const auto& report : found.value().reports) {
        // The newest of each device comes first.
        if (std::exchange(device, report.device) != report.device || benchmarks.empty())
            benchmarks.push_back(to_json(report));
    }
    shown["benchmarks"] = std::move(benchmarks);
    co_return json::value(std::move(shown));
}

Answer drain_node(AdminState& state, Call call) {
    GLEANER_CO_TRY(auto reason, call.body.optional_text("reason"));
    GLEANER_CO_TRY(call.body.no_more());
    const NodeId id(call.captures[0]);
    std::function<Result<store::Node>(Store&)> work = [&call, id](Store& store) {
        return node_of_caller(store, call, id);
    };
    auto node = co_await state.needs.store.read<store::Node>(std::move(work));
    if (node.has_error()) co_return std::move(node).error();
    const auto live = live_node(state, id);
    if (!live || !live->connected) {
        co_return Error(ErrorCode::failed_precondition,
                        "node " + id.get() + " is not connected: there is nothing to drain");
    }
    state.needs.grid.drain(id, reason.empty() ? "drained by an operator" : reason);
    co_return json::value(to_json(node.value(), live_node(state, id)));
}

Answer revoke_node(AdminState& state, Call call) {
    const NodeId id(call.captures[0]);
    StoreWork work = [&call, id](Store& store) -> Result<json::value> {
        GLEANER_TRY(node_of_caller(store, call, id));
        GLEANER_TRY(store.revoke_node(id));
        return json::value(json::object{{"id", id.get()}, {"revoked", true}});
    };
    auto revoked = co_await state.needs.store.write<json::value>(std::move(work));
    if (revoked.has_error()) co_return std::move(revoked).error();
    state.needs.grid.cut_off(id, "this node was revoked");
    spdlog::info("admin: node revoked node={}", id.get());
    co_return std::move(revoked).value();
}

}  // namespace

std::vector<AdminRoute> node_routes() {
    return {
        {api::Method::get, "/api/v1/nodes", operators | owners, list_nodes},
        {api::Method::get, "/api/v1/nodes/{id}", operators | owners, show_node},
        {api::Method::post, "/api/v1/nodes/{id}/drain", operators | owners, drain_node},
        {api::Method::delete_, "/api/v1/nodes/{id}", operators | owners, revoke_node},
    };
}

}  // namespace gleaner::admin
