#pragma once
/// One line of a batch's input file: its envelope (custom_id, method, url, body).

#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "coordinator/openai/request.h"

namespace gleaner::openai {

inline constexpr std::size_t custom_id_bytes_max = 64;

struct BatchLine {
    std::string custom_id;
    boost::json::object body;  ///< unchecked
};

/// Errors: an ApiError whose code is what OpenAI puts into a batch's errors.data:
/// invalid_json_line, missing_required_parameter, invalid_custom_id, invalid_method, invalid_url.
/// The whole batch fails by it; what is wrong inside `body` fails only that line.
[[nodiscard]] ApiResult<BatchLine> parse_batch_line(std::string_view text, Endpoint endpoint,
                                                    boost::json::storage_ptr memory);

}  // namespace gleaner::openai
