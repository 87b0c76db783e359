#include "shared/artefact/gguf.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "shared/artefact/gguf_bytes.h"
#include "shared/artefact/gguf_types.h"

namespace gleaner {

namespace {

// Larger than any real file (the largest have about 2,000 tensors and 200 keys), small enough that
// a hostile one costs neither time nor memory.
constexpr std::uint64_t keys_max = 16'384;
constexpr std::uint64_t tensors_max = 131'072;
constexpr std::size_t key_bytes_max = 1'024;
constexpr std::size_t kept_text_bytes_max = 4'096;
constexpr std::uint64_t kept_array_max = 4'096;
constexpr std::uint64_t dimension_max = 1ull << 40;
constexpr std::uint64_t hyperparameter_max = 1ull << 31;
constexpr std::uint64_t block_count_max = 4'096;

enum ValueType : std::uint64_t {
    type_u8,
    type_i8,
    type_u16,
    type_i16,
    type_u32,
    type_i32,
    type_f32,
    type_bool,
    type_string,
    type_array,
    type_u64,
    type_i64,
    type_f64,
};

/// Bytes of a value of fixed size; 0 for strings, arrays and unknown numbers.
std::size_t fixed_size(std::uint64_t type) {
    constexpr std::size_t sizes[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
    return type < std::size(sizes) ? sizes[type] : 0;
}

bool is_integer(std::uint64_t type) {
    return type <= type_i32 || type == type_bool || type == type_u64 || type == type_i64;
}

Error corrupt(const std::string& what) {
    return {ErrorCode::data_corrupt, what};
}

/// One metadata value, as much of it as anyone asks for.
struct Value {
    std::optional<std::uint64_t> integer;  ///< negative ones become huge, and fail the bounds
    std::string text;                      ///< strings of up to 4 KiB
    std::uint64_t size = 0;                ///< elements of an array, bytes of a string
    bool is_array = false;
    std::vector<std::uint64_t> integers;  ///< short integer arrays
};

class Parser {
public:
    explicit Parser(GgufSource& source) : source_(source), cursor_(source) {}

    Result<GgufInfo> parse() {
        info_.file_bytes = source_.size();
        GLEANER_TRY(read_header());
        for (std::uint64_t i = 0; i < key_count_; ++i) {
            GLEANER_TRY(read_key());
        }
        GLEANER_TRY(refuse_split());
        GLEANER_TRY(read_tensors());
        GLEANER_TRY(take_facts());
        return std::move(info_);
    }

private:
    Status read_header();
    Status read_key();
    Result<Value> read_value(const std::string& key, std::uint64_t type);
    Result<Value> read_array(const std::string& key);
    Result<std::uint64_t> read_tensor(std::uint64_t index, std::uint64_t data_size);
    Status read_tensors();
    Status refuse_split() const;
    Status take_facts();
    Status take_heads();
    [[nodiscard]] Result<std::uint64_t> number(const std::string& key) const;
    [[nodiscard]] Result<std::uint64_t> largest(const std::string& key) const;
    [[nodiscard]] std::string text(const std::string& key) const;
    [[nodiscard]] std::string of_model(const char* key) const {
        return info_.architecture + "." + key;
    }

    GgufSource& source_;
    GgufCursor cursor_;
    GgufInfo info_;
    std::uint64_t key_count_ = 0;
    std::uint64_t alignment_ = 32;
    std::map<std::string, Value> values_;
    std::set<std::string> tensor_names_;
    std::map<std::string_view, std::uint64_t> elements_by_type_;
};

Status Parser::read_header() {
    GLEANER_TRY(const std::uint64_t magic, cursor_.unsigned_integer(4, "the GGUF header"));
    if (magic != 0x46554747) return corrupt("not a GGUF file: it does not begin with GGUF");
    GLEANER_TRY(const std::uint64_t version, cursor_.unsigned_integer(4, "the GGUF header"));
    if (version != 2 && version != 3) {
        const bool swapped = version == 0x02000000 || version == 0x03000000;
        return Error(ErrorCode::unsupported,
                     swapped ? std::string("a big-endian GGUF file: convert it to little-endian")
                             : "GGUF version " + std::to_string(version) +
                                   ": only 2 and 3 are read; convert the model again");
    }
    info_.version = static_cast<std::uint32_t>(version);
    GLEANER_TRY(info_.tensor_count, cursor_.unsigned_integer(8, "the GGUF header"));
    GLEANER_TRY(key_count_, cursor_.unsigned_integer(8, "the GGUF header"));
    if (info_.tensor_count > tensors_max || key_count_ > keys_max) {
        return corrupt("the header claims " + std::to_string(info_.tensor_count) + " tensors and " +
                       std::to_string(key_count_) + " keys: no real model has");
    }
    return ok();
}

Status Parser::read_key() {
    const std::string what =
        "metadata key " + std::to_string(values_.size() + 1) + " of " + std::to_string(key_count_);
    GLEANER_TRY(auto key, cursor_.text(key_bytes_max, what));
    const std::string named = "metadata \"" + key.substr(0, 64) + "\"";
    GLEANER_TRY(const std::uint64_t type, cursor_.unsigned_integer(4, named));
    GLEANER_TRY(auto value, read_value(named, type));
    if (!values_.emplace(std::move(key), std::move(value)).second) {
        return corrupt(named + " comes twice");
    }
    return ok();
}

Result<Value> Parser::read_value(const std::string& named, std::uint64_t type) {
    if (type == type_array) return read_array(named);
    Value value;
    if (type == type_string) {
        GLEANER_TRY(value.size, cursor_.unsigned_integer(8, named));
        if (value.size > kept_text_bytes_max) {
            GLEANER_TRY(cursor_.skip(value.size, named));
            return value;
        }
        value.text.reserve(static_cast<std::size_t>(value.size));
        for (std::uint64_t i = 0; i < value.size; ++i) {
            GLEANER_TRY(const std::uint64_t byte, cursor_.unsigned_integer(1, named));
            value.text += static_cast<char>(byte);
        }
        return value;
    }
    const std::size_t size = fixed_size(type);
    if (size == 0) return corrupt(named + " has unknown type " + std::to_string(type));
    GLEANER_TRY(const std::uint64_t raw, cursor_.unsigned_integer(size, named));
    if (is_integer(type)) value.integer = raw;
    return value;
}

Result<Value> Parser::read_array(const std::string& named) {
    Value value;
    value.is_array = true;
    GLEANER_TRY(const std::uint64_t type, cursor_.unsigned_integer(4, named));
    GLEANER_TRY(value.size, cursor_.unsigned_integer(8, named));
    const std::size_t size = fixed_size(type);
    if (size == 0 && type != type_string) {
        return corrupt(named + " is a list of unknown type " + std::to_string(type));
    }
    const std::uint64_t least_bytes_each = type == type_string ? 8 : size;
    if (value.size > cursor_.remaining() / least_bytes_each) {
        return corrupt("truncated in " + named + ": " + std::to_string(value.size) +
                       " elements need at least " + std::to_string(least_bytes_each) +
                       " bytes each, the file has " + std::to_string(cursor_.remaining()) +
                       " left");
    }
    if (type == type_string) {
        for (std::uint64_t i = 0; i < value.size; ++i) {
            GLEANER_TRY(const std::uint64_t bytes, cursor_.unsigned_integer(8, named));
            GLEANER_TRY(cursor_.skip(bytes, named));
        }
        return value;
    }
    if (!is_integer(type) || value.size > kept_array_max) {
        GLEANER_TRY(cursor_.skip(value.size * size, named));
        return value;
    }
    for (std::uint64_t i = 0; i < value.size; ++i) {
        GLEANER_TRY(const std::uint64_t element, cursor_.unsigned_integer(size, named));
        value.integers.push_back(element);
    }
    return value;
}

Status Parser::refuse_split() const {
    const auto found = values_.find("split.count");
    if (found == values_.end() || found->second.integer.value_or(0) <= 1) return ok();
    return Error(ErrorCode::unsupported,
                 "one part of a split model: join the parts first with llama-gguf-split --merge");
}

/// Reads one tensor's description; returns its size in the file without padding.
Result<std::uint64_t> Parser::read_tensor(std::uint64_t index, std::uint64_t data_size) {
    const std::string what =
        "tensor " + std::to_string(index + 1) + " of " + std::to_string(info_.tensor_count);
    GLEANER_TRY(auto name, cursor_.text(key_bytes_max, what));
    const std::string named = "tensor \"" + name.substr(0, 64) + "\"";
    GLEANER_TRY(const std::uint64_t dimensions, cursor_.unsigned_integer(4, named));
    if (dimensions > 4) return corrupt(named + " has more than 4 dimensions");
    std::uint64_t elements = 1;
    std::uint64_t row = 1;
    for (std::uint64_t i = 0; i < dimensions; ++i) {
        GLEANER_TRY(const std::uint64_t extent, cursor_.unsigned_integer(8, named));
        if (extent == 0 || extent > dimension_max || elements > dimension_max / extent) {
            return corrupt(named + " has an impossible shape");
        }
        if (i == 0) row = extent;
        elements *= extent;
    }
    GLEANER_TRY(const std::uint64_t number, cursor_.unsigned_integer(4, named));
    const auto type = ggml_type(number);
    if (!type) {
        return Error(ErrorCode::unsupported, named + " has type " + std::to_string(number) +
                                                 ", which this version does not know");
    }
    if (row % type->block_elements != 0) {
        return corrupt(named + ": rows of " + std::to_string(row) + " do not fill blocks of " +
                       std::string(type->name));
    }
    GLEANER_TRY(const std::uint64_t offset, cursor_.unsigned_integer(8, named));
    if (offset != data_size) {
        return corrupt(named + " begins at " + std::to_string(offset) +
                       " where the tensors before it end at " + std::to_string(data_size));
    }
    if (!tensor_names_.insert(std::move(name)).second) return corrupt(named + " comes twice");
    elements_by_type_[type->name] += elements;
    info_.parameter_count += elements;
    return elements / type->block_elements * type->block_bytes;
}

Status Parser::read_tensors() {
    const auto alignment = values_.find("general.alignment");
    if (alignment != values_.end()) alignment_ = alignment->second.integer.value_or(0);
    if (alignment_ == 0 || alignment_ > 65'536 || (alignment_ & (alignment_ - 1)) != 0) {
        return corrupt("general.alignment is not a power of two");
    }
    std::uint64_t end = 0;     // of the last tensor, from the start of the tensor data
    std::uint64_t padded = 0;  // the same, rounded up: where the next tensor begins
    for (std::uint64_t i = 0; i < info_.tensor_count; ++i) {
        GLEANER_TRY(const std::uint64_t size, read_tensor(i, padded));
        info_.tensor_bytes += size;
        end = padded + size;
        padded = (end + alignment_ - 1) / alignment_ * alignment_;
        // 2^40 elements of at most 8 bytes stay far below 2^64 for two tensors, not for 131,072.
        if (padded > (1ull << 50)) return corrupt("the tensors would need more than 1 PiB");
    }
    if (info_.tensor_count == 0) return ok();
    const std::uint64_t start = (cursor_.position() + alignment_ - 1) / alignment_ * alignment_;
    if (start + end > info_.file_bytes) {
        return corrupt("truncated: needs " + std::to_string(start + end) + " bytes, has " +
                       std::to_string(info_.file_bytes) + "; copy or download the file again");
    }
    return ok();
}

std::string Parser::text(const std::string& key) const {
    const auto found = values_.find(key);
    return found == values_.end() ? std::string() : found->second.text;
}

/// An integer key; 0 when absent.
Result<std::uint64_t> Parser::number(const std::string& key) const {
    const auto found = values_.find(key);
    if (found == values_.end()) return std::uint64_t{0};
    const auto& integer = found->second.integer;
    if (!integer || *integer > hyperparameter_max) {
        return corrupt("metadata \"" + key + "\" is not a sensible number");
    }
    return *integer;
}

/// An integer key, or the largest of a per-layer list.
Result<std::uint64_t> Parser::largest(const std::string& key) const {
    const auto found = values_.find(key);
    if (found == values_.end() || !found->second.is_array) return number(key);
    std::uint64_t most = 0;
    for (const std::uint64_t value : found->second.integers) most = std::max(most, value);
    if (most > hyperparameter_max) return corrupt("metadata \"" + key + "\" is not sensible");
    return most;
}

Status Parser::take_heads() {
    GLEANER_TRY(info_.head_count, largest(of_model("attention.head_count")));
    const auto kv = values_.find(of_model("attention.head_count_kv"));
    if (kv != values_.end() && kv->second.is_array) {
        info_.kv_heads_per_block = kv->second.integers;
        info_.kv_heads_per_block.resize(static_cast<std::size_t>(info_.block_count), 0);
    } else {
        GLEANER_TRY(std::uint64_t kv_heads, number(of_model("attention.head_count_kv")));
        if (kv_heads == 0) kv_heads = info_.head_count;
        info_.kv_heads_per_block.assign(static_cast<std::size_t>(info_.block_count), kv_heads);
    }
    for (const std::uint64_t heads : info_.kv_heads_per_block) {
        if (heads > 65'536) return corrupt("an impossible number of attention heads");
    }
    const std::uint64_t per_head =
        info_.head_count == 0 ? 0 : info_.embedding_length / info_.head_count;
    GLEANER_TRY(info_.key_length, number(of_model("attention.key_length")));
    GLEANER_TRY(info_.value_length, number(of_model("attention.value_length")));
    if (info_.key_length == 0) info_.key_length = per_head;
    if (info_.value_length == 0) info_.value_length = per_head;
    return ok();
}

Status Parser::take_facts() {
    info_.architecture = text("general.architecture");
    if (info_.architecture.empty()) return corrupt("the file names no general.architecture");
    info_.name = text("general.name");
    GLEANER_TRY(info_.context_length, number(of_model("context_length")));
    GLEANER_TRY(info_.embedding_length, number(of_model("embedding_length")));
    GLEANER_TRY(info_.feed_forward_length, largest(of_model("feed_forward_length")));
    GLEANER_TRY(info_.block_count, number(of_model("block_count")));
    GLEANER_TRY(info_.expert_count, number(of_model("expert_count")));
    if (info_.block_count > block_count_max) return corrupt("an impossible number of blocks");
    GLEANER_TRY(take_heads());
    GLEANER_TRY(info_.vocabulary_size, number(of_model("vocab_size")));
    const auto tokens = values_.find("tokenizer.ggml.tokens");
    if (tokens != values_.end() && tokens->second.is_array) {
        info_.vocabulary_size = tokens->second.size;
    }
    const auto chat = values_.find("tokenizer.chat_template");
    info_.has_chat_template = chat != values_.end() && chat->second.size > 0;
    GLEANER_TRY(const std::uint64_t pooling, number(of_model("pooling_type")));
    info_.is_embedding_model = pooling != 0;
    const auto file_type = values_.find("general.file_type");
    if (file_type != values_.end() && file_type->second.integer) {
        info_.quantisation = file_type_name(*file_type->second.integer);
    }
    std::uint64_t most = 0;
    for (const auto& [type, elements] : elements_by_type_) {
        if (file_type == values_.end() && elements > most) {
            most = elements;
            info_.quantisation = type;
        }
    }
    return ok();
}

}  // namespace

Result<GgufInfo> read_gguf(std::span<const std::uint8_t> bytes) {
    const auto source = gguf_source_from_bytes(bytes);
    return Parser(*source).parse();
}

Result<GgufInfo> read_gguf(const std::string& path) {
    GLEANER_TRY(const auto source, gguf_source_from_file(path));
    auto info = Parser(*source).parse();
    if (!info) return info.error().within(path);
    return info;
}

Status check_servable(const GgufInfo& info) {
    const auto lacks = [](const std::string& what) {
        return Error(ErrorCode::invalid_argument,
                     "this GGUF cannot be served: " + what + "; is it a complete text model?");
    };
    if (info.tensor_count == 0) return lacks("it holds a vocabulary but no weights");
    if (info.context_length == 0) return lacks("it states no context length");
    if (info.embedding_length == 0 || info.block_count == 0) return lacks("it states no shape");
    if (info.vocabulary_size == 0) return lacks("it has no vocabulary");
    return ok();
}

}  // namespace gleaner
