#include "client-core/runtime/gateway_refusal.h"

#include <array>

#include "shared/proto/wire.pb.h"

namespace gleaner {

namespace {

ErrorCode code_of_status(unsigned status) {
    switch (status) {
        case 400:
            return ErrorCode::invalid_argument;
        case 401:
            return ErrorCode::unauthenticated;
        case 403:
            return ErrorCode::permission_denied;
        case 404:
            return ErrorCode::not_found;
        case 409:
            return ErrorCode::failed_precondition;
        case 413:
            return ErrorCode::too_large;
        case 426:
            return ErrorCode::unsupported;
        default:
            return status >= 500 || status == 429 ? ErrorCode::unavailable : ErrorCode::unsupported;
    }
}

}  // namespace

Error gateway_refusal(unsigned status, const std::string& body) {
    static constexpr std::array codes{
        ErrorCode::invalid_argument, ErrorCode::unauthenticated,    ErrorCode::permission_denied,
        ErrorCode::not_found,        ErrorCode::already_exists,     ErrorCode::failed_precondition,
        ErrorCode::too_large,        ErrorCode::resource_exhausted, ErrorCode::unavailable,
        ErrorCode::timeout,          ErrorCode::unsupported,        ErrorCode::disk_full};
    wire::ErrorReply reply;
    if (!reply.ParseFromString(body) || reply.message().empty() || reply.message().size() > 2048) {
        return {code_of_status(status), "HTTP status " + std::to_string(status)};
    }
    for (const ErrorCode code : codes) {
        if (to_string(code) == reply.code()) return {code, reply.message()};
    }
    return {code_of_status(status), reply.message()};
}

}  // namespace gleaner
