#pragma once
/// What an owner pastes into a new node: a secret, the authority to trust and the release key whose
/// engines may run, in one text. A machine that forgets its disk has no other memory of them.

#include <string>
#include <string_view>

#include "shared/util/result.h"

namespace gleaner {

/// A secret: never logged.
class EnrolmentToken {
public:
    /// Takes "glt_<secret>.<64 hex characters>.<64 hex characters>", blanks around it allowed.
    /// Errors: invalid_argument that says what is wrong without repeating the text.
    [[nodiscard]] static Result<EnrolmentToken> parse(std::string_view text);

    /// "glt_<secret>": what the coordinator is told.
    [[nodiscard]] const std::string& secret() const { return secret_; }
    /// SHA-256 of the authority's public key.
    [[nodiscard]] const std::string& authority_pin() const { return authority_pin_; }
    /// PublicKey::pin() of the release key.
    [[nodiscard]] const std::string& release_pin() const { return release_pin_; }

private:
    EnrolmentToken(std::string secret, std::string authority_pin, std::string release_pin)
        : secret_(std::move(secret)),
          authority_pin_(std::move(authority_pin)),
          release_pin_(std::move(release_pin)) {}
    std::string secret_;
    std::string authority_pin_;
    std::string release_pin_;
};

}  // namespace gleaner
