#include "coordinator/core/verifier/canary.h"

#include "coordinator/core/verifier/numbers.h"

namespace gleaner::core {

bool canary_passed(std::string_view expected, std::string_view answer) {
    expected = trimmed(expected);
    answer = trimmed(answer);
    if (expected == answer) return true;
    const auto a = parse_number(expected);
    const auto b = parse_number(answer);
    return a && b && *a == *b;
}

}  // namespace gleaner::core
