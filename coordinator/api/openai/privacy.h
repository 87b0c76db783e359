#pragma once
/// The privacy class that a request names: by the header Gleaner-Privacy or in the body's field
/// `gleaner`. Who runs a machine can read the prompts it computes.

#include <optional>

#include <boost/json/fwd.hpp>

#include "coordinator/api/http.h"
#include "shared/model/privacy.h"

namespace gleaner::api {

/// The header's class; errors: 400 for an unknown word.
[[nodiscard]] ApiResult<std::optional<PrivacyClass>> privacy_header(const RequestHead& request);
/// The body's or the header's, which must not contradict each other.
[[nodiscard]] ApiResult<std::optional<PrivacyClass>> privacy_of(const RequestHead& request,
                                                                const boost::json::object& body);

/// 400: the class "own" for a customer without sites of their own.
[[nodiscard]] ApiError no_own_sites();

}  // namespace gleaner::api
