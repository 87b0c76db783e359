#pragma once
/// What an owner pastes into a new node: a secret and the authority to trust, in one text.

#include <string>
#include <string_view>

#include "shared/util/result.h"

namespace gleaner {

/// A secret: never logged.
class EnrolmentToken {
public:
    /// Takes "glt_<secret>.<64 hex characters>", blanks around it allowed. Errors: invalid_argument
    /// that says what is wrong without repeating the text.
    [[nodiscard]] static Result<EnrolmentToken> parse(std::string_view text);

    /// "glt_<secret>": what the coordinator is told.
    [[nodiscard]] const std::string& secret() const { return secret_; }
    /// SHA-256 of the authority's public key.
    [[nodiscard]] const std::string& authority_pin() const { return authority_pin_; }

private:
    EnrolmentToken(std::string secret, std::string authority_pin)
        : secret_(std::move(secret)), authority_pin_(std::move(authority_pin)) {}
    std::string secret_;
    std::string authority_pin_;
};

}  // namespace gleaner
