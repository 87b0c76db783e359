#pragma once
/// Who is at the other end of a TLS connection, once its certificate has been verified.

#include <string>

#include <openssl/types.h>

#include "shared/model/ids.h"
#include "shared/util/clock.h"
#include "shared/util/result.h"

namespace gleaner::tls {

/// A node as its client certificate names it.
struct PeerIdentity {
    NodeId node;
    SiteId site;
    std::string serial;  ///< lower-case hex
    WallTime expires;
};

/// Reads the verified client certificate of a finished server-side handshake. Whether the node has
/// been revoked is for the store to say. Errors: unauthenticated (no certificate, or not verified:
/// says why), data_corrupt (verified, but without node and site).
[[nodiscard]] Result<PeerIdentity> peer_identity(const SSL* connection);

/// The public key of that certificate, borrowed from the connection; null: there is none.
[[nodiscard]] EVP_PKEY* peer_key(const SSL* connection);

}  // namespace gleaner::tls
