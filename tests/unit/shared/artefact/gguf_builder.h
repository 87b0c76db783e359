#pragma once
/// Writes GGUF bytes by hand, right and wrong ones, without any of the code under test.

#include <cstdint>
#include <string>
#include <vector>

namespace gleaner::test {

class GgufBuilder {
public:
    void u32_key(const std::string& key, std::uint32_t value) {
        begin_key(key, 4);
        put(keys_, value, 4);
    }
    void text_key(const std::string& key, const std::string& value) {
        begin_key(key, 8);
        put_text(keys_, value);
    }
    void text_list_key(const std::string& key, const std::vector<std::string>& values) {
        begin_key(key, 9);
        put(keys_, 8, 4);
        put(keys_, values.size(), 8);
        for (const auto& value : values) put_text(keys_, value);
    }
    void u32_list_key(const std::string& key, const std::vector<std::uint32_t>& values) {
        begin_key(key, 9);
        put(keys_, 4, 4);
        put(keys_, values.size(), 8);
        for (const auto value : values) put(keys_, value, 4);
    }
    /// `bytes`: what the tensor takes in the data section, without padding.
    void tensor(const std::string& name, const std::vector<std::uint64_t>& shape,
                std::uint32_t type, std::uint64_t bytes) {
        put_text(tensors_, name);
        put(tensors_, shape.size(), 4);
        for (const auto extent : shape) put(tensors_, extent, 8);
        put(tensors_, type, 4);
        put(tensors_, data_bytes_, 8);
        data_end_ = data_bytes_ + bytes;
        data_bytes_ = (data_end_ + 31) / 32 * 32;
        ++tensor_count;
    }
    [[nodiscard]] std::vector<std::uint8_t> build() const {
        std::string out = "GGUF";
        put(out, version, 4);
        put(out, tensor_count, 8);
        put(out, key_count, 8);
        out += keys_ + tensors_;
        if (data_end_ > 0) {
            out.resize((out.size() + 31) / 32 * 32);
            out.resize(out.size() + data_end_);
        }
        return {out.begin(), out.end()};
    }

    // Public so that tests can lie.
    std::uint64_t version = 3;
    std::uint64_t tensor_count = 0;
    std::uint64_t key_count = 0;

private:
    static void put(std::string& out, std::uint64_t value, int bytes) {
        for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
    }
    static void put_text(std::string& out, const std::string& text) {
        put(out, text.size(), 8);
        out += text;
    }
    void begin_key(const std::string& key, std::uint32_t type) {
        put_text(keys_, key);
        put(keys_, type, 4);
        ++key_count;
    }

    std::string keys_;
    std::string tensors_;
    std::uint64_t data_bytes_ = 0;
    std::uint64_t data_end_ = 0;
};

/// Two blocks, 64 wide, 4 heads over 2 KV heads, 5 tokens; Q8_0 and F32 tensors.
inline GgufBuilder small_model() {
    GgufBuilder gguf;
    gguf.text_key("general.architecture", "llama");
    gguf.text_key("general.name", "Small");
    gguf.u32_key("general.file_type", 7);
    gguf.u32_key("llama.context_length", 512);
    gguf.u32_key("llama.embedding_length", 64);
    gguf.u32_key("llama.feed_forward_length", 160);
    gguf.u32_key("llama.block_count", 2);
    gguf.u32_key("llama.attention.head_count", 4);
    gguf.u32_key("llama.attention.head_count_kv", 2);
    gguf.text_list_key("tokenizer.ggml.tokens", {"a", "b", "", "dd", "e"});
    gguf.text_key("tokenizer.chat_template", "{{ messages }}");
    gguf.tensor("token_embd.weight", {64, 5}, 8, 64 * 5 / 32 * 34);
    gguf.tensor("output_norm.weight", {64}, 0, 64 * 4);
    return gguf;
}

}  // namespace gleaner::test
