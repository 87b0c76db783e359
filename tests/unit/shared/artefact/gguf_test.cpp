#include "shared/artefact/gguf.h"

#include <limits>

#include <doctest/doctest.h>

#include "tests/unit/shared/artefact/gguf_builder.h"
#include "tests/unit/shared/artefact/temporary_directory.h"

using namespace gleaner;
using test::GgufBuilder;
using test::small_model;

namespace {

Result<GgufInfo> read(const GgufBuilder& gguf) {
    return read_gguf(gguf.build());
}

}  // namespace

TEST_CASE("the facts of a small model are read") {
    const auto info = read(small_model()).value();
    CHECK(info.version == 3);
    CHECK(info.architecture == "llama");
    CHECK(info.name == "Small");
    CHECK(info.quantisation == "Q8_0");
    CHECK(info.parameter_count == 64 * 5 + 64);
    CHECK(info.tensor_count == 2);
    CHECK(info.tensor_bytes == 340 + 256);
    CHECK(info.context_length == 512);
    CHECK(info.embedding_length == 64);
    CHECK(info.feed_forward_length == 160);
    CHECK(info.block_count == 2);
    CHECK(info.head_count == 4);
    CHECK(info.kv_heads_per_block == std::vector<std::uint64_t>{2, 2});
    CHECK(info.key_length == 16);
    CHECK(info.value_length == 16);
    CHECK(info.vocabulary_size == 5);
    CHECK(info.has_chat_template);
    CHECK(!info.is_embedding_model);
    CHECK(check_servable(info));
}

TEST_CASE("a file reads as its bytes do, and errors name the file") {
    const test::TemporaryDirectory directory;
    const auto bytes = small_model().build();
    test::write_file(directory / "m.gguf", {bytes.begin(), bytes.end()});
    CHECK(read_gguf(directory / "m.gguf").value().parameter_count == 384);
    test::write_file(directory / "m.gguf", {bytes.begin(), bytes.end() - 1});
    const auto cut = read_gguf(directory / "m.gguf");
    REQUIRE(!cut);
    CHECK(cut.error().message().find("m.gguf: truncated: needs " + std::to_string(bytes.size()) +
                                     " bytes, has " + std::to_string(bytes.size() - 1)) !=
          std::string::npos);
    CHECK(read_gguf(directory / "none.gguf").error().code() == ErrorCode::not_found);
}

TEST_CASE("a file cut anywhere is refused as truncated") {
    const auto bytes = small_model().build();
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        CAPTURE(size);
        const auto cut = read_gguf(std::span(bytes).first(size));
        REQUIRE(!cut);
        CHECK(cut.error().code() == ErrorCode::data_corrupt);
        CHECK(cut.error().message().find("truncated") != std::string::npos);
    }
}

TEST_CASE("counts that no file could hold are refused without reserving for them") {
    auto keys = small_model();
    keys.key_count = std::numeric_limits<std::uint64_t>::max();
    CHECK(!read(keys));
    auto tensors = small_model();
    tensors.tensor_count = 1ull << 60;
    CHECK(!read(tensors));
    auto more_keys = small_model();
    more_keys.key_count = 16'000;
    CHECK(!read(more_keys));
}

TEST_CASE("a string or list longer than the file is refused") {
    auto bytes = small_model().build();
    // The first key's length, right after magic, version and the two counts.
    for (int i = 0; i < 8; ++i) bytes[static_cast<std::size_t>(24 + i)] = 0xff;
    const auto refused = read_gguf(bytes);
    REQUIRE(!refused);
    CHECK(refused.error().message().find("truncated in metadata key 1") != std::string::npos);
}

TEST_CASE("other versions, byte orders and files are refused with the reason") {
    auto old = small_model();
    old.version = 1;
    CHECK(read(old).error().code() == ErrorCode::unsupported);
    auto swapped = small_model();
    swapped.version = 0x03000000;
    CHECK(read(swapped).error().message().find("big-endian") != std::string::npos);
    auto second = small_model();
    second.version = 2;
    CHECK(read(second));
    const std::vector<std::uint8_t> other(100, 'x');
    CHECK(read_gguf(other).error().message().find("not a GGUF file") != std::string::npos);
}

TEST_CASE("tensors with impossible shapes, types, places or names are refused") {
    const auto refuses = [](const std::vector<std::uint64_t>& shape, std::uint32_t type) {
        auto gguf = small_model();
        gguf.tensor("t", shape, type, 64);
        return !read(gguf);
    };
    CHECK(!refuses({16}, 0));
    CHECK(refuses({0}, 0));
    CHECK(refuses({1ull << 41}, 0));
    CHECK(refuses({1ull << 39, 1ull << 39}, 0));
    CHECK(refuses({1, 1, 1, 1, 1}, 0));
    CHECK(refuses({33}, 8));
    CHECK(refuses({16}, 4));
    CHECK(refuses({16}, 9'999));
    auto twice = small_model();
    twice.tensor("output_norm.weight", {64}, 0, 256);
    CHECK(read(twice).error().message().find("comes twice") != std::string::npos);
    auto overlapping = small_model();
    overlapping.tensor("a", {64}, 0, 32);
    overlapping.tensor("b", {64}, 0, 256);
    CHECK(read(overlapping).error().message().find("\"b\" begins at") != std::string::npos);
}

TEST_CASE("senseless hyperparameters are refused") {
    for (const char* key : {"llama.attention.key_length", "llama.expert_count"}) {
        auto gguf = small_model();
        gguf.u32_key(key, 0xffffffff);
        CHECK(!read(gguf));
    }
    auto twice = small_model();
    twice.u32_key("llama.block_count", 2);
    CHECK(read(twice).error().message().find("comes twice") != std::string::npos);
    auto alignment = small_model();
    alignment.u32_key("general.alignment", 24);
    CHECK(!read(alignment));
}

TEST_CASE("one part of a split model says how to join it") {
    auto gguf = small_model();
    gguf.u32_key("split.count", 3);
    CHECK(read(gguf).error().code() == ErrorCode::unsupported);
    CHECK(read(gguf).error().message().find("--merge") != std::string::npos);
}

TEST_CASE("a vocabulary without weights is read but cannot be served") {
    GgufBuilder gguf;
    gguf.text_key("general.architecture", "llama");
    gguf.text_list_key("tokenizer.ggml.tokens", {"a", "b"});
    const auto info = read(gguf).value();
    CHECK(info.vocabulary_size == 2);
    const auto refused = check_servable(info);
    REQUIRE(!refused);
    CHECK(refused.error().message().find("no weights") != std::string::npos);
}

TEST_CASE("without a file type the commonest tensor type names the quantisation") {
    GgufBuilder gguf;
    gguf.text_key("general.architecture", "llama");
    gguf.tensor("a", {512}, 1, 1024);
    gguf.tensor("b", {64}, 0, 256);
    CHECK(read(gguf).value().quantisation == "F16");
}

TEST_CASE("the KV cache counts grouped heads once, per block, in rounded tokens") {
    auto info = read(small_model()).value();
    // 2 blocks × 2 KV heads × (16 + 16) numbers × 2 bytes × 1024 tokens.
    CHECK(estimate_memory(info, 4, 250).kv_cache_bytes == 2 * 2 * 32 * 2 * 1024);
    info.kv_heads_per_block = {2, 0};
    CHECK(estimate_memory(info, 4, 256).kv_cache_bytes == 1 * 2 * 32 * 2 * 1024);
    CHECK(estimate_memory(info, 1, 256).weights_bytes == info.tensor_bytes);
}

TEST_CASE("per-block KV heads are read from a list") {
    GgufBuilder gguf;
    gguf.text_key("general.architecture", "x");
    gguf.u32_key("x.block_count", 3);
    gguf.u32_key("x.embedding_length", 64);
    gguf.u32_list_key("x.attention.head_count", {4, 8, 4});
    gguf.u32_list_key("x.attention.head_count_kv", {1, 0, 4});
    const auto info = read(gguf).value();
    CHECK(info.head_count == 8);
    CHECK(info.kv_heads_per_block == std::vector<std::uint64_t>{1, 0, 4});
}

TEST_CASE("the estimate of an 8B model with 8 slots of 4096 tokens is what llama.cpp reports") {
    GgufInfo info;
    info.tensor_bytes = 4'920'000'000;
    info.embedding_length = 4096;
    info.feed_forward_length = 14'336;
    info.kv_heads_per_block.assign(32, 8);
    info.key_length = info.value_length = 128;
    info.vocabulary_size = 128'256;
    const auto estimate = estimate_memory(info, 8, 4096);
    CHECK(estimate.kv_cache_bytes == 4ull << 30);  // 128 KiB a token, as llama.cpp logs
    CHECK(estimate.compute_bytes > 258ull << 20);  // its compute buffer at 4096 tokens
    CHECK(estimate.compute_bytes < 600ull << 20);
}

TEST_CASE("the estimate saturates instead of overflowing") {
    GgufInfo info;
    info.tensor_bytes = std::numeric_limits<std::uint64_t>::max();
    info.kv_heads_per_block.assign(4096, 65'536);
    info.key_length = info.value_length = 1ull << 31;
    const auto estimate = estimate_memory(info, 0xffffffff, 0xffffffff);
    CHECK(estimate.kv_cache_bytes == std::numeric_limits<std::uint64_t>::max());
    CHECK(estimate.total_bytes() == std::numeric_limits<std::uint64_t>::max());
}
