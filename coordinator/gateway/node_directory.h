#pragma once
/// Who the nodes are: the gateway's view of the store and of the certificate authority.

#include <string>

#include <boost/asio/awaitable.hpp>

#include "coordinator/store/records.h"
#include "shared/model/ids.h"
#include "shared/tls/authority.h"
#include "shared/util/result.h"

namespace gleaner::gateway {

struct Enrolled {
    store::EnrolmentGrant grant;
    tls::IssuedCertificate certificate;
};

/// Awaited on the network thread; the work happens elsewhere.
class NodeDirectory {
public:
    virtual ~NodeDirectory() = default;
    /// Checks token and consent, issues a certificate and records it: all or nothing. Errors: as
    /// Store::begin_enrolment, and invalid_argument for a bad certificate request.
    [[nodiscard]] virtual boost::asio::awaitable<Result<Enrolled>> enrol(
        store::EnrolmentRequest request, std::string request_pem) = 0;
    /// A further certificate for a node in good standing. The one in use stays good until the new
    /// one has been used: an answer lost on the way costs nobody his identity.
    [[nodiscard]] virtual boost::asio::awaitable<Result<tls::IssuedCertificate>> renew(
        NodeId node, std::string request_pem) = 0;
    /// Errors: not_found.
    [[nodiscard]] virtual boost::asio::awaitable<Result<store::Node>> node(NodeId id) = 0;
    /// A renewed certificate has been used: older ones of this node are void from now on.
    [[nodiscard]] virtual boost::asio::awaitable<Status> record_certificate(NodeId node,
                                                                            std::string serial,
                                                                            WallTime expires) = 0;
};

}  // namespace gleaner::gateway
