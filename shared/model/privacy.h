#pragma once
/// Which machines may see a customer's prompts. Who runs a machine can read what it computes.

#include <cstdint>
#include <optional>
#include <string_view>

namespace gleaner {

enum class PrivacyClass : std::uint8_t {
    any,        ///< every enrolled node
    certified,  ///< sites that the platform has certified
    own,        ///< only the customer's own sites
};

[[nodiscard]] std::string_view to_string(PrivacyClass privacy);
[[nodiscard]] std::optional<PrivacyClass> parse_privacy(std::string_view text);

}  // namespace gleaner
