#include "coordinator/store/records.h"

namespace gleaner::store {

std::string_view to_string(OperatorRole role) {
    switch (role) {
        case OperatorRole::admin:
            return "admin";
        case OperatorRole::finance:
            return "finance";
        case OperatorRole::support:
            return "support";
    }
    return "unknown";
}

std::optional<OperatorRole> parse_operator_role(std::string_view text) {
    for (const auto role : {OperatorRole::admin, OperatorRole::finance, OperatorRole::support})
        if (to_string(role) == text) return role;
    return std::nullopt;
}

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

}  // namespace gleaner::store
