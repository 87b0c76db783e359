#pragma once
/// What a request for usage or costs asks for, read from its query as OpenAI's clients write it.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/api/http.h"
#include "coordinator/store/usage.h"

namespace gleaner::api {

enum class UsageKind : std::uint8_t { completions, embeddings, costs };

/// Whole buckets that begin in [from, to). Empty filters let all through.
struct UsageQuery {
    UsageKind kind = UsageKind::completions;
    store::BucketWidth width = store::BucketWidth::day;
    WallTime from;
    WallTime to;        ///< of this page
    bool more = false;  ///< buckets follow this page's
    std::vector<std::string> projects;
    std::vector<std::string> api_keys;
    std::vector<std::string> models;
    std::optional<bool> batch;
    bool by_project = false;
    bool by_api_key = false;
    bool by_model = false;  ///< of costs: by line item, which is the model
    bool by_batch = false;
};

/// `now`: where usage ends when the request does not say. Errors: 400 naming the parameter.
[[nodiscard]] ApiResult<UsageQuery> parse_usage_query(const RequestHead& request, UsageKind kind,
                                                      WallTime now);

}  // namespace gleaner::api
