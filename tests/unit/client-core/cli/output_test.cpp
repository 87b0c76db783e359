#include "client-core/cli/output.h"

#include <sstream>

#include <boost/json.hpp>
#include <doctest/doctest.h>

using namespace gleaner;
using namespace gleaner::cli;

namespace {

struct Shown {
    std::istringstream in;
    std::ostringstream out;
    std::ostringstream err;
    ManualClock clock;
    Context context{.in = in, .out = out, .err = err, .clock = clock, .pause = {}};
};

}  // namespace

TEST_CASE("a list is a table whose columns line up, also with Chinese names") {
    Shown shown;
    const auto reply =
        boost::json::parse(R"({"data":[{"id":"own_1","name":"网吧"},{"id":"own_22","name":"B"}]})");
    print_list(shown.context, reply, {{"id", "OWNER"}, {"name", "NAME"}}, "none");
    CHECK(shown.out.str() == "OWNER   NAME\nown_1   网吧\nown_22  B\n");
}

TEST_CASE("an empty list says what to do") {
    Shown shown;
    print_list(shown.context, boost::json::parse(R"({"data":[]})"), {{"id", "ID"}}, "add one");
    CHECK(shown.out.str() == "add one\n");
}

TEST_CASE("with --json a reply is one line, as it came") {
    Shown shown;
    shown.context.json = true;
    print_list(shown.context, boost::json::parse(R"({"data":[]})"), {{"id", "ID"}}, "add one");
    print_record(shown.context, boost::json::parse(R"({"a":1,"b":null})"), {{"a", "A"}});
    CHECK(shown.out.str() == "{\"data\":[]}\n{\"a\":1,\"b\":null}\n");
}

TEST_CASE("names from outside cannot drive the terminal") {
    Shown shown;
    print_record(shown.context, boost::json::parse("{\"name\":\"a\\u001b[2Jb\\n\"}"),
                 {{"name", "name"}});
    CHECK(shown.out.str() == "name: a?[2Jb?\n");
}

TEST_CASE("values read as people expect") {
    using boost::json::value;
    CHECK(show_value(value(1'500'000), Show::money) == "1.500000");
    CHECK(show_value(value(1536), Show::bytes) == "1.5 KiB");
    CHECK(show_value(value(2'500'000), Show::seconds) == "2.5");
    CHECK(show_value(value(true), Show::plain) == "yes");
    CHECK(show_value(value(nullptr), Show::plain).empty());
    CHECK(show_value(boost::json::parse("[1,2]"), Show::plain) == "1, 2");
    CHECK(show_bytes(0) == "0 B");
    CHECK(show_bytes(~std::uint64_t{0}) == "16.0 EiB");
}

TEST_CASE("amounts are read exactly and never as floats") {
    CHECK(parse_micros("12").value() == 12'000'000);
    CHECK(parse_micros("0.1").value() == 100'000);
    CHECK(parse_micros("12.345678").value() == 12'345'678);
    CHECK(parse_micros("999999999999.999999").value() == 999'999'999'999'999'999);
    for (const char* text :
         {"", ".", "1.", ".5", "-1", "1e3", "1.2345678", "1,5", "1000000000000", " 1", "0x10"}) {
        CAPTURE(text);
        CHECK(!parse_micros(text));
    }
}
