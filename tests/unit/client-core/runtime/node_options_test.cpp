#include "client-core/runtime/node_options.h"

#include <doctest/doctest.h>

#include "client-core/runtime/dial.h"

namespace gleaner {
namespace {

TEST_CASE("the node's default file is valid and never holds a token") {
    NodeOptions options;
    options.token = "glt_secret";
    config::OptionSet declared = declare_node_options(options);
    std::string file = declared.default_file();
    CHECK(file.find("glt_secret") == std::string::npos);
    for (std::size_t at = 0; (at = file.find("\n#", at)) != std::string::npos; ++at) {
        if (file[at + 2] != ' ') file.erase(at + 1, 1);
    }
    NodeOptions read;
    read.slots = 9;
    config::OptionSet again = declare_node_options(read);
    CHECK(again.load_toml(file, "default"));
    CHECK(read.slots == 0);
    CHECK(read.shutdown_grace == Duration{5s});
}

TEST_CASE("the data folder follows the user") {
    CHECK(default_data_dir({{"HOME", "/home/a"}}, true) == "/var/lib/gleaner-node");
    CHECK(default_data_dir({{"HOME", "/home/a"}}, false) == "/home/a/.local/share/gleaner-node");
    CHECK(default_data_dir({{"HOME", "/home/a"}, {"XDG_DATA_HOME", "/d"}}, false) ==
          "/d/gleaner-node");
}

TEST_CASE("an address is host and port, IPv6 in brackets") {
    CHECK(parse_address("grid.example:7443").value().host == "grid.example");
    CHECK(parse_address("grid.example:7443").value().port == 7443);
    CHECK(parse_address("[::1]:7443").value().host == "::1");
    for (const char* text :
         {"", "grid.example", ":7443", "grid:0", "grid:70000", "grid:74x", "::1:7443", "[]:7443"}) {
        CAPTURE(text);
        REQUIRE_FALSE(parse_address(text));
        CHECK(parse_address(text).error().message().find("host:port") != std::string::npos);
    }
}

}  // namespace
}  // namespace gleaner
