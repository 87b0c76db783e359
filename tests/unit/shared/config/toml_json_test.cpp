#include "shared/config/toml_json.h"

#include <boost/json.hpp>
#include <doctest/doctest.h>

using namespace gleaner;

namespace {

boost::json::value read(const std::string& text) {
    return config::read_toml(text, "file.toml").value();
}

}  // namespace

TEST_CASE("tables, lists and plain values keep their kinds") {
    const auto value = read(R"(
a = "text"
b = 7
c = true
d = [1, "two"]
e = 0.5
[t.inner]
"a name" = "x"
[[list]]
n = 1
[[list]]
n = 2
)");
    CHECK(value.at("a") == "text");
    CHECK(value.at("b") == 7);
    CHECK(value.at("c") == true);
    CHECK(value.at("d").as_array().size() == 2);
    CHECK(value.at("e").is_double());
    CHECK(value.at("t").at("inner").at("a name") == "x");
    CHECK(value.at("list").as_array()[1].at("n") == 2);
}

TEST_CASE("dates are texts, and moments with an offset are in UTC") {
    const auto value = read(
        "a = 2026-12-01\nb = 2026-12-01T00:00:00+08:00\nc = 2026-12-01T10:00:00Z\n"
        "d = 2026-12-01T10:00:00\ne = 07:30:00\nf = 2026-12-31T20:00:00-05:00\n");
    CHECK(value.at("a") == "2026-12-01");
    CHECK(value.at("b") == "2026-11-30T16:00:00Z");
    CHECK(value.at("c") == "2026-12-01T10:00:00Z");
    CHECK(value.at("d") == "2026-12-01T10:00:00");
    CHECK(value.at("e") == "07:30:00");
    CHECK(value.at("f") == "2027-01-01T01:00:00Z");
}

TEST_CASE("what is no TOML is refused with file and line") {
    const auto broken = config::read_toml("a = 1\nb = \n", "prices.toml");
    REQUIRE(broken.has_error());
    CHECK(broken.error().code() == ErrorCode::data_corrupt);
    CHECK(broken.error().message().starts_with("prices.toml:2: "));
    CHECK(config::read_toml(std::string((1U << 20U) + 1, ' '), "x").error().code() ==
          ErrorCode::too_large);
}
