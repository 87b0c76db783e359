#include "coordinator/openai/api_error.h"

#include <algorithm>

#include <boost/json.hpp>

namespace gleaner::openai {

namespace {

struct Row {
    int status;
    std::string_view type;
    std::string_view code;
};

Row row_of(ErrorCode code) {
    switch (code) {
        case ErrorCode::invalid_argument:
            return {400, "invalid_request_error", ""};
        case ErrorCode::unauthenticated:
            return {401, "invalid_request_error", "invalid_api_key"};
        case ErrorCode::permission_denied:
            return {403, "invalid_request_error", "forbidden"};
        case ErrorCode::not_found:
            return {404, "invalid_request_error", "not_found"};
        case ErrorCode::already_exists:
            return {409, "invalid_request_error", "conflict"};
        case ErrorCode::failed_precondition:
            return {409, "invalid_request_error", "conflict"};
        case ErrorCode::too_large:
            return {413, "invalid_request_error", "too_large"};
        case ErrorCode::resource_exhausted:
            return {429, "insufficient_quota", "insufficient_quota"};
        case ErrorCode::unavailable:
            return {503, "server_error", "unavailable"};
        case ErrorCode::timeout:
            return {503, "server_error", "timeout"};
        case ErrorCode::cancelled:
            return {503, "server_error", "cancelled"};
        case ErrorCode::data_corrupt:
            return {400, "invalid_request_error", "corrupt"};
        case ErrorCode::unsupported:
            return {400, "invalid_request_error", "unsupported"};
        case ErrorCode::disk_full:
            return {503, "server_error", "disk_full"};
        case ErrorCode::io_failed:
            return {500, "server_error", "internal_error"};
        case ErrorCode::internal:
            return {500, "server_error", "internal_error"};
    }
    return {500, "server_error", "internal_error"};
}

/// What a client may read of a failure that names the server's own paths and calls.
std::string_view public_message(ErrorCode code) {
    if (code == ErrorCode::disk_full)
        return "The server has no disk space left for this; try again later.";
    if (code == ErrorCode::io_failed || code == ErrorCode::internal)
        return "The server failed at this request; try again, and report the x-request-id if it "
               "fails again.";
    return {};
}

}  // namespace

ApiError::ApiError(const Error& error) : status_(0), message_(error.message()) {
    const Row row = row_of(error.code());
    status_ = row.status;
    type_ = row.type;
    code_ = row.code;
    if (const auto shown = public_message(error.code()); !shown.empty()) {
        detail_ = std::move(message_);
        message_ = shown;
    }
    if (status_ == 503) retry_after_ = 5s;
}

ApiError::ApiError(int status, std::string_view type, std::string_view code, std::string message)
    : status_(status), type_(type), code_(code), message_(std::move(message)) {}

ApiError ApiError::about(std::string param) && {
    param_ = std::move(param);
    return std::move(*this);
}

ApiError ApiError::retry_in(Duration after) && {
    retry_after_ = after;
    return std::move(*this);
}

std::string ApiError::body() const {
    boost::json::object error;
    error["message"] = message_;
    error["type"] = type_;
    error["param"] = param_.empty() ? boost::json::value(nullptr) : boost::json::value(param_);
    error["code"] = code_.empty() ? boost::json::value(nullptr) : boost::json::value(code_);
    boost::json::object body;
    body["error"] = std::move(error);
    return boost::json::serialize(body);
}

ApiError invalid_request(std::string message, std::string param, std::string_view code) {
    ApiError error(400, "invalid_request_error", code, std::move(message));
    return std::move(error).about(std::move(param));
}

ApiError model_not_found(std::string_view model) {
    ApiError error(404, "invalid_request_error", "model_not_found",
                   "The model '" + std::string(model) +
                       "' does not exist here; GET /v1/models lists those that do.");
    return std::move(error).about("model");
}

ApiError insufficient_quota(std::string message) {
    return {429, "insufficient_quota", "insufficient_quota", std::move(message)};
}

ApiError rate_limited(std::string message, Duration retry_after) {
    ApiError error(429, "rate_limit_error", "rate_limit_exceeded", std::move(message));
    return std::move(error).retry_in(retry_after);
}

std::int64_t retry_after_seconds(Duration after) {
    return std::max<std::int64_t>(1, (after.count() + 999'999) / 1'000'000);
}

}  // namespace gleaner::openai
