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

}  // namespace gleaner::store
