#pragma once
/// Models from neighbours of the same site where the coordinator names one, else from the
/// coordinator. The coordinator decides who fetches from where, so that a site of many machines
/// fetches a model once.

#include <array>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/ssl/context.hpp>

#include "client-core/cache/artefact_cache.h"
#include "client-core/cache/traffic_meter.h"
#include "client-core/cache/turnstile.h"
#include "client-core/runtime/gateway_http.h"
#include "shared/proto/lan.pb.h"

namespace gleaner {

/// Who asks, and how it shows that.
struct PeerIdentities {
    std::shared_ptr<boost::asio::ssl::context> to_gateway;
    std::shared_ptr<boost::asio::ssl::context> to_neighbours;
    SiteId site;
};

/// Single-threaded; one download at a time, its chunks in order, one ahead of the one that is being
/// verified. Does not verify what neighbours send: blame() tells it.
class PeerSource final : public ArtefactSource {
public:
    PeerSource(GatewayAddress gateway, ArtefactSource& origin, TrafficMeter& meter,
               const Clock& clock, const boost::asio::any_io_executor& executor);
    ~PeerSource() override;

    void set_identity(PeerIdentities identities);
    /// Where neighbours reach this node; 0: they do not.
    void set_port(std::uint16_t port) { port_ = port; }
    void close_idle();

    [[nodiscard]] boost::asio::awaitable<Result<ChunkList>> chunk_list(Sha256 sha256) override;
    [[nodiscard]] boost::asio::awaitable<Result<std::string>> read(Sha256 sha256,
                                                                   std::uint64_t offset,
                                                                   std::uint64_t length) override;
    /// A neighbour that gave it is dropped, and named to the coordinator.
    [[nodiscard]] bool blame(std::uint64_t offset) override;

    /// Tells the coordinator that this node has all of a model and serves it.
    [[nodiscard]] boost::asio::awaitable<void> announce(Sha256 sha256, std::uint64_t size_bytes);
    /// Whether the coordinator knows this node of our site, now.
    [[nodiscard]] boost::asio::awaitable<bool> vouched(NodeId node);

private:
    [[nodiscard]] boost::asio::awaitable<Result<std::string>> request(GatewayRequest request);
    [[nodiscard]] boost::asio::awaitable<Result<wire::WhereAnswer>> ask(Sha256 sha256,
                                                                        std::uint64_t chunks,
                                                                        std::uint64_t chunks_all);
    [[nodiscard]] boost::asio::awaitable<Status> renew_advice(Sha256 sha256, std::uint64_t index);
    [[nodiscard]] boost::asio::awaitable<Result<std::string>> from_neighbour(Sha256 sha256,
                                                                             std::uint64_t index,
                                                                             std::uint64_t length);
    void follow(const wire::WhereAnswer& answer);
    void drop_neighbour(const Error& why);
    [[nodiscard]] std::string& sender_of(std::uint64_t index) { return senders_[index % 2]; }
    void log_end(const Sha256& sha256) const;

    GatewayAddress gateway_;
    ArtefactSource* origin_;
    TrafficMeter* meter_;
    const Clock* clock_;
    Turnstile one_question_;
    PeerIdentities identities_;
    std::shared_ptr<GatewayHttp> to_gateway_;
    std::shared_ptr<GatewayHttp> to_neighbour_;
    std::uint16_t port_ = 0;
    std::string host_;

    ChunkList list_;  ///< of the download under way, as are the following
    wire::WhereAnswer advice_;
    Time ask_at_;
    std::vector<std::string> failed_;
    std::array<std::string, 2> senders_;  ///< of the last chunks by parity; empty: the coordinator
    std::uint64_t from_origin_ = 0;       ///< chunks
    std::uint64_t from_neighbours_ = 0;
};

}  // namespace gleaner
