#include "client-core/runtime/enrol.h"

#include <boost/asio/ssl/context.hpp>

#include "client-core/runtime/gateway_http.h"
#include "client-core/runtime/version.h"
#include "shared/proto/wire.pb.h"
#include "shared/proto/wire_check.h"
#include "shared/tls/certificate.h"
#include "shared/tls/contexts.h"

namespace gleaner {

namespace asio = boost::asio;

namespace {

constexpr Duration enrolment_limit = 15s;

Result<std::string> request_body(const EnrolmentToken& token, const Applicant& applicant,
                                 const tls::KeyPair& key) {
    GLEANER_TRY(const std::string csr, key.signing_request("gleaner-node"));
    wire::EnrolRequest request;
    request.set_protocol(wire::protocol_version);
    request.set_token(token.secret());
    request.set_csr_pem(csr);
    request.set_hardware_fingerprint(applicant.hardware_fingerprint);
    request.set_hostname(applicant.hostname);
    request.set_os(std::string(system_name()));
    request.set_arch(std::string(machine_architecture()));
    request.set_software_version(std::string(software_version));
    GLEANER_TRY(wire::check(request));
    return request.SerializeAsString();
}

/// Whoever may name the release key decides which programs run on this machine.
constexpr std::string_view verify_change =
    ". Ask the coordinator's operator, not by way of the coordinator, whether the release key was "
    "changed; ";

std::string short_pin(const std::string& pin) {
    return pin.substr(0, 16);  // as `gleanerctl key show` prints it
}

Status check_kept_release_key(const EnrolmentToken& token, const Applicant& applicant) {
    if (!applicant.kept_release_key) return ok();
    if (applicant.kept_release_key->pin() == token.release_pin()) return ok();
    return Error(ErrorCode::unauthenticated,
                 "this machine trusts the release key " +
                     applicant.kept_release_key->fingerprint() + ", the token names " +
                     short_pin(token.release_pin()) + std::string(verify_change) +
                     "only if it was, delete release.pub in the node's data folder and start "
                     "again with a new token");
}

}  // namespace

Result<Enrolled> accept_enrolment(const std::string& body, const EnrolmentToken& token,
                                  const Applicant& applicant, tls::KeyPair key) {
    wire::EnrolResponse response;
    GLEANER_TRY(wire::decode(body, response));
    GLEANER_TRY(const std::string authority, tls::certificate_pin(response.authority_pem()));
    if (authority != token.authority_pin()) {
        return Error(ErrorCode::unauthenticated,
                     "the coordinator named another authority than the token does");
    }
    GLEANER_TRY(const std::string certified, tls::certificate_pin(response.certificate_pem()));
    if (certified != key.pin()) {
        return Error(ErrorCode::data_corrupt, "the coordinator certified another key than ours");
    }
    GLEANER_TRY(const PublicKey release_key, PublicKey::from_text(response.release_public_key()));
    if (release_key.pin() != token.release_pin()) {
        return Error(ErrorCode::unauthenticated,
                     "the coordinator names the release key " + release_key.fingerprint() +
                         ", the token names " + short_pin(token.release_pin()) +
                         ": nothing of its answer was kept" + std::string(verify_change) +
                         "only if it was, get a new token");
    }
    Credentials credentials(std::move(key), response.certificate_pem(), response.authority_pem(),
                            release_key, applicant.hardware_fingerprint);
    if (credentials.node().get() != response.node_id()) {
        return Error(ErrorCode::data_corrupt, "the certificate is for another node");
    }
    return Enrolled(std::move(credentials), response.known_hardware());
}

asio::awaitable<Result<Enrolled>> enrol(GatewayAddress address, EnrolmentToken token,
                                        Applicant applicant) {
    GLEANER_CO_TRY(check_kept_release_key(token, applicant));
    GLEANER_CO_TRY(tls::KeyPair key, tls::KeyPair::generate());
    GLEANER_CO_TRY(asio::ssl::context context, tls::joining_node_context(token.authority_pin()));
    GatewayHttp http(std::move(address), context, enrolment_limit);
    GatewayRequest request("/node/v1/enrol", wire::enrolment_bytes_max);
    GLEANER_CO_TRY(request.posted, request_body(token, applicant, key));
    auto asking = http.send(std::move(request));
    const auto body = co_await std::move(asking);
    if (!body) co_return body.error().within("enrolment");
    auto enrolled = accept_enrolment(body.value(), token, applicant, std::move(key));
    if (!enrolled) co_return enrolled.error().within("enrolment");
    co_return std::move(enrolled).value();
}

}  // namespace gleaner
