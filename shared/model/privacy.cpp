#include "shared/model/privacy.h"

namespace gleaner {

std::string_view to_string(PrivacyClass privacy) {
    switch (privacy) {
        case PrivacyClass::any:
            return "any";
        case PrivacyClass::certified:
            return "certified";
        case PrivacyClass::own:
            return "own";
    }
    return "any";
}

std::optional<PrivacyClass> parse_privacy(std::string_view text) {
    for (const auto privacy : {PrivacyClass::any, PrivacyClass::certified, PrivacyClass::own})
        if (text == to_string(privacy)) return privacy;
    return std::nullopt;
}

}  // namespace gleaner
