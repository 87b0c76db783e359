#pragma once
/// The coordinator's own certificate authority: the only one that nodes trust and that vouches for
/// nodes. Not for the public web. CPU work of about 0.1 ms a certificate; no I/O but load and save.

#include <span>
#include <string>
#include <string_view>

#include "shared/model/ids.h"
#include "shared/tls/certificate.h"
#include "shared/tls/key_pair.h"
#include "shared/util/clock.h"
#include "shared/util/result.h"

namespace gleaner::tls {

struct IssuedCertificate {
    std::string pem;
    std::string serial;  ///< lower-case hex, as CertificateFacts has it
    WallTime expires;
};

/// Issued certificates start one hour in the past, since clocks of cafés' machines run behind.
/// Movable; used from one thread at a time. The clock must outlive it.
class Authority {
public:
    /// A new key and a self-signed certificate for 10 years, named "`name` authority".
    [[nodiscard]] static Result<Authority> create(std::string_view name, const Clock& clock);

    /// Errors: as KeyPair::load; data_corrupt when certificate and key do not belong together;
    /// failed_precondition when the certificate has expired.
    [[nodiscard]] static Result<Authority> load(const std::string& certificate_path,
                                                const std::string& key_path, const Clock& clock);

    /// Writes both files, which must not exist: the key 0600 first.
    [[nodiscard]] Status save(const std::string& certificate_path,
                              const std::string& key_path) const;

    /// A certificate for TLS servers under `names` (DNS names or IP addresses, at least one).
    [[nodiscard]] Result<IssuedCertificate> issue_server(const KeyPair& key,
                                                         std::span<const std::string> names,
                                                         Duration validity) const;

    /// A client certificate with CN = node, O = site for the public key of the request, whose own
    /// names are ignored. Errors: invalid_argument (not a request, over 16 KiB, not signed by its
    /// own key, not EC P-256).
    [[nodiscard]] Result<IssuedCertificate> issue_node(std::string_view request_pem,
                                                       const NodeId& node, const SiteId& site,
                                                       Duration validity) const;

    [[nodiscard]] const std::string& certificate_pem() const { return certificate_pem_; }
    /// SHA-256 of the authority's public key, 64 hex characters.
    [[nodiscard]] std::string pin() const { return key_.pin(); }

private:
    struct Profile;
    Authority(KeyPair key, Handle<X509> certificate, std::string pem, const Clock& clock);
    [[nodiscard]] Result<IssuedCertificate> issue(EVP_PKEY* subject_key,
                                                  const Profile& profile) const;

    KeyPair key_;
    Handle<X509> certificate_;
    std::string certificate_pem_;
    const Clock* clock_;
};

}  // namespace gleaner::tls
