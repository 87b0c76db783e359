#include "coordinator/api/openai/page.h"

#include <charconv>

namespace gleaner::api {

ApiResult<Page> parse_page(const RequestHead& request, std::int64_t limit_default,
                           std::int64_t limit_max) {
    Page page;
    page.limit = limit_default;
    page.after = request.query_value("after").value_or("");
    if (const auto limit = request.query_value("limit")) {
        const auto* end = limit->data() + limit->size();
        const auto parsed = std::from_chars(limit->data(), end, page.limit);
        const bool good = parsed.ec == std::errc() && parsed.ptr == end && page.limit >= 1 &&
                          page.limit <= limit_max;
        if (!good)
            return openai::invalid_request(
                "'limit' must be a number from 1 to " + std::to_string(limit_max) + ".", "limit");
    }
    const auto order = request.query_value("order").value_or("desc");
    if (order != "asc" && order != "desc")
        return openai::invalid_request("'order' must be \"asc\" or \"desc\".", "order");
    page.ascending = order == "asc";
    return page;
}

}  // namespace gleaner::api
