#include "shared/util/check.h"

#include <cstdio>
#include <cstdlib>

namespace gleaner {

void check_failed(const char* condition, const char* file, int line, std::string_view why) {
    std::fprintf(stderr, "%s:%d: this is a bug in Gleaner: %s does not hold: %.*s\n", file, line,
                 condition, static_cast<int>(why.size()), why.data());
    std::abort();
}

}  // namespace gleaner
