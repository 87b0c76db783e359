#pragma once
/// The NodeDirectory over the store. Certificates are issued on the store's writer thread, inside
/// the transaction that records them: that thread alone uses the authority.

#include "coordinator/gateway/node_directory.h"

namespace gleaner::store {
class StoreExecutor;
}

namespace gleaner::gateway {

class StoreDirectory final : public NodeDirectory {
public:
    /// Store and authority must outlive this. `validity`: of node certificates.
    StoreDirectory(store::StoreExecutor& store, const tls::Authority& authority, Duration validity);

    [[nodiscard]] boost::asio::awaitable<Result<Enrolled>> enrol(store::EnrolmentRequest request,
                                                                 std::string request_pem) override;
    [[nodiscard]] boost::asio::awaitable<Result<tls::IssuedCertificate>> renew(
        NodeId node, std::string request_pem) override;
    [[nodiscard]] boost::asio::awaitable<Result<store::Node>> node(NodeId id) override;
    [[nodiscard]] boost::asio::awaitable<Status> record_certificate(NodeId node, std::string serial,
                                                                    WallTime expires) override;

private:
    store::StoreExecutor& store_;
    const tls::Authority& authority_;
    Duration validity_;
};

}  // namespace gleaner::gateway
