#include "coordinator/api/openai/store_gate.h"

#include "coordinator/runtime/grid.h"

namespace gleaner::api {

ApiStatus store_keeps_up(const Services& services) {
    const auto why = services.grid.stalled();
    if (!why) return api_ok();
    return ApiError(Error(ErrorCode::unavailable, "Nothing new is taken at the moment: " + *why));
}

}  // namespace gleaner::api
