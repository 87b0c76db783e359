#pragma once
/// Getting an identity: token and hardware facts for a certificate.

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
    Applicant(std::string fingerprint, std::string host)
        : hardware_fingerprint(std::move(fingerprint)), hostname(std::move(host)) {}
    std::string hardware_fingerprint;  ///< 64 hex characters
    std::string hostname;
};

class Enrolled {
public:
    Enrolled(Credentials c, bool known) : credentials(std::move(c)), known_hardware(known) {}
    Credentials credentials;
    bool known_hardware;  ///< the coordinator knows this machine: its history goes on
};

/// Makes a key, which never leaves this process but by Credentials::save, and has it certified.
/// Takes two round trips. Errors: unauthenticated (wrong, used, expired or revoked token; another
/// authority than the token's), failed_precondition (no consent for the site), unavailable,
/// timeout, unsupported; in the coordinator's words.
[[nodiscard]] boost::asio::awaitable<Result<Enrolled>> enrol(GatewayAddress address,
                                                             EnrolmentToken token,
                                                             Applicant applicant);

}  // namespace gleaner
