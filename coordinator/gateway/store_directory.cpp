#include "coordinator/gateway/store_directory.h"

#include <functional>
#include <utility>

#include "coordinator/store/executor.h"

namespace gleaner::gateway {

namespace asio = boost::asio;

namespace {

// The work is built by these functions and not at the call: g++ 12 destroys a capturing lambda
// inside a co_await expression twice.

std::function<Result<Enrolled>(store::Store&)> enrolment_work(const tls::Authority& authority,
                                                              Duration validity,
                                                              store::EnrolmentRequest request,
                                                              std::string request_pem) {
    return [&authority, validity, request = std::move(request),
            request_pem = std::move(request_pem)](store::Store& store) -> Result<Enrolled> {
        GLEANER_TRY(auto grant, store.begin_enrolment(request));
        GLEANER_TRY(auto certificate,
                    authority.issue_node(request_pem, grant.node, grant.site, validity));
        GLEANER_TRY(store.set_certificate(grant.node, certificate.serial, certificate.expires));
        return Enrolled{std::move(grant), std::move(certificate)};
    };
}

std::function<Result<tls::IssuedCertificate>(store::Store&)> renewal_work(
    const tls::Authority& authority, Duration validity, NodeId id, std::string request_pem) {
    return [&authority, validity, id = std::move(id), request_pem = std::move(request_pem)](
               store::Store& store) -> Result<tls::IssuedCertificate> {
        GLEANER_TRY(const auto node, store.node(id));
        if (node.revoked) {
            return Error(ErrorCode::permission_denied, "this node has been revoked");
        }
        return authority.issue_node(request_pem, node.id, node.site, validity);
    };
}

}  // namespace

StoreDirectory::StoreDirectory(store::StoreExecutor& store, const tls::Authority& authority,
                               Duration validity)
    : store_(store), authority_(authority), validity_(validity) {}

asio::awaitable<Result<Enrolled>> StoreDirectory::enrol(store::EnrolmentRequest request,
                                                        std::string request_pem) {
    auto work = enrolment_work(authority_, validity_, std::move(request), std::move(request_pem));
    co_return co_await store_.write(std::move(work));
}

asio::awaitable<Result<tls::IssuedCertificate>> StoreDirectory::renew(NodeId node,
                                                                      std::string request_pem) {
    auto work = renewal_work(authority_, validity_, std::move(node), std::move(request_pem));
    co_return co_await store_.write(std::move(work));
}

asio::awaitable<Result<store::Node>> StoreDirectory::node(NodeId id) {
    std::function<Result<store::Node>(store::Store&)> work =
        [id = std::move(id)](store::Store& store) { return store.node(id); };
    co_return co_await store_.read(std::move(work));
}

asio::awaitable<Status> StoreDirectory::record_certificate(NodeId node, std::string serial,
                                                           WallTime expires) {
    std::function<Result<bool>(store::Store&)> work =
        [node = std::move(node), serial = std::move(serial),
         expires](store::Store& store) -> Result<bool> {
        GLEANER_TRY(store.set_certificate(node, serial, expires));
        return true;
    };
    auto written = co_await store_.write(std::move(work));
    if (written.has_error()) co_return std::move(written).error();
    co_return ok();
}

}  // namespace gleaner::gateway
