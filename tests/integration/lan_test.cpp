// Neighbours of one site share a model: a real gateway, and for each node its real cache, source
// and server, over TLS on the loopback.

#include <cstring>
#include <fstream>
#include <memory>
#include <optional>

#include "client-core/runtime/gateway_source.h"
#include "client-core/runtime/peer_server.h"
#include "client-core/runtime/peer_source.h"
#include "shared/util/log.h"
#include "shared/util/random.h"
#include "tests/integration/gateway_world.h"

namespace gleaner {
namespace {

namespace fs = std::filesystem;
namespace asio = boost::asio;

using testing::GatewayWorld;
using testing::Machine;

constexpr std::uint64_t model_bytes = 10 * chunk_size_bytes - 12'345;

Sha256 add_model(GatewayWorld& world) {
    std::string content(model_bytes, '\0');
    Random random(7);
    for (std::size_t at = 0; at < content.size(); at += sizeof(std::uint64_t)) {
        const std::uint64_t word = random.next();
        std::memcpy(content.data() + at, &word, std::min(sizeof word, content.size() - at));
    }
    const Sha256 id = hash_bytes(content);
    std::ofstream(world.blobs->artefact_path(id), std::ios::binary) << content;
    return id;
}

/// A node as far as models go. Its session is joined, unless it is told not to.
class Neighbour {
public:
    Neighbour(GatewayWorld& world, asio::io_context& io, std::uint64_t hardware,
              bool connected = true)
        : machine(world, hardware), granted(machine.enrol()), io_(io) {
        if (connected) session = machine.join();
        gateway = {"127.0.0.1", world.door->port()};
        origin.emplace(gateway);
        meter.emplace(folder.path() / "traffic", clock);
        metered.emplace(*origin, *meter);
        source.emplace(gateway, *metered, *meter, clock, io.get_executor());
        cache.emplace(ArtefactCacheOptions{.folder = folder.path() / "cache",
                                           .keep_free_bytes = 0,
                                           .retry_base = Duration{1000},
                                           .retry_cap = Duration{1000}},
                      *metered, clock, io.get_executor());
        REQUIRE(cache->open());
        server.emplace(
            *cache, *meter, [this](NodeId node) { return source->vouched(std::move(node)); },
            io.get_executor());
        REQUIRE(server->open());
        const auto authority = world.authority.certificate_pem();
        to_neighbours =
            shared(tls::neighbour_client_context(authority, machine.certificate, machine.key));
        const auto to_gateway =
            shared(tls::node_client_context(authority, machine.certificate, machine.key));
        origin->set_identity(to_gateway);
        const SiteId site(granted.site_id());
        source->set_identity({to_gateway, to_neighbours, site});
        source->set_port(server->port());
        server->set_identity(
            shared(tls::gateway_server_context(machine.certificate, machine.key, authority)), site);
        cache->take_models_from(*source);
        cache->on_verified([this](const Sha256& sha256, std::uint64_t size_bytes) {
            (void)tasks.spawn(announce(sha256, size_bytes));
        });
        (void)tasks.spawn(server->run());
    }

    void fetch(const Sha256& sha256) { (void)tasks.spawn(fetch_model(sha256)); }
    void end() { tasks.cancel(asio::cancellation_type::terminal); }
    [[nodiscard]] bool ended() const { return tasks.size() == 0; }

    testing::TemporaryFolder folder;
    SystemClock clock;
    Machine machine;
    wire::EnrolResponse granted;
    std::unique_ptr<Machine::Socket> session;
    GatewayAddress gateway;
    std::optional<GatewaySource> origin;
    std::optional<TrafficMeter> meter;
    std::optional<MeteredSource> metered;
    std::optional<PeerSource> source;
    std::optional<ArtefactCache> cache;
    std::optional<PeerServer> server;
    std::shared_ptr<asio::ssl::context> to_neighbours;
    std::optional<Result<fs::path>> fetched;
    int announced = 0;

private:
    static std::shared_ptr<asio::ssl::context> shared(Result<asio::ssl::context> made) {
        REQUIRE(made);
        return std::make_shared<asio::ssl::context>(std::move(made).value());
    }
    asio::awaitable<void> fetch_model(Sha256 sha256) {
        WantedArtefact wanted{sha256, model_bytes};
        auto fetching = cache->model(std::move(wanted), {});
        fetched.emplace(co_await std::move(fetching));
    }
    asio::awaitable<void> announce(Sha256 sha256, std::uint64_t size_bytes) {
        auto announcing = source->announce(std::move(sha256), size_bytes);
        co_await std::move(announcing);
        ++announced;
    }

    asio::io_context& io_;
    TaskGroup tasks{io_.get_executor()};
};

struct Site {
    Site() { spdlog::set_level(spdlog::level::off); }

    /// Runs the nodes until `condition` holds; false after half a minute.
    bool until(const std::function<bool()>& condition) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        while (!condition()) {
            if (std::chrono::steady_clock::now() > deadline) return false;
            io.restart();
            io.run_one_for(std::chrono::milliseconds(50));
        }
        return true;
    }
    Neighbour& add(std::uint64_t hardware, bool connected = true) {
        nodes.push_back(std::make_unique<Neighbour>(world, io, hardware, connected));
        return *nodes.back();
    }
    bool has_model(Neighbour& node) {
        node.fetch(model);
        return until([&] { return node.fetched.has_value() && node.announced > 0; }) &&
               node.fetched->has_value();
    }
    ~Site() {
        for (const auto& node : nodes) node->end();
        CHECK(until([&] {
            return std::ranges::all_of(nodes, [](const auto& node) { return node->ended(); });
        }));
    }

    GatewayWorld world;
    Sha256 model = add_model(world);
    asio::io_context io{1};
    std::vector<std::unique_ptr<Neighbour>> nodes;
};

TEST_CASE("three nodes of a site that want a model at once fetch it once") {
    Site site;
    for (const std::uint64_t hardware : {1ULL, 2ULL, 3ULL}) site.add(hardware);
    for (const auto& node : site.nodes) node->fetch(site.model);
    REQUIRE(site.until([&] {
        return std::ranges::all_of(site.nodes,
                                   [](const auto& node) { return node->fetched.has_value(); });
    }));
    for (const auto& node : site.nodes) {
        REQUIRE(*node->fetched);
        CHECK(hash_file(node->fetched->value().string()).value() == site.model);
    }
    const auto sent = site.world.counters().artefact_bytes;
    CHECK(sent >= model_bytes);
    CHECK(sent <= model_bytes + model_bytes / 5);
}

TEST_CASE("a node that comes later takes the model from one that has it") {
    Site site;
    REQUIRE(site.has_model(site.add(1)));
    const auto before = site.world.counters().artefact_bytes;
    Neighbour& late = site.add(2);
    REQUIRE(site.has_model(late));
    CHECK(site.world.counters().artefact_bytes == before);
    CHECK(late.meter->this_month().down == 0);
}

TEST_CASE("a neighbour that serves wrong bytes is dropped, and the coordinator's are taken") {
    Site site;
    Neighbour& bad = site.add(1);
    REQUIRE(site.has_model(bad));
    const fs::path file = bad.fetched->value();
    fs::permissions(file, fs::perms::owner_all);
    std::fstream(file, std::ios::binary | std::ios::in | std::ios::out) << "not this";
    Neighbour& good = site.add(2);
    REQUIRE(site.has_model(good));
    CHECK(hash_file(good.fetched->value().string()).value() == site.model);
    // The one chunk that was on its way meanwhile was right, and is kept.
    CHECK(site.world.counters().artefact_bytes == 2 * model_bytes - chunk_size_bytes);
}

TEST_CASE("a neighbour that is gone without a word costs no model") {
    Site site;
    Neighbour& gone = site.add(1);
    REQUIRE(site.has_model(gone));
    gone.end();
    REQUIRE(site.until([&] { return gone.ended(); }));
    Neighbour& late = site.add(2);
    CHECK(site.has_model(late));
}

TEST_CASE("only nodes for which the coordinator vouches are served") {
    Site site;
    Neighbour& server = site.add(1);
    REQUIRE(site.has_model(server));
    const auto ask = [&](Neighbour& node) {
        GatewayHttp http({"127.0.0.1", server.server->port()}, *node.to_neighbours, 5s);
        std::optional<Result<std::string>> answer;
        GatewayRequest wanted(chunk_target(site.model, 0), chunk_size_bytes);
        const auto keep = [](GatewayHttp& from, GatewayRequest request,
                             std::optional<Result<std::string>>& to) -> asio::awaitable<void> {
            auto sending = from.send(std::move(request));
            to.emplace(co_await std::move(sending));
        };
        asio::co_spawn(site.io, keep(http, std::move(wanted), answer),
                       [](const std::exception_ptr& failed) { REQUIRE_FALSE(failed); });
        REQUIRE(site.until([&] { return answer.has_value(); }));
        return answer->has_value();
    };
    CHECK(ask(site.add(2)));
    CHECK_FALSE(ask(site.add(3, false)));
}

}  // namespace
}  // namespace gleaner
