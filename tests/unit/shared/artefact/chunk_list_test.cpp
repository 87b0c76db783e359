#include "shared/artefact/chunk_list.h"

#include <doctest/doctest.h>

#include "shared/artefact/sha256.h"
#include "tests/unit/shared/artefact/temporary_directory.h"

using namespace gleaner;

namespace {
std::span<const std::uint8_t> bytes_of(const std::string& text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
}  // namespace

TEST_CASE("a file becomes chunks of 4 MiB and a rest, each verifiable alone") {
    const test::TemporaryDirectory directory;
    std::string content(chunk_size_bytes + 10, 'a');
    content.back() = 'z';
    test::write_file(directory / "f", content);
    const auto list = hash_chunks(directory / "f").value();
    CHECK(list.size_bytes == content.size());
    CHECK(list.whole == hash_bytes(content));
    REQUIRE(list.chunks.size() == 2);
    CHECK(check_chunk_list(list));
    CHECK(verify_chunk(list, 0, bytes_of(content.substr(0, chunk_size_bytes))));
    CHECK(verify_chunk(list, 1, bytes_of(content.substr(chunk_size_bytes))));
}

TEST_CASE("a chunk that is changed, short or out of range is refused by number") {
    ChunkList list{.size_bytes = 3, .whole = hash_bytes(std::string_view("abc")), .chunks = {}};
    list.chunks = {list.whole};
    CHECK(verify_chunk(list, 0, bytes_of("abc")));
    for (const char* wrong : {"abd", "ab", "abcd", ""}) {
        const auto refused = verify_chunk(list, 0, bytes_of(wrong));
        REQUIRE(!refused);
        CHECK(refused.error().code() == ErrorCode::data_corrupt);
        CHECK(refused.error().message().find("chunk 0") != std::string::npos);
    }
    CHECK(verify_chunk(list, 1, bytes_of("abc")).error().code() == ErrorCode::invalid_argument);
}

TEST_CASE("an empty file has no chunks and an exact multiple has no rest") {
    const test::TemporaryDirectory directory;
    test::write_file(directory / "empty", "");
    CHECK(hash_chunks(directory / "empty").value().chunks.empty());
    CHECK(chunk_count(2 * chunk_size_bytes) == 2);
    CHECK(chunk_length(2 * chunk_size_bytes, 1) == chunk_size_bytes);
    CHECK(chunk_length(2 * chunk_size_bytes, 2) == 0);
}

TEST_CASE("a foreign chunk list must have as many chunks as its size needs") {
    ChunkList list{.size_bytes = 5, .whole = hash_bytes(std::string_view("x")), .chunks = {}};
    CHECK(!check_chunk_list(list));
    list.chunks = {Sha256("short")};
    CHECK(!check_chunk_list(list));
    list.chunks = {list.whole};
    CHECK(check_chunk_list(list));
}
