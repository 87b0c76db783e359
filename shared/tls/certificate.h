#pragma once
/// Certificates as PEM, and what can be read from one. X.509 details stay in the .cpp.

#include <string>
#include <string_view>

#include "shared/model/ids.h"
#include "shared/tls/openssl_handles.h"
#include "shared/util/clock.h"
#include "shared/util/result.h"

namespace gleaner::tls {

/// What a certificate says about its holder. Empty fields: it does not say.
struct CertificateFacts {
    std::string common_name;   ///< CN
    std::string organisation;  ///< O
    std::string serial;        ///< lower-case hex, without leading zero bytes
    WallTime not_before;
    WallTime not_after;
};

/// The first certificate of a PEM text. Errors: data_corrupt.
[[nodiscard]] Result<Handle<X509>> parse_certificate(std::string_view pem);
[[nodiscard]] Result<std::string> certificate_pem(X509* certificate);
[[nodiscard]] CertificateFacts facts_of(const X509* certificate);
/// Shorthand for the two steps above.
[[nodiscard]] Result<CertificateFacts> certificate_facts(std::string_view pem);
/// SHA-256 of the certificate's public key, 64 hex characters: what enrolment tokens carry of the
/// authority. Errors: data_corrupt.
[[nodiscard]] Result<std::string> certificate_pin(std::string_view pem);

}  // namespace gleaner::tls
