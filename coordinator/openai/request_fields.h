#pragma once
/// Which fields a request may have, their types and bounds, and which of them the engine gets.

#include <boost/json/fwd.hpp>

#include "coordinator/openai/request.h"

namespace gleaner::openai {

/// Checks every field of `body` that the table knows alone and copies to `engine` those that pass
/// through. Errors: 400 for an unknown field, a wrong type or a value out of bounds.
[[nodiscard]] ApiStatus copy_fields(Endpoint endpoint, const boost::json::object& body,
                                    boost::json::object& engine);

}  // namespace gleaner::openai
