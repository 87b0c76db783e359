#pragma once
/// Does a model fit anywhere?

#include <cstdint>
#include <span>
#include <string_view>

#include "shared/util/result.h"

namespace gleaner::core {

/// `device_memory_bytes`: what each device of each node that might run it offers. Errors:
/// failed_precondition with "model X needs N GiB, the largest node has M GiB: …". With no node
/// there is nothing to say yet: succeeds.
[[nodiscard]] Status check_model_fit(std::string_view model, std::uint64_t needed_bytes,
                                     std::span<const std::uint64_t> device_memory_bytes);

}  // namespace gleaner::core
