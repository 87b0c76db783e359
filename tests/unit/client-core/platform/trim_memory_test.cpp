#include "client-core/platform/trim_memory.h"

#include <fstream>
#include <string>

#include <doctest/doctest.h>

namespace gleaner {
namespace {

long resident_file_kib() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("RssFile:")) return std::stol(line.substr(8));
    return 0;
}

TEST_CASE("trimming lets go of program text, and the program runs on") {
    const long before = resident_file_kib();
    REQUIRE(before > 0);
    trim_memory();
    CHECK(resident_file_kib() < before);
    trim_memory();
}

}  // namespace
}  // namespace gleaner
