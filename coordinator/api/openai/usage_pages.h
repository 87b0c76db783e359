#pragma once
/// Pages of usage and costs in OpenAI's shapes. Pure but for the handlers.

#include <vector>

#include <boost/json/object.hpp>

#include "coordinator/api/openai/usage_query.h"

namespace gleaner::api {

/// {"object": "page", "data": [buckets], …}: every bucket of the query, also those without rows.
/// `rows` by time; what the query's filters exclude is left out.
[[nodiscard]] boost::json::object usage_page(const UsageQuery& query,
                                             const std::vector<store::UsageRow>& rows);

}  // namespace gleaner::api
