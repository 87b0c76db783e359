#pragma once
/// Foreign JSON text → values, with bounds; and the few accessors the forms share.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/fwd.hpp>
#include <boost/json/storage_ptr.hpp>

#include "coordinator/openai/api_error.h"

namespace gleaner::openai {

/// Parses one JSON text of at most 64 levels. Errors: 400 that says where it is not JSON.
[[nodiscard]] ApiResult<boost::json::value> parse_json(std::string_view text,
                                                       boost::json::storage_ptr memory = {});
/// The same for a text that must be an object.
[[nodiscard]] ApiResult<boost::json::object> parse_object(std::string_view text,
                                                          boost::json::storage_ptr memory = {});

/// The member, or null when it is absent or JSON null.
[[nodiscard]] const boost::json::value* member(const boost::json::object& object,
                                               std::string_view name);
/// The member as a string; empty when absent or of another type. A view into the object.
[[nodiscard]] std::string_view string_member(const boost::json::object& object,
                                             std::string_view name);
/// The member as a whole number, also when written as 3.0.
[[nodiscard]] std::optional<std::int64_t> integer_member(const boost::json::object& object,
                                                         std::string_view name);
[[nodiscard]] std::optional<std::int64_t> as_integer(const boost::json::value& value);
[[nodiscard]] bool true_member(const boost::json::object& object, std::string_view name);

}  // namespace gleaner::openai
