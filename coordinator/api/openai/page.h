#pragma once
/// The paging parameters that OpenAI's lists share: after, limit, order.

#include <cstdint>
#include <string>

#include "coordinator/api/http.h"

namespace gleaner::api {

struct Page {
    std::string after;
    std::int64_t limit = 20;
    bool ascending = false;
};

/// Errors: 400 for a limit outside of 1 to `limit_max` or an unknown order.
[[nodiscard]] ApiResult<Page> parse_page(const RequestHead& request, std::int64_t limit_default,
                                         std::int64_t limit_max);

}  // namespace gleaner::api
