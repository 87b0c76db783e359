#pragma once
/// Whether the holder of a verified certificate may still act as the node it names. Internal.

#include <boost/asio/awaitable.hpp>

#include "coordinator/gateway/node_directory.h"
#include "shared/tls/peer_identity.h"

namespace gleaner::gateway {

/// Compares with what the directory says now. Records a renewed certificate at its first use.
/// Errors: unauthenticated (unknown node, other site, superseded certificate), permission_denied
/// (revoked): each says what to do.
[[nodiscard]] boost::asio::awaitable<Result<store::Node>> admit(NodeDirectory& directory,
                                                                tls::PeerIdentity peer);

}  // namespace gleaner::gateway
