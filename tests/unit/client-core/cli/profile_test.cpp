#include "client-core/cli/profile.h"

#include <sys/stat.h>

#include <doctest/doctest.h>

#include "tests/unit/shared/artefact/temporary_directory.h"

using namespace gleaner;
using namespace gleaner::cli;

namespace {

struct Loaded {
    test::TemporaryDirectory directory;
    Profile profile;
    config::OptionSet options{"GLEANER_"};
    Loaded() { declare_options(options, profile); }

    void private_file(const std::string& name, const std::string& text) {
        test::write_file(directory / name, text);
        ::chmod((directory / name).c_str(), 0600);
    }
    Status load(const config::Environment& environment, const config::FlagValues& flags,
                bool given = true) {
        return load_profile(options, directory / "p.toml", given, environment, flags, profile);
    }
};

}  // namespace

TEST_CASE("flags win over the environment, which wins over the profile file") {
    Loaded loaded;
    loaded.private_file("p.toml", "url = \"https://file\"\nkey = \"file\"\nca = \"file\"\n");
    REQUIRE(loaded.load({{"GLEANER_KEY", "environment"}, {"GLEANER_CA", "environment"}},
                        {{"ca", "flag"}}));
    CHECK(loaded.profile.url == "https://file");
    CHECK(loaded.profile.key == "environment");
    CHECK(loaded.profile.ca == "flag");
}

TEST_CASE("a profile that others can read is refused, because it holds a key") {
    Loaded loaded;
    loaded.private_file("p.toml", "key = \"k\"\n");
    ::chmod((loaded.directory / "p.toml").c_str(), 0644);
    const auto refused = loaded.load({}, {});
    REQUIRE(!refused);
    CHECK(refused.error().message().find("chmod 600") != std::string::npos);
}

TEST_CASE("a missing profile matters only when it was named") {
    Loaded loaded;
    CHECK(loaded.load({}, {}, false));
    CHECK(loaded.load({}, {}, true).error().code() == ErrorCode::not_found);
}

TEST_CASE("an unknown key in the profile is refused") {
    Loaded loaded;
    loaded.private_file("p.toml", "urll = \"https://x\"\n");
    const auto refused = loaded.load({}, {});
    REQUIRE(!refused);
    CHECK(refused.error().message().find("url") != std::string::npos);
}

TEST_CASE("a key is read from a private file without its line end") {
    Loaded loaded;
    loaded.private_file("key", "glo_abc\n");
    REQUIRE(loaded.load({}, {{"key", "@" + (loaded.directory / "key")}}, false));
    CHECK(loaded.profile.key == "glo_abc");
}

TEST_CASE("the profile's place follows XDG_CONFIG_HOME and HOME") {
    CHECK(default_profile_path({{"HOME", "/h"}}) == "/h/.config/gleaner/gleanerctl.toml");
    CHECK(default_profile_path({{"HOME", "/h"}, {"XDG_CONFIG_HOME", "/x"}}) ==
          "/x/gleaner/gleanerctl.toml");
    CHECK(default_profile_path({}).empty());
}
