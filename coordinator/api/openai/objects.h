#pragma once
/// OpenAI's objects for what the store keeps, as JSON.

#include <optional>
#include <span>
#include <string>

#include <boost/json/fwd.hpp>

#include "coordinator/runtime/grid.h"
#include "coordinator/store/records.h"

namespace gleaner::api {

[[nodiscard]] boost::json::object file_object(const store::File& file);
[[nodiscard]] boost::json::object model_object(const store::Model& model);
/// `counts`: newer than the record's, if known. `note`: of a job that is open.
[[nodiscard]] boost::json::object batch_object(
    const store::Job& job, const std::optional<store::JobCounts>& counts,
    const std::optional<runtime::JobNote>& note = std::nullopt);

/// {"object":"list","data":[…],"first_id","last_id","has_more"}.
[[nodiscard]] std::string list_text(boost::json::array data, bool has_more);

/// "24h", "90m": whole hours where possible.
[[nodiscard]] std::string window_text(Duration window);
/// Nothing for a malformed text or one outside of 1 minute to 7 days.
[[nodiscard]] std::optional<Duration> parse_window(std::string_view text);

}  // namespace gleaner::api
