#include "coordinator/gateway/neighbours.h"

#include <algorithm>

#include <boost/asio/ip/address.hpp>

namespace gleaner::gateway {

using From = core::DownloadAdvice::From;

void Neighbours::joined(const SiteId& site, const NodeId& node, const void* session) {
    online_[node] = {site, session, {}, 0};
}

void Neighbours::left(const NodeId& node, const void* session) {
    const auto it = online_.find(node);
    if (it == online_.end() || it->second.session != session) return;
    downloads_.gone(it->second.site, node);
    online_.erase(it);
}

void Neighbours::evicted(const NodeId& node, const Sha256& artefact) {
    const auto it = online_.find(node);
    if (it != online_.end()) downloads_.gone(it->second.site, node, artefact);
}

bool Neighbours::online(const SiteId& site, const NodeId& node) const {
    const auto it = online_.find(node);
    return it != online_.end() && it->second.site == site;
}

Result<wire::WhereAnswer> Neighbours::ask(const tls::PeerIdentity& peer, const Sha256& artefact,
                                          const wire::WhereQuestion& question, Time now) {
    if (!question.host().empty()) {
        boost::system::error_code error;
        boost::asio::ip::make_address(question.host(), error);
        if (error) return Error(ErrorCode::invalid_argument, "where.host is no IP address");
    }
    const auto self = online_.find(peer.node);
    const bool has_all = question.chunks() == question.chunks_all();
    wire::WhereAnswer answer;
    answer.set_from(wire::WhereAnswer::WAIT);
    answer.set_ask_again_ms(1'000);
    // Without a session nobody would tell when it goes.
    if (self == online_.end() && has_all) return answer;
    core::DownloadQuestion asked{.site = peer.site,
                                 .node = peer.node,
                                 .artefact = artefact,
                                 .chunks = question.chunks(),
                                 .chunks_all = question.chunks_all(),
                                 .reachable = false,
                                 .failed = {question.failed().begin(), question.failed().end()}};
    if (self != online_.end()) {
        self->second.host = question.host();
        self->second.port = question.port();
        asked.reachable = !question.host().empty() && question.port() != 0;
    }
    const auto advice = downloads_.ask(asked, now);
    answer.set_ask_again_ms(
        static_cast<std::uint32_t>(std::max<std::int64_t>(advice.ask_again / 1ms, 1)));
    const auto source = online_.find(advice.neighbour);
    if (advice.from == From::origin) {
        answer.set_from(wire::WhereAnswer::ORIGIN);
    } else if (advice.from == From::neighbour && source != online_.end()) {
        answer.set_from(wire::WhereAnswer::NEIGHBOUR);
        answer.set_neighbour(advice.neighbour.get());
        answer.set_host(source->second.host);
        answer.set_port(source->second.port);
    }
    return answer;
}

}  // namespace gleaner::gateway
