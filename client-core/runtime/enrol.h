#pragma once
/// Getting an identity: token and hardware facts for a certificate.

#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "client-core/runtime/credentials.h"
#include "client-core/runtime/dial.h"
#include "client-core/runtime/enrolment_token.h"
#include "shared/util/result.h"

namespace gleaner {

/// Who asks to be let in.
class Applicant {
public:
    Applicant(std::string fingerprint, std::string host, std::optional<PublicKey> kept_key)
        : hardware_fingerprint(std::move(fingerprint)),
          hostname(std::move(host)),
          kept_release_key(kept_key) {}
    std::string hardware_fingerprint;  ///< 64 hex characters
    std::string hostname;
    std::optional<PublicKey> kept_release_key;  ///< pinned by an earlier enrolment
};

class Enrolled {
public:
    Enrolled(Credentials c, bool known) : credentials(std::move(c)), known_hardware(known) {}
    Credentials credentials;
    bool known_hardware;  ///< the coordinator knows this machine: its history goes on
};

/// What the coordinator answered, if trust may be pinned to it: it must fit the token and our own
/// key. Errors: unauthenticated (another authority or release key than the token's), data_corrupt.
[[nodiscard]] Result<Enrolled> accept_enrolment(const std::string& body,
                                                const EnrolmentToken& token,
                                                const Applicant& applicant, tls::KeyPair key);

/// Makes a key, which never leaves this process but by Credentials::save, and has it certified.
/// Takes two round trips. A token that names another release key than the kept one is refused
/// before it is used up. Errors: unauthenticated (wrong, used, expired or revoked token; another
/// authority or release key than the token's or the kept one), failed_precondition (no consent for
/// the site), unavailable, timeout, unsupported; in the coordinator's words.
[[nodiscard]] boost::asio::awaitable<Result<Enrolled>> enrol(GatewayAddress address,
                                                             EnrolmentToken token,
                                                             Applicant applicant);

}  // namespace gleaner
