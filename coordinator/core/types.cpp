#include "coordinator/core/types.h"

namespace gleaner::core {

std::string_view to_string(FailureCause cause) {
    switch (cause) {
        case FailureCause::none:
            return "none";
        case FailureCause::request_rejected:
            return "request_rejected";
        case FailureCause::engine_crashed:
            return "engine_crashed";
        case FailureCause::out_of_memory:
            return "out_of_memory";
        case FailureCause::timed_out:
            return "timed_out";
        case FailureCause::reclaimed:
            return "reclaimed";
        case FailureCause::artefact_corrupt:
            return "artefact_corrupt";
        case FailureCause::artefact_unavailable:
            return "artefact_unavailable";
        case FailureCause::disk_full:
            return "disk_full";
        case FailureCause::sandbox_unsafe:
            return "sandbox_unsafe";
        case FailureCause::unsupported:
            return "unsupported";
        case FailureCause::cancelled:
            return "cancelled";
        case FailureCause::connection_lost:
            return "connection_lost";
        case FailureCause::implausible:
            return "implausible";
    }
    return "none";
}

LossCause loss_of(FailureCause cause) {
    switch (cause) {
        case FailureCause::none:
        case FailureCause::reclaimed:
            return LossCause::reclaimed;  // given back without a fault
        case FailureCause::request_rejected:
        case FailureCause::cancelled:
            return LossCause::cancelled;
        case FailureCause::connection_lost:
            return LossCause::connection;
        case FailureCause::implausible:
            return LossCause::rejected;
        case FailureCause::engine_crashed:
        case FailureCause::out_of_memory:
        case FailureCause::timed_out:
        case FailureCause::artefact_corrupt:
        case FailureCause::artefact_unavailable:
        case FailureCause::disk_full:
        case FailureCause::sandbox_unsafe:
        case FailureCause::unsupported:
            return LossCause::engine;
    }
    return LossCause::engine;
}

}  // namespace gleaner::core
