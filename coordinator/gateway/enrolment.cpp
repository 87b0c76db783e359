#include "coordinator/gateway/enrolment.h"

#include "coordinator/gateway/node_directory.h"
#include "coordinator/gateway/subprotocol.h"
#include "shared/artefact/sha256.h"
#include "shared/proto/wire.pb.h"
#include "shared/proto/wire_check.h"
#include "shared/util/log.h"

namespace gleaner::gateway {

namespace asio = boost::asio;

namespace {

/// Does the refusal mean that somebody may be trying tokens?
bool is_about_token(ErrorCode code) {
    return code == ErrorCode::unauthenticated || code == ErrorCode::permission_denied ||
           code == ErrorCode::failed_precondition || code == ErrorCode::not_found;
}

Result<wire::EnrolRequest> parse(const std::string& body) {
    wire::EnrolRequest request;
    GLEANER_TRY(wire::decode(body, request));
    GLEANER_TRY(check_protocol(request.protocol()));
    return request;
}

store::EnrolmentRequest directory_request(const wire::EnrolRequest& request) {
    store::EnrolmentRequest out;
    out.token_secret_sha256 = hash_bytes(std::string_view(request.token())).get();
    out.hardware_fingerprint = request.hardware_fingerprint();
    out.hostname = request.hostname();
    out.os = request.os();
    out.arch = request.arch();
    out.software_version = request.software_version();
    return out;
}

Reply grant(const GatewayOptions& options, const Enrolled& enrolled) {
    wire::EnrolResponse response;
    response.set_node_id(enrolled.grant.node.get());
    response.set_site_id(enrolled.grant.site.get());
    response.set_certificate_pem(enrolled.certificate.pem);
    response.set_authority_pem(options.authority_pem);
    response.set_release_public_key(options.release_public_key);
    response.set_renew_after_s(renew_after_seconds(options));
    response.set_known_hardware(enrolled.grant.known_hardware);
    return Reply(200, response.SerializeAsString());
}

}  // namespace

std::uint32_t renew_after_seconds(const GatewayOptions& options) {
    return static_cast<std::uint32_t>(options.certificate_validity * 2 / 3 / 1s);
}

asio::awaitable<Reply> answer_enrolment(Shared& shared, std::string body, std::string address) {
    const auto now = shared.needs.clock.now();
    const auto wait = shared.wrong_tokens.wait_for(address, now);
    if (wait > Duration::zero()) {
        ++shared.counters.enrolments_refused;
        const Error error(ErrorCode::resource_exhausted, "too many wrong enrolment tokens from " +
                                                             address + ": try again in " +
                                                             std::to_string(wait / 1s + 1) + " s");
        auto reply = refusal(error);
        reply.retry_after = wait;
        co_return reply;
    }
    auto request = parse(body);
    if (request.has_error()) {
        ++shared.counters.enrolments_refused;
        co_return refusal(request.error());
    }
    auto wanted = directory_request(request.value());
    auto enrolled =
        co_await shared.needs.directory.enrol(std::move(wanted), request.value().csr_pem());
    if (enrolled.has_error()) {
        ++shared.counters.enrolments_refused;
        if (is_about_token(enrolled.error().code())) {
            shared.wrong_tokens.note_failure(address, now);
        }
        spdlog::debug("gateway: enrolment refused address={} why=\"{}\"", address,
                      enrolled.error().message());
        co_return refusal(enrolled.error());
    }
    ++shared.counters.enrolments;
    spdlog::debug("gateway: enrolled node={} site={} known_hardware={}",
                  enrolled.value().grant.node.get(), enrolled.value().grant.site.get(),
                  enrolled.value().grant.known_hardware);
    co_return grant(shared.options, enrolled.value());
}

}  // namespace gleaner::gateway
