#include "coordinator/api/metrics/health_routes.h"

#include <boost/json.hpp>

#include "coordinator/api/metrics/api_metrics.h"
#include "coordinator/api/metrics/disk_room.h"
#include "coordinator/api/metrics/prometheus_text.h"
#include "coordinator/api/openai/credit_gate.h"
#include "coordinator/api/router.h"
#include "coordinator/api/server.h"
#include "coordinator/runtime/grid.h"
#include "coordinator/store/executor.h"

namespace gleaner::api {

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

using Handled = asio::awaitable<ApiStatus>;

/// With more calls waiting than this for the store, new requests should go elsewhere.
constexpr std::size_t store_queue_ready_max = 50'000;

void write_grid(PrometheusText& text, const runtime::Grid& grid) {
    const auto& counters = grid.counters();
    text.counter("gleaner_items_accepted_total", "Batch items answered and accepted.",
                 counters.items_accepted);
    text.counter("gleaner_items_failed_total", "Batch items that failed for good.",
                 counters.items_failed);
    text.counter("gleaner_items_returned_total", "Items that nodes gave back unfinished.",
                 counters.items_returned);
    text.counter("gleaner_results_refused_total", "Results that the verifier refused.",
                 counters.results_refused);
    text.counter("gleaner_canaries_passed_total", "Known answers that nodes got right.",
                 counters.canaries_passed);
    text.counter("gleaner_canaries_missed_total", "Known answers that nodes got wrong.",
                 counters.canaries_missed);
    text.counter("gleaner_store_stalls_total",
                 "Times that the store could not keep up or write: nothing new was lent.",
                 counters.store_stalls);
    text.gauge("gleaner_unsaved_results", "Results waiting to be saved.", grid.unsaved());
    text.counter("gleaner_leases_sent_total", "Shards lent to nodes.", counters.leases_sent);
    text.counter("gleaner_streams_started_total", "Online requests begun by a node.",
                 counters.streams_started);
    text.counter("gleaner_streams_interrupted_total", "Online requests whose node was lost.",
                 counters.streams_interrupted);
    text.counter("gleaner_prompt_tokens_total", "Prompt tokens of accepted work.",
                 counters.prompt_tokens);
    text.counter("gleaner_generated_tokens_total", "Generated tokens of accepted work.",
                 counters.generated_tokens);
    constexpr std::string_view benchmarks = "gleaner_benchmark_reports_total";
    text.describe(benchmarks, "counter", "Benchmark reports of nodes by what was thought of them.");
    text.sample(benchmarks, {{"verdict", "unknown"}}, counters.benchmarks_unknown);
    text.sample(benchmarks, {{"verdict", "plausible"}}, counters.benchmarks_plausible);
    text.sample(benchmarks, {{"verdict", "too_good"}}, counters.benchmarks_too_good);
    text.sample(benchmarks, {{"verdict", "too_poor"}}, counters.benchmarks_too_poor);
    text.sample(benchmarks, {{"verdict", "refused"}}, counters.benchmarks_refused);
    const auto totals = grid.totals();
    text.gauge("gleaner_connected_nodes", "Nodes with a session.", totals.connected_nodes);
    text.gauge("gleaner_pending_items", "Batch items waiting for a node.", totals.pending_items);
    text.gauge("gleaner_leased_items", "Batch items lent to nodes.", totals.leased_items);
    text.gauge("gleaner_live_leases", "Shards lent to nodes now.", totals.live_leases);
    text.gauge("gleaner_running_streams", "Online requests running.", totals.running_streams);
    text.gauge("gleaner_waiting_streams", "Online requests waiting for a node.",
               totals.waiting_streams);
    text.gauge("gleaner_outage_suspected", "1 while many nodes were lost at once.",
               totals.outage_suspected ? 1 : 0);
    text.counter("gleaner_site_outages_total", "Sites that lost their nodes all at once.",
                 totals.site_outages);
}

double seconds_of(std::int64_t micros) {
    return static_cast<double>(micros) / 1e6;
}

/// Since the coordinator's start; what still runs is in none of them.
void write_use(PrometheusText& text, const DeviceUse& use) {
    text.describe("gleaner_goodput_ratio", "gauge",
                  "Useful device time of the device time in which work was lent.");
    text.sample("gleaner_goodput_ratio", {},
                static_cast<double>(use.goodput_permille().value_or(0)) / 1e3);
    constexpr std::string_view given = "gleaner_device_seconds_total";
    text.describe(given, "counter", "Device time on offer, by what came of it.");
    text.sample(given, {{"use", "idle"}}, seconds_of(use.idle_micros));
    text.sample(given, {{"use", "useful"}}, seconds_of(use.useful_micros));
    text.sample(given, {{"use", "lost"}}, seconds_of(use.all_lost()));
    constexpr std::string_view lost = "gleaner_lost_device_seconds_total";
    text.describe(lost, "counter", "Leased device time that gave nothing, by cause.");
    for (const LossCause cause : loss_causes)
        text.sample(lost, {{"cause", to_string(cause)}}, seconds_of(use.lost(cause)));
}

void write_api(PrometheusText& text, const Services& services, const Server* server) {
    const auto& metrics = services.metrics;
    text.describe("gleaner_http_requests_total", "counter", "API requests by route and status.");
    for (const auto& [key, count] : metrics.requests()) {
        const auto& [method, route, status] = key;
        text.sample("gleaner_http_requests_total",
                    {{"method", method}, {"route", route}, {"status", std::to_string(status)}},
                    count);
    }
    text.histogram("gleaner_http_request_seconds", "From a request's head to the reply's end.",
                   metrics.request_seconds());
    text.histogram("gleaner_first_token_seconds",
                   "From an online request's admission to its first token.",
                   metrics.first_token_seconds());
    text.gauge("gleaner_store_queue", "Calls waiting for the store's writer.",
               services.store.queued());
    text.gauge("gleaner_online_running", "Online requests admitted and not settled.",
               services.credit.running());
    if (server == nullptr) return;
    text.gauge("gleaner_api_sessions", "Open connections of the API.", server->sessions());
    text.counter("gleaner_api_sessions_refused_total", "Connections over the limit.",
                 server->refused_sessions());
}

Handled show_metrics(const Services& services, const Server* server, Reply& reply) {
    PrometheusText text;
    write_grid(text, services.grid);
    write_use(text, services.grid.use());
    write_api(text, services, server);
    (void)co_await reply.send(200, "text/plain; version=0.0.4; charset=utf-8", text.take());
    co_return api_ok();
}

Handled show_health(Reply& reply) {
    const json::object body{{"status", "ok"}};
    (void)co_await reply.send_json(200, json::serialize(body));
    co_return api_ok();
}

Handled show_readiness(const Services& services, DiskRoom& disk, bool stopping, Reply& reply) {
    std::string problem;
    if (stopping) problem = "the coordinator is stopping";
    if (problem.empty() && services.store.queued() > store_queue_ready_max)
        problem = "the store is behind";
    if (problem.empty()) problem = services.grid.stalled().value_or("");
    if (problem.empty()) problem = co_await disk.problem();
    if (problem.empty()) {
        std::function<Result<int>(store::Store&)> ask = [](store::Store& s) -> Result<int> {
            GLEANER_TRY(s.models());
            return 0;
        };
        const auto answered = co_await services.store.read(std::move(ask));
        if (answered.has_error()) problem = "the store does not answer";
    }
    if (!problem.empty()) {
        ApiError error(503, "server_error", "not_ready", "Not ready: " + problem + ".");
        co_return std::move(error).retry_in(std::chrono::seconds(2));
    }
    const json::object body{{"status", "ready"},
                            {"connected_nodes", services.grid.totals().connected_nodes}};
    (void)co_await reply.send_json(200, json::serialize(body));
    co_return api_ok();
}

}  // namespace

void add_health_routes(Router& router, const Services& services, DiskRoom& disk,
                       std::function<const Server*()> server, std::function<bool()> stopping) {
    Route health;
    health.pattern = "/healthz";
    health.access = Access::open;
    health.handler = [](Request&, Reply& reply) { return show_health(reply); };
    router.add(std::move(health));

    Route ready;
    ready.pattern = "/readyz";
    ready.access = Access::open;
    ready.handler = [&services, &disk, stopping = std::move(stopping)](Request&, Reply& reply) {
        return show_readiness(services, disk, stopping(), reply);
    };
    router.add(std::move(ready));

    Route metrics;
    metrics.pattern = "/metrics";
    metrics.access = Access::open;
    metrics.handler = [&services, server = std::move(server)](Request&, Reply& reply) {
        return show_metrics(services, server(), reply);
    };
    router.add(std::move(metrics));
}

}  // namespace gleaner::api
