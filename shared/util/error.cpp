#include "shared/util/error.h"

#include <cerrno>
#include <system_error>

namespace gleaner {

std::string_view to_string(ErrorCode code) {
    switch (code) {
        case ErrorCode::invalid_argument:
            return "invalid_argument";
        case ErrorCode::unauthenticated:
            return "unauthenticated";
        case ErrorCode::permission_denied:
            return "permission_denied";
        case ErrorCode::not_found:
            return "not_found";
        case ErrorCode::already_exists:
            return "already_exists";
        case ErrorCode::failed_precondition:
            return "failed_precondition";
        case ErrorCode::too_large:
            return "too_large";
        case ErrorCode::resource_exhausted:
            return "resource_exhausted";
        case ErrorCode::unavailable:
            return "unavailable";
        case ErrorCode::timeout:
            return "timeout";
        case ErrorCode::cancelled:
            return "cancelled";
        case ErrorCode::data_corrupt:
            return "data_corrupt";
        case ErrorCode::unsupported:
            return "unsupported";
        case ErrorCode::disk_full:
            return "disk_full";
        case ErrorCode::io_failed:
            return "io_failed";
        case ErrorCode::internal:
            return "internal";
    }
    return "internal";
}

std::optional<ErrorCode> error_code_named(std::string_view name) {
    for (int i = 0; i <= static_cast<int>(ErrorCode::internal); ++i) {
        const auto code = static_cast<ErrorCode>(i);
        if (to_string(code) == name) return code;
    }
    return std::nullopt;
}

Error Error::within(std::string_view what) const {
    return {code_, std::string(what) + ": " + message_, blame_};
}

Error error_from_errno(std::string_view what, int errno_value) {
    const bool full = errno_value == ENOSPC || errno_value == EDQUOT;
    return {full ? ErrorCode::disk_full : ErrorCode::io_failed,
            std::string(what) + ": " + std::generic_category().message(errno_value)};
}

}  // namespace gleaner
