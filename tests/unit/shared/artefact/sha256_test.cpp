#include "shared/artefact/sha256.h"

#include <doctest/doctest.h>

#include "tests/unit/shared/artefact/temporary_directory.h"

using namespace gleaner;

TEST_CASE("SHA-256 gives the published value for abc") {
    CHECK(hash_bytes(std::string_view("abc")).get() ==
          "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("a hasher gives the same hash in pieces as at once, and starts anew after finish") {
    Sha256Hasher hasher;
    hasher.update(std::string_view("a"));
    hasher.update(std::string_view("bc"));
    CHECK(hasher.finish() == hash_bytes(std::string_view("abc")));
    CHECK(hasher.finish() == hash_bytes(std::string_view("")));
}

TEST_CASE("a file's hash is that of its bytes over several buffers") {
    const test::TemporaryDirectory directory;
    std::string content(3'000'001, 'x');
    content[1'500'000] = 'y';
    test::write_file(directory / "file", content);
    CHECK(hash_file(directory / "file").value() == hash_bytes(content));
}

TEST_CASE("hashing a file that is missing says which") {
    const auto missing = hash_file("/nowhere/at-all");
    REQUIRE(!missing);
    CHECK(missing.error().code() == ErrorCode::not_found);
    CHECK(missing.error().message().find("/nowhere/at-all") != std::string::npos);
}

TEST_CASE("only 64 lower-case hex characters are a SHA-256") {
    CHECK(parse_sha256(std::string(64, 'a')));
    CHECK(!parse_sha256(std::string(63, 'a')));
    CHECK(!parse_sha256(std::string(64, 'A')));
    CHECK(!parse_sha256(std::string(64, 'g')));
}
