#include "shared/tls/key_pair.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

#include <doctest/doctest.h>

using namespace gleaner;
using tls::KeyPair;

namespace {

struct TemporaryFolder {
    TemporaryFolder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "gleaner-XXXXXX").string();
        path = mkdtemp(pattern.data());
    }
    ~TemporaryFolder() { std::filesystem::remove_all(path); }
    std::string path;
};

}  // namespace

TEST_CASE("a saved key is readable by its owner only and loads as the same key") {
    const TemporaryFolder folder;
    const auto path = folder.path + "/node.key";
    auto made = KeyPair::generate();
    REQUIRE(made.has_value());
    REQUIRE(made.value().save(path).has_value());
    struct stat info {};
    REQUIRE(stat(path.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777U) == 0600U);
    auto loaded = KeyPair::load(path);
    REQUIRE(loaded.has_value());
    CHECK(loaded.value().pin() == made.value().pin());
    CHECK(made.value().pin().size() == 64);
}

TEST_CASE("a key file is never overwritten") {
    const TemporaryFolder folder;
    const auto path = folder.path + "/node.key";
    auto first = KeyPair::generate();
    REQUIRE(first.value().save(path).has_value());
    const auto again = KeyPair::generate().value().save(path);
    REQUIRE(again.has_error());
    CHECK(again.error().code() == ErrorCode::already_exists);
    CHECK(KeyPair::load(path).value().pin() == first.value().pin());
}

TEST_CASE("a key that others can read is refused, with the command that mends it") {
    const TemporaryFolder folder;
    const auto path = folder.path + "/node.key";
    REQUIRE(KeyPair::generate().value().save(path).has_value());
    REQUIRE(chmod(path.c_str(), 0640) == 0);
    const auto loaded = KeyPair::load(path);
    REQUIRE(loaded.has_error());
    CHECK(loaded.error().code() == ErrorCode::permission_denied);
    CHECK(loaded.error().message().find("chmod 600") != std::string::npos);
}

TEST_CASE("a missing file and a file without a key are told apart") {
    const TemporaryFolder folder;
    CHECK(KeyPair::load(folder.path + "/none").error().code() == ErrorCode::not_found);
    const auto path = folder.path + "/text";
    std::ofstream(path) << "no key";
    REQUIRE(chmod(path.c_str(), 0600) == 0);
    CHECK(KeyPair::load(path).error().code() == ErrorCode::data_corrupt);
}
