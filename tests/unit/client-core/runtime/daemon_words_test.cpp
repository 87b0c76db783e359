#include "client-core/runtime/daemon_words.h"

#include <doctest/doctest.h>

#include "shared/proto/control.pb.h"

namespace gleaner {
namespace {

TEST_CASE("a program's name in any encoding does not make a sentence unreadable for protobuf") {
    control::Sentence out;
    words::say({"\xD3\xCE\xCF\xB7.exe is running.", "\xff"}, out);  // GBK
    control::Sentence read;
    REQUIRE(read.ParseFromString(out.SerializeAsString()));
    CHECK(read.en() == "\xEF\xBF\xBD\xEF\xBF\xBD\xCF\xB7.exe is running.");
    CHECK(read.zh() == "\xEF\xBF\xBD");
}

TEST_CASE("well-formed text stays as it is, and nothing else does") {
    for (const std::string good : {"", "a", "\u00e9", "\u62fe\u7a57", "\U0001f33e", "\U0010ffff"})
        CHECK(words::utf8(good) == good);
    const std::string mark = "\xEF\xBF\xBD";
    CHECK(words::utf8("\xC0\x80") == mark + mark);             // longer than needed
    CHECK(words::utf8("\xED\xA0\x80") == mark + mark + mark);  // a surrogate
    CHECK(words::utf8("\xF4\x90\x80\x80x") == mark + mark + mark + mark + "x");
    CHECK(words::utf8("a\xE6\x8B") == "a" + mark + mark);  // cut off
}

}  // namespace
}  // namespace gleaner
