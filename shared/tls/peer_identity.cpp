#include "shared/tls/peer_identity.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "shared/tls/certificate.h"
#include "shared/tls/tls_failure.h"

namespace gleaner::tls {

Result<PeerIdentity> peer_identity(const SSL* connection) {
    const X509* certificate = SSL_get0_peer_certificate(connection);
    if (certificate == nullptr) {
        return Error(ErrorCode::unauthenticated,
                     "no client certificate: enrol this machine first (gleaner-node enrol)");
    }
    const long verified = SSL_get_verify_result(connection);
    if (verified != X509_V_OK) return verify_error(verified);
    auto facts = facts_of(certificate);
    if (facts.common_name.empty() || facts.organisation.empty()) {
        return Error(ErrorCode::data_corrupt,
                     "the client certificate names no node and site: enrol this machine anew");
    }
    return PeerIdentity{.node = NodeId(std::move(facts.common_name)),
                        .site = SiteId(std::move(facts.organisation)),
                        .serial = std::move(facts.serial),
                        .expires = facts.not_after};
}

EVP_PKEY* peer_key(const SSL* connection) {
    const X509* certificate = SSL_get0_peer_certificate(connection);
    return certificate == nullptr ? nullptr : X509_get0_pubkey(certificate);
}

}  // namespace gleaner::tls
