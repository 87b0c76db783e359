#pragma once
/// A refusal as OpenAI's clients expect it: HTTP status and {"error":{message,type,param,code}}.
/// One table turns the house's Error into it; handlers add `param` and `code` where a client can
/// act on them.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/util/clock.h"
#include "shared/util/result.h"

namespace gleaner::openai {

/// A class with constructors (house style 3.1).
class ApiError {
public:
    /// By the table: status, type and a general code follow from `error.code()`.
    ApiError(const Error& error);  // NOLINT(google-explicit-constructor): passed up by GLEANER_TRY
    ApiError(int status, std::string_view type, std::string_view code, std::string message);

    [[nodiscard]] int status() const { return status_; }
    [[nodiscard]] const std::string& message() const { return message_; }
    [[nodiscard]] const std::string& type() const { return type_; }
    [[nodiscard]] const std::string& code() const { return code_; }
    [[nodiscard]] const std::string& param() const { return param_; }
    /// For the log only: what an "internal error" was. Empty when the message says all.
    [[nodiscard]] const std::string& detail() const { return detail_; }
    /// Set for refusals that pass: the Retry-After header.
    [[nodiscard]] std::optional<Duration> retry_after() const { return retry_after_; }

    /// The same error about the request's field `param`, for instance "messages[2].role".
    [[nodiscard]] ApiError about(std::string param) &&;
    [[nodiscard]] ApiError retry_in(Duration after) &&;

    /// The JSON body of the reply.
    [[nodiscard]] std::string body() const;

private:
    int status_;
    std::string type_;
    std::string code_;
    std::string message_;
    std::string param_;
    std::string detail_;
    std::optional<Duration> retry_after_;
};

template <class T>
using ApiResult = outcome::basic_result<T, ApiError, outcome::policy::terminate>;
using ApiStatus = ApiResult<void>;

inline ApiStatus api_ok() {
    return outcome::success();
}

/// 400 invalid_request_error. `code` may be empty (null in the reply), as OpenAI often leaves it.
[[nodiscard]] ApiError invalid_request(std::string message, std::string param = {},
                                       std::string_view code = {});
/// 404 for a model that is not in the catalogue, in OpenAI's words.
[[nodiscard]] ApiError model_not_found(std::string_view model);
/// 429 insufficient_quota: more credit is needed, waiting does not help.
[[nodiscard]] ApiError insufficient_quota(std::string message);
/// 429 rate_limit_exceeded: try again after `retry_after`.
[[nodiscard]] ApiError rate_limited(std::string message, Duration retry_after);

/// Seconds for a Retry-After header: rounded up, at least 1.
[[nodiscard]] std::int64_t retry_after_seconds(Duration after);

}  // namespace gleaner::openai
