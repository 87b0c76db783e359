#pragma once
/// Do two answers to the same request agree? Never plain equality: GPUs and builds differ in the
/// last bits, so that two honest answers share a long beginning and then part.

#include <string_view>

namespace gleaner::core {

/// Symmetric. True when the trimmed texts are equal without regard to spacing; or both are numbers
/// (or lists of numbers, as embeddings are) within one part in a thousand; or, for texts of eight
/// words and more, they begin alike: the same first quarter of the shorter one, at least six words,
/// and differ in length by less than three times.
[[nodiscard]] bool similar(std::string_view a, std::string_view b);

}  // namespace gleaner::core
