#include "client-core/runtime/enrolment_token.h"

#include <algorithm>

#include "shared/util/hex.h"

namespace gleaner {

namespace {

constexpr std::string_view prefix = "glt_";

Error malformed(std::string_view why) {
    return {ErrorCode::invalid_argument,
            "the enrolment token " + std::string(why) +
                ": copy the whole line that `gleanerctl token new` printed"};
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n";
    const auto first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// 64 hex characters, in lower case; empty when it is anything else.
std::string fingerprint_in(std::string_view text) {
    const auto bytes = from_hex(text);
    return bytes && bytes->size() == 32 ? to_hex(*bytes) : std::string();
}

}  // namespace

Result<EnrolmentToken> EnrolmentToken::parse(std::string_view text) {
    text = trimmed(text);
    if (!text.starts_with(prefix)) return malformed("does not begin with glt_");
    const auto dot = text.find('.');
    if (dot == std::string_view::npos) return malformed("lacks the authority's fingerprint");
    const std::string_view secret = text.substr(0, dot);
    const bool plain = std::all_of(secret.begin() + prefix.size(), secret.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-';
    });
    if (secret.size() < prefix.size() + 16 || secret.size() > 128 || !plain) {
        return malformed("has a damaged secret");
    }
    const std::string_view pins = text.substr(dot + 1);
    const auto second = pins.find('.');
    if (second == std::string_view::npos) return malformed("lacks the release key's fingerprint");
    std::string authority = fingerprint_in(pins.substr(0, second));
    if (authority.empty()) return malformed("has a damaged fingerprint of the authority");
    std::string release = fingerprint_in(pins.substr(second + 1));
    if (release.empty()) return malformed("has a damaged fingerprint of the release key");
    return EnrolmentToken(std::string(secret), std::move(authority), std::move(release));
}

}  // namespace gleaner
