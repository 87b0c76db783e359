#include "coordinator/serve.h"

#include <csignal>
#include <cstdio>
#include <sys/resource.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/thread_pool.hpp>
#include <fmt/format.h>

#include "coordinator/api/admin/admin_api.h"
#include "coordinator/api/admin/consent_text.h"
#include "coordinator/api/admin/grid_control.h"
#include "coordinator/api/authenticator.h"
#include "coordinator/api/metrics/api_metrics.h"
#include "coordinator/api/metrics/disk_room.h"
#include "coordinator/api/metrics/health_routes.h"
#include "coordinator/api/openai/credit_gate.h"
#include "coordinator/api/openai/idempotency.h"
#include "coordinator/api/openai/model_catalogue.h"
#include "coordinator/api/openai/rate_gate.h"
#include "coordinator/api/openai/reservations.h"
#include "coordinator/api/openai/routes.h"
#include "coordinator/api/openai/services.h"
#include "coordinator/api/openai/settlements.h"
#include "coordinator/api/router.h"
#include "coordinator/api/server.h"
#include "coordinator/gateway/blob_artefacts.h"
#include "coordinator/gateway/gateway.h"
#include "coordinator/gateway/node_events.h"
#include "coordinator/gateway/store_directory.h"
#include "coordinator/instance_lock.h"
#include "coordinator/runtime/bookkeeper.h"
#include "coordinator/runtime/grid.h"
#include "coordinator/runtime/orphans.h"
#include "coordinator/store/blobs.h"
#include "coordinator/store/customer_contracts.h"
#include "coordinator/store/earnings.h"
#include "coordinator/store/executor.h"
#include "coordinator/store/payouts.h"
#include "coordinator/store/prices.h"
#include "coordinator/vault/vault.h"
#include "shared/artefact/signing_key.h"
#include "shared/async/notification.h"
#include "shared/async/task_group.h"
#include "shared/tls/authority.h"
#include "shared/tls/contexts.h"
#include "shared/util/check.h"
#include "shared/util/hex.h"
#include "shared/util/log.h"
#include "shared/util/random.h"

namespace gleaner {

namespace asio = boost::asio;

namespace {

/// Running requests get this long when the coordinator stops.
constexpr Duration stop_grace = std::chrono::seconds(5);
constexpr Duration server_certificate_validity = std::chrono::hours(24 * 366);
constexpr std::size_t currency_bytes_max = 8;  // as the wire's check has it
constexpr Duration certificates_renewed_every = std::chrono::hours(24);

/// Everything that serving needs, in the order in which it is built and, reversed, torn down.
struct Parts {
    explicit Parts(const Settings& settings_) : settings(settings_) {}

    Status build();
    Status build_grid();
    Status build_gateway(asio::ssl::context context);
    Status build_api(asio::ssl::context context);
    /// A certificate of this coordinator's own, made now.
    [[nodiscard]] Result<std::string> own_certificate() const;
    [[nodiscard]] Result<asio::ssl::context> new_gateway_context() const;
    [[nodiscard]] Result<asio::ssl::context> new_api_context() const;
    /// For connections from now on; the operator's own certificate is read again. What fails keeps
    /// what it had.
    Status renew_certificates();
    void add_customer_routes();
    [[nodiscard]] gateway::GatewayOptions gateway_options() const;
    /// What is done once for each closed day.
    [[nodiscard]] std::vector<runtime::DailyStep> daily_steps() const;

    const Settings& settings;
    SystemClock clock;
    asio::io_context network{1};
    asio::thread_pool blocking{2};
    std::optional<InstanceLock> lock;
    std::optional<tls::Authority> authority;
    std::optional<tls::KeyPair> server_key;
    ledger::Split split;
    std::unique_ptr<store::StoreExecutor> store;
    std::optional<store::Blobs> blobs;
    std::unique_ptr<runtime::Grid> grid;
    std::unique_ptr<runtime::Bookkeeper> bookkeeper;
    std::unique_ptr<gateway::GridNodeEvents> node_events;
    std::unique_ptr<gateway::StoreDirectory> directory;
    std::unique_ptr<gateway::BlobArtefacts> artefacts;
    std::unique_ptr<gateway::Gateway> gateway;
    std::optional<PublicKey> release_key;
    ledger::PayoutPolicy payouts;
    std::optional<vault::Vault> vault;
    std::optional<asio::ssl::context> api_context;
    api::Router router;
    std::unique_ptr<api::Authenticator> authenticator;
    std::unique_ptr<api::ModelCatalogue> models;
    std::unique_ptr<api::CreditGate> credit;
    std::unique_ptr<api::RateGate> rates;
    std::unique_ptr<api::Reservations> reservations;
    std::unique_ptr<api::IdempotencyKeys> idempotency;
    std::unique_ptr<api::Settlements> settlements;
    api::ApiMetrics metrics;
    std::optional<api::Services> services;
    std::unique_ptr<api::DiskRoom> disk_room;
    bool stopping = false;
    std::unique_ptr<admin::GridControl> control;
    std::unique_ptr<admin::AdminApi> admin;
    std::unique_ptr<api::Server> server;
};

gateway::GatewayOptions Parts::gateway_options() const {
    gateway::GatewayOptions options;
    options.address = settings.gateway_address;
    options.port = static_cast<std::uint16_t>(settings.gateway_port);
    options.heartbeat_interval = settings.heartbeat_interval;
    options.certificate_validity = settings.node_certificate_validity;
    options.authority_pem = authority->certificate_pem();
    options.release_public_key = to_hex(release_key->raw());
    return options;
}

Status Parts::build() {
    if (settings.currency.size() > currency_bytes_max)
        return Error(ErrorCode::invalid_argument, "currency is a sign of at most " +
                                                      std::to_string(currency_bytes_max) +
                                                      " bytes, like \"¥\" or \"EUR \"");
    GLEANER_TRY(auto key, release_key_of(settings));
    release_key = key;
    GLEANER_TRY(payouts, payout_policy(settings));
    GLEANER_TRY(auto taken, InstanceLock::take(settings.data_folder));
    lock.emplace(std::move(taken));
    GLEANER_TRY(auto keys, vault::Vault::open(settings.in_data("payout.key")));
    if (keys.is_new()) spdlog::warn("event=payout_key_made why=\"the data folder had none\"");
    vault.emplace(std::move(keys));
    GLEANER_TRY(auto loaded, tls::Authority::load(settings.in_data("ca.pem").string(),
                                                  settings.in_data("ca.key").string(), clock));
    authority.emplace(std::move(loaded));
    GLEANER_TRY(auto own_key, tls::KeyPair::load(settings.in_data("server.key").string()));
    server_key.emplace(std::move(own_key));
    GLEANER_TRY(auto for_nodes, new_gateway_context());
    GLEANER_TRY(auto for_customers, new_api_context());
    GLEANER_TRY(build_grid());
    GLEANER_TRY(build_gateway(std::move(for_nodes)));
    return build_api(std::move(for_customers));
}

Result<std::string> Parts::own_certificate() const {
    GLEANER_TRY(auto issued, authority->issue_server(*server_key, settings.server_names,
                                                     server_certificate_validity));
    return std::move(issued.pem);
}

Result<asio::ssl::context> Parts::new_gateway_context() const {
    GLEANER_TRY(const auto certificate, own_certificate());
    return tls::gateway_server_context(certificate, *server_key, authority->certificate_pem());
}

Result<asio::ssl::context> Parts::new_api_context() const {
    if (!settings.api_certificate.empty())
        return tls::api_server_context_from_files(settings.api_certificate, settings.api_key);
    GLEANER_TRY(const auto certificate, own_certificate());
    return tls::api_server_context(certificate, *server_key);
}

Status Parts::renew_certificates() {
    GLEANER_TRY(auto for_nodes, new_gateway_context());
    gateway->replace_context(std::move(for_nodes));
    GLEANER_TRY(auto for_customers, new_api_context());
    *api_context = std::move(for_customers);
    return ok();
}

Status Parts::build_grid() {
    GLEANER_TRY(split, split_of(settings));
    GLEANER_TRY(store, store::StoreExecutor::start(settings.in_data("gleaner.db").string(), clock,
                                                   network.get_executor(), split));
    GLEANER_TRY(auto opened, store::Blobs::open(settings.data_folder));
    blobs.emplace(std::move(opened));
    runtime::Grid::Options options;
    options.heartbeat_interval = settings.heartbeat_interval;
    options.currency = settings.currency;
    options.scheduler.shard_target = settings.shard_target;
    options.scheduler.reconnect_grace = settings.reconnect_grace;
    options.scheduler.canary_share = settings.canary_share;
    options.scheduler.seed = random_seed();
    grid = std::make_unique<runtime::Grid>(options, clock, *store, *blobs, network.get_executor());
    bookkeeper =
        std::make_unique<runtime::Bookkeeper>(*store, clock, network.get_executor(), daily_steps());
    return ok();
}

std::vector<runtime::DailyStep> Parts::daily_steps() const {
    const auto held_back = static_cast<std::int64_t>(settings.held_back_days);
    return {{"storage", store::charge_storage},
            {"contracts", store::settle_contracts},
            {"confirmation",
             [held_back](store::Store& target, std::int64_t day) {
                 return store::Earnings(target).confirm_through(day - held_back);
             }},
            {"payouts", [policy = payouts](store::Store& target, std::int64_t day) {
                 return store::run_due_payouts(target, policy, day);
             }}};
}

Status Parts::build_gateway(asio::ssl::context context) {
    node_events = std::make_unique<gateway::GridNodeEvents>(*grid);
    directory = std::make_unique<gateway::StoreDirectory>(*store, *authority,
                                                          settings.node_certificate_validity);
    artefacts = std::make_unique<gateway::BlobArtefacts>(*blobs, blocking.get_executor());
    const gateway::GatewayNeeds needs{clock,      *node_events,           *directory,
                                      *artefacts, network.get_executor(), blocking.get_executor()};
    GLEANER_TRY(gateway, gateway::Gateway::open(gateway_options(), std::move(context), needs));
    return ok();
}

Status Parts::build_api(asio::ssl::context context) {
    api_context.emplace(std::move(context));
    authenticator = std::make_unique<api::Authenticator>(*store, clock);
    models = std::make_unique<api::ModelCatalogue>(*store, clock);
    control = admin::control_of(*grid);
    admin::AdminOptions admin_options{.consent = admin::consent_text(split),
                                      .authority_pin = authority->pin(),
                                      .release_key = release_key,
                                      .database = settings.in_data("gleaner.db").string(),
                                      .payouts = payouts,
                                      .payer_login = settings.payout_alipay_login,
                                      .payer_name = settings.payout_alipay_name,
                                      .invoices = settings.invoices,
                                      .clauses = clauses_of(settings)};
    const admin::AdminNeeds admin_needs{clock,
                                        *store,
                                        *blobs,
                                        *control,
                                        blocking.get_executor(),
                                        [this] {
                                            authenticator->forget();
                                            models->forget();
                                            credit->forget();
                                        },
                                        *vault};
    admin = std::make_unique<admin::AdminApi>(std::move(admin_options), admin_needs);
    admin->add_routes(router);
    add_customer_routes();

    api::ServerOptions options;
    options.address = settings.api_address;
    options.port = static_cast<std::uint16_t>(settings.api_port);
    server = std::make_unique<api::Server>(
        options, clock, network.get_executor(), *api_context, router, *authenticator,
        [this](const api::RequestRecord& record) { metrics.request(record); });
    return ok();
}

void Parts::add_customer_routes() {
    api::ApiLimits limits;
    limits.file_bytes_max = settings.file_bytes_max;
    limits.project_bytes_max = settings.project_bytes_max;
    limits.batch_items_max = settings.batch_items_max;
    credit = std::make_unique<api::CreditGate>(*store, clock, limits.streams_per_customer_max);
    const api::RateLimits rate_limits{settings.requests_per_minute, settings.tokens_per_minute};
    rates = std::make_unique<api::RateGate>(rate_limits, clock);
    reservations = std::make_unique<api::Reservations>(*store, clock);
    idempotency = std::make_unique<api::IdempotencyKeys>(*store);
    settlements = std::make_unique<api::Settlements>(network.get_executor(), *store, *grid);
    services.emplace(api::Services{limits, clock, *store, *blobs, *grid, blocking.get_executor(),
                                   *models, *credit, *rates, *idempotency, *settlements, metrics,
                                   *authenticator, *reservations, clauses_of(settings)});
    api::add_openai_routes(router, *services);
    disk_room = std::make_unique<api::DiskRoom>([this] { return blobs->free_bytes(); }, clock,
                                                blocking.get_executor());
    api::add_health_routes(
        router, *services, *disk_room, [this] { return server.get(); },
        [this] { return stopping; });
}

/// A coordinator may run for longer than its certificates are valid. SIGHUP asks for it now: an
/// operator's certificate has been replaced.
asio::awaitable<void> keep_certificates_fresh(Parts& parts, Notification& asked) {
    for (;;) {
        (void)co_await asked.wait_for(certificates_renewed_every);
        if (parts.stopping) co_return;
        const auto renewed = parts.renew_certificates();
        if (renewed.has_error()) {
            spdlog::error("event=certificates_not_renewed why=\"{}\"", renewed.error().message());
        } else {
            spdlog::info("event=certificates_renewed");
        }
    }
}

asio::awaitable<void> note_hang_ups(asio::signal_set& signals, Notification& asked) {
    for (;;) {
        const auto [problem, signal] =
            co_await signals.async_wait(asio::as_tuple(asio::use_awaitable));
        if (problem) co_return;
        asked.notify();
    }
}

asio::awaitable<Status> run(Parts& parts) {
    // Signals are waited for from here on, so that none falls between start and readiness.
    asio::signal_set signals(parts.network, SIGTERM, SIGINT);
    asio::signal_set hang_ups(parts.network, SIGHUP);
    const auto cleaned = co_await runtime::remove_orphans(
        *parts.store, *parts.blobs, parts.blocking.get_executor(), parts.clock.wall());
    if (cleaned.has_error()) co_return cleaned.error();
    auto started = co_await parts.grid->start();
    if (started.has_error()) co_return std::move(started).error();
    auto serving = parts.server->start();
    if (serving.has_error()) co_return std::move(serving).error();
    parts.gateway->start();
    Notification renewal_asked(parts.network.get_executor());
    TaskGroup tasks(parts.network.get_executor());
    const bool spawned = tasks.spawn(keep_certificates_fresh(parts, renewal_asked)) &&
                         tasks.spawn(note_hang_ups(hang_ups, renewal_asked)) &&
                         tasks.spawn(parts.bookkeeper->run());
    GLEANER_CHECK(spawned, "these tasks are unbounded");
    fmt::print("gleaner-coordinator is ready: nodes on port {}, API on port {}\n",
               parts.gateway->port(), parts.server->port());
    std::fflush(stdout);

    co_await signals.async_wait(asio::use_awaitable);
    spdlog::info("event=stopping");
    parts.stopping = true;
    hang_ups.cancel();
    renewal_asked.notify();
    parts.bookkeeper->stop();
    co_await tasks.join();
    co_await parts.server->stop(stop_grace);
    co_await parts.gateway->stop();
    co_await parts.grid->stop();
    co_return ok();
}

/// co_spawn wants a result that can be default-constructed; a Status cannot.
asio::awaitable<void> run_into(Parts& parts, Status& outcome) {
    outcome = co_await run(parts);
}

/// Each node and each customer is a descriptor; the soft limit is often 1024.
void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
    limit.rlim_cur = limit.rlim_max;
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0)
        spdlog::warn("event=descriptor_limit_not_raised limit={}", limit.rlim_cur);
}

}  // namespace

Result<PublicKey> release_key_of(const Settings& settings) {
    constexpr std::string_view how =
        "make one with \"gleanerctl key new --out release.key\" away from this machine, and set "
        "release_public_key in the configuration to what \"gleanerctl key show release.key\" "
        "prints";
    if (settings.release_public_key.empty())
        return Error(ErrorCode::failed_precondition,
                     "release_public_key is not set, and nodes enrol only with a coordinator that "
                     "names the key their engines are signed with: " +
                         std::string(how));
    auto key = PublicKey::from_text(settings.release_public_key);
    if (key.has_value()) return key;
    return Error(key.error().code(),
                 "release_public_key is " + key.error().message() + ": " + std::string(how));
}

Status serve(const Settings& settings) {
    raise_descriptor_limit();
    Parts parts(settings);
    GLEANER_TRY(parts.build());
    Status outcome = ok();
    asio::co_spawn(parts.network, run_into(parts, outcome), [&](const std::exception_ptr& thrown) {
        parts.network.stop();
        if (thrown) std::rethrow_exception(thrown);
    });
    parts.network.run();
    return outcome;
}

}  // namespace gleaner
