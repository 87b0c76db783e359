#include "coordinator/store/records.h"

namespace gleaner::store {

std::string_view to_string(JobState state) {
    switch (state) {
        case JobState::validating:
            return "validating";
        case JobState::failed:
            return "failed";
        case JobState::in_progress:
            return "in_progress";
        case JobState::finalizing:
            return "finalizing";
        case JobState::completed:
            return "completed";
        case JobState::expired:
            return "expired";
        case JobState::cancelling:
            return "cancelling";
        case JobState::cancelled:
            return "cancelled";
    }
    return "unknown";
}

std::string_view to_string(PrivacyClass privacy) {
    switch (privacy) {
        case PrivacyClass::any:
            return "any";
        case PrivacyClass::certified:
            return "certified";
        case PrivacyClass::own:
            return "own";
    }
    return "unknown";
}

std::optional<PrivacyClass> parse_privacy(std::string_view text) {
    for (const auto privacy : {PrivacyClass::any, PrivacyClass::certified, PrivacyClass::own}) {
        if (to_string(privacy) == text) return privacy;
    }
    return std::nullopt;
}

}  // namespace gleaner::store
