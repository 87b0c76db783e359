#pragma once
/// What went wrong, for code (ErrorCode), for people (message) and for the ledger (blame).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gleaner {

/// Causes that callers treat differently. HTTP statuses and retry rules derive from these.
enum class ErrorCode : std::uint8_t {
    invalid_argument,     ///< the caller sent something malformed or out of bounds
    unauthenticated,      ///< no credential, or a wrong, revoked or expired one
    permission_denied,    ///< the credential is good, the action is not its to do
    not_found,            ///< no such thing, or not the caller's
    already_exists,       ///< same key, different content
    failed_precondition,  ///< the state of the thing does not allow it (consent revoked, job ended)
    too_large,            ///< over a size bound
    resource_exhausted,   ///< quota, credit or rate limit
    unavailable,          ///< try again later (grid full, shutting down)
    timeout,              ///< no answer in time
    cancelled,            ///< the caller gave up
    data_corrupt,         ///< a hash, signature or format does not hold
    unsupported,          ///< a version or feature this build does not speak
    disk_full,            ///< no space left where something had to be written
    io_failed,            ///< an operating system call failed
    internal,             ///< a bug
};

/// Whose doing a failure is: decides about trust and money.
enum class Blame : std::uint8_t { nobody, owner, customer, platform };

/// `invalid_argument` → "invalid_argument".
[[nodiscard]] std::string_view to_string(ErrorCode code);
/// The inverse; nothing for a word that is no code's.
[[nodiscard]] std::optional<ErrorCode> error_code_named(std::string_view name);

/// An expected failure. A message says what failed, why, and what to do.
/// A class with constructors on purpose: g++ 12 destroys aggregates in co_await expressions twice.
class Error {
public:
    Error(ErrorCode code, std::string message, Blame blame = Blame::nobody)
        : code_(code), blame_(blame), message_(std::move(message)) {}

    [[nodiscard]] ErrorCode code() const { return code_; }
    [[nodiscard]] Blame blame() const { return blame_; }
    [[nodiscard]] const std::string& message() const { return message_; }
    /// The same error with "`what`: " put before its message.
    [[nodiscard]] Error within(std::string_view what) const;

private:
    ErrorCode code_;
    Blame blame_;
    std::string message_;
};

/// Builds an Error from errno: disk_full for ENOSPC and EDQUOT, else io_failed.
[[nodiscard]] Error error_from_errno(std::string_view what, int errno_value);

}  // namespace gleaner
