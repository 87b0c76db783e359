#pragma once
/// CHECK is for bugs, never for input; it stays on in release builds.

#include <string_view>

namespace gleaner {

[[noreturn]] void check_failed(const char* condition, const char* file, int line,
                               std::string_view why);

}  // namespace gleaner

/// Aborts with the condition, the place and `why` when the condition is false.
#define GLEANER_CHECK(condition, why)                                                     \
    do {                                                                                  \
        if (!(condition)) ::gleaner::check_failed(#condition, __FILE__, __LINE__, (why)); \
    } while (false)
