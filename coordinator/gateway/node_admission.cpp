#include "coordinator/gateway/node_admission.h"

namespace gleaner::gateway {

namespace asio = boost::asio;

asio::awaitable<Result<store::Node>> admit(NodeDirectory& directory, tls::PeerIdentity peer) {
    auto found = co_await directory.node(peer.node);
    if (found.has_error() && found.error().code() != ErrorCode::not_found) co_return found;
    if (found.has_error() || found.value().site != peer.site) {
        co_return Error(ErrorCode::unauthenticated,
                        "this coordinator does not know the node " + peer.node.get() +
                            ": enrol this machine anew with its site's token");
    }
    const auto& node = found.value();
    if (node.revoked) {
        co_return Error(ErrorCode::permission_denied,
                        "the node " + peer.node.get() +
                            " has been revoked: ask the site's owner before enrolling it anew");
    }
    if (node.certificate_serial == peer.serial) co_return found;
    if (peer.expires <= node.certificate_expires) {
        co_return Error(ErrorCode::unauthenticated,
                        "this certificate of the node " + peer.node.get() +
                            " has been replaced by a newer one: if the machine did not enrol "
                            "again, somebody else did in its name; enrol it anew");
    }
    auto recorded = co_await directory.record_certificate(peer.node, peer.serial, peer.expires);
    if (recorded.has_error()) co_return std::move(recorded).error();
    co_return found;
}

}  // namespace gleaner::gateway
