#pragma once
/// Which node takes an artefact from which neighbour: the gateway's side. Internal to
/// coordinator/gateway.

#include <map>
#include <string>
#include <string_view>

#include "coordinator/core/site_downloads/site_downloads.h"
#include "shared/proto/lan.pb.h"
#include "shared/tls/peer_identity.h"

namespace gleaner::gateway {

/// Nodes with a session, and SiteDownloads over them. Only these are named as sources, and only to
/// nodes of their own site.
class Neighbours {
public:
    /// `session` tells a node's sessions apart: a new one may begin before the old one has ended.
    void joined(const SiteId& site, const NodeId& node, const void* session);
    void left(const NodeId& node, const void* session);
    void evicted(const NodeId& node, const Sha256& artefact);

    /// The peer has been admitted and the question checked. Errors: invalid_argument (the host is
    /// no IP address).
    [[nodiscard]] Result<wire::WhereAnswer> ask(const tls::PeerIdentity& peer,
                                                const Sha256& artefact,
                                                const wire::WhereQuestion& question, Time now);
    /// Whether a node of `site` may be served what its neighbours hold.
    [[nodiscard]] bool online(const SiteId& site, const NodeId& node) const;

private:
    struct Online {
        SiteId site;
        const void* session = nullptr;
        std::string host;
        std::uint32_t port = 0;
    };
    core::SiteDownloads downloads_{core::SiteDownloadOptions{}};
    std::map<NodeId, Online> online_;
};

}  // namespace gleaner::gateway
