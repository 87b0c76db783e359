#include "coordinator/gateway/artefact_download.h"

#include <doctest/doctest.h>

using namespace gleaner;
using gateway::parse_range;

namespace {
void is(const char* header, std::uint64_t first, std::uint64_t length, bool partial = true) {
    CAPTURE(header);
    const auto range = parse_range(header, 100);
    REQUIRE(range.has_value());
    CHECK(range.value().first == first);
    CHECK(range.value().length == length);
    CHECK(range.value().partial == partial);
}
}  // namespace

TEST_CASE("ranges are read as HTTP means them and cut at the end of the file") {
    is("", 0, 100, false);
    is("bytes=0-0", 0, 1);
    is("bytes=10-19", 10, 10);
    is("bytes=90-", 90, 10);
    is("bytes=90-1000", 90, 10);
    is("bytes=-5", 95, 5);
    is("bytes=-500", 0, 100);
}

TEST_CASE("ranges outside the file, several of them and nonsense are refused") {
    for (const char* header : {"bytes=100-", "bytes=100-200", "bytes=-0", "bytes=5-4", "bytes=-",
                               "bytes=", "bytes=a-b", "bytes=1-2,4-5", "chunks=0-1", "0-1",
                               "bytes=99999999999999999999-", "bytes=1 -2", "bytes=+1-2"}) {
        CAPTURE(header);
        CHECK(parse_range(header, 100).has_error());
    }
    CHECK(parse_range("bytes=0-", 0).has_error());
    CHECK(parse_range("", 0).value().length == 0);
}
