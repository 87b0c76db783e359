#include "client-core/engine/sse_splitter.h"

#include <vector>

#include <doctest/doctest.h>

namespace gleaner {
namespace {

using Outcome = SseSplitter::Outcome;

const std::string stream =
    "data: {\"a\":1}\n\n: a comment\n\nevent: x\ndata:two\r\n\r\ndata: [DONE]\n\n";
const std::vector<std::string> expected = {"{\"a\":1}", "two", "[DONE]"};

TEST_CASE("data lines are the same however the stream is cut") {
    for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
        CAPTURE(piece);
        SseSplitter splitter(1000);
        std::vector<std::string> seen;
        for (std::size_t at = 0; at < stream.size(); at += piece) {
            const auto outcome = splitter.feed(std::string_view(stream).substr(at, piece),
                                               [&](std::string_view data) {
                                                   seen.emplace_back(data);
                                                   return true;
                                               });
            CHECK(outcome == Outcome::more);
        }
        CHECK(seen == expected);
    }
}

TEST_CASE("a listener that has enough is not called again") {
    SseSplitter splitter(1000);
    int calls = 0;
    CHECK(splitter.feed(stream, [&](std::string_view) { return ++calls < 2; }) == Outcome::stopped);
    CHECK(calls == 2);
}

TEST_CASE("a line may be as long as the bound and no longer") {
    const auto listen = [](std::string_view) { return true; };
    CHECK(SseSplitter(10).feed("data: 6789\n", listen) == Outcome::more);
    CHECK(SseSplitter(10).feed("data: 67890\n", listen) == Outcome::too_long);
    SseSplitter slow(10);
    CHECK(slow.feed("data: 6789", listen) == Outcome::more);
    CHECK(slow.feed("0", listen) == Outcome::too_long);
}

}  // namespace
}  // namespace gleaner
