#include "coordinator/serve.h"

#include <csignal>
#include <cstdio>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/thread_pool.hpp>

#include <fmt/format.h>

#include "coordinator/gateway/blob_artefacts.h"
#include "coordinator/gateway/gateway.h"
#include "coordinator/gateway/node_events.h"
#include "coordinator/gateway/store_directory.h"
#include "coordinator/instance_lock.h"
#include "coordinator/runtime/grid.h"
#include "coordinator/store/blobs.h"
#include "coordinator/store/executor.h"
#include "shared/artefact/signing_key.h"
#include "shared/tls/authority.h"
#include "shared/tls/contexts.h"
#include "shared/util/log.h"
#include "shared/util/random.h"

namespace gleaner {

namespace asio = boost::asio;

namespace {

constexpr Duration server_certificate_validity = std::chrono::hours(24 * 366);

/// Everything that serving needs, in the order in which it is built and, reversed, torn down.
struct Parts {
    explicit Parts(const Settings& settings_) : settings(settings_) {}

    Status build();
    [[nodiscard]] gateway::GatewayOptions gateway_options() const;

    const Settings& settings;
    SystemClock clock;
    asio::io_context network{1};
    asio::thread_pool blocking{2};
    std::optional<InstanceLock> lock;
    std::optional<tls::Authority> authority;
    std::unique_ptr<store::StoreExecutor> store;
    std::optional<store::Blobs> blobs;
    std::unique_ptr<runtime::Grid> grid;
    std::unique_ptr<gateway::GridNodeEvents> node_events;
    std::unique_ptr<gateway::StoreDirectory> directory;
    std::unique_ptr<gateway::BlobArtefacts> artefacts;
    std::unique_ptr<gateway::Gateway> gateway;
};

gateway::GatewayOptions Parts::gateway_options() const {
    gateway::GatewayOptions options;
    options.address = settings.gateway_address;
    options.port = static_cast<std::uint16_t>(settings.gateway_port);
    options.heartbeat_interval = settings.heartbeat_interval;
    options.certificate_validity = settings.node_certificate_validity;
    options.authority_pem = authority->certificate_pem();
    options.release_public_key = settings.release_public_key;
    return options;
}

Status Parts::build() {
    GLEANER_TRY(auto taken, InstanceLock::take(settings.data_folder));
    lock.emplace(std::move(taken));
    if (settings.release_public_key.empty())
        spdlog::warn("event=no_release_key: engines are refused until release_public_key is set");
    else
        GLEANER_TRY(PublicKey::from_text(settings.release_public_key));

    GLEANER_TRY(auto loaded, tls::Authority::load(settings.in_data("ca.pem").string(),
                                                  settings.in_data("ca.key").string(), clock));
    authority.emplace(std::move(loaded));
    GLEANER_TRY(auto server_key, tls::KeyPair::load(settings.in_data("server.key").string()));
    GLEANER_TRY(auto certificate, authority->issue_server(server_key, settings.server_names,
                                                          server_certificate_validity));
    GLEANER_TRY(auto gateway_context,
                tls::gateway_server_context(certificate.pem, server_key,
                                            authority->certificate_pem()));

    GLEANER_TRY(store, store::StoreExecutor::start(settings.in_data("gleaner.db").string(), clock,
                                                   network.get_executor()));
    GLEANER_TRY(auto opened, store::Blobs::open(settings.data_folder));
    blobs.emplace(std::move(opened));

    runtime::Grid::Options grid_options;
    grid_options.heartbeat_interval = settings.heartbeat_interval;
    grid_options.scheduler.shard_target = settings.shard_target;
    grid_options.scheduler.reconnect_grace = settings.reconnect_grace;
    grid_options.scheduler.canary_share = settings.canary_share;
    grid_options.scheduler.seed = random_seed();
    grid = std::make_unique<runtime::Grid>(grid_options, clock, *store, *blobs,
                                           network.get_executor());

    node_events = std::make_unique<gateway::GridNodeEvents>(*grid);
    directory = std::make_unique<gateway::StoreDirectory>(*store, *authority,
                                                          settings.node_certificate_validity);
    artefacts = std::make_unique<gateway::BlobArtefacts>(*blobs, blocking.get_executor());
    const gateway::GatewayNeeds needs{clock,      *node_events,
                                      *directory, *artefacts,
                                      network.get_executor(), blocking.get_executor()};
    GLEANER_TRY(gateway, gateway::Gateway::open(gateway_options(), std::move(gateway_context),
                                                needs));
    return ok();
}

asio::awaitable<Status> run(Parts& parts) {
    auto started = co_await parts.grid->start();
    if (started.has_error()) co_return std::move(started).error();
    parts.gateway->start();
    fmt::print("gleaner-coordinator is ready: nodes on port {}\n", parts.gateway->port());
    std::fflush(stdout);

    asio::signal_set signals(parts.network, SIGTERM, SIGINT);
    co_await signals.async_wait(asio::use_awaitable);
    spdlog::info("event=stopping");
    co_await parts.gateway->stop();
    co_await parts.grid->stop();
    co_return ok();
}

}  // namespace

Status serve(const Settings& settings) {
    Parts parts(settings);
    GLEANER_TRY(parts.build());
    Status outcome = ok();
    asio::co_spawn(parts.network, run(parts), [&](const std::exception_ptr& thrown, Status status) {
        if (thrown) std::rethrow_exception(thrown);
        outcome = std::move(status);
        parts.network.stop();
    });
    parts.network.run();
    return outcome;
}

}  // namespace gleaner
