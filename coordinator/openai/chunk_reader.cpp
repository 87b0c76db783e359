#include "coordinator/openai/chunk_reader.h"

#include <array>

#include <boost/json/basic_parser_impl.hpp>

namespace gleaner::openai {

namespace json = boost::json;

namespace {

/// Where in an event the parser is.
enum class Place : std::uint8_t {
    outside,
    event,
    choices,
    choice,
    delta,
    timings,
    usage,
    details,
    ignored,
};

/// Boost.JSON calls this for each thing it meets; returning false ends the parse.
class PlainChunk {
public:
    // What basic_parser demands.
    static constexpr std::size_t max_object_size = 1'000;
    static constexpr std::size_t max_array_size = 10'000;
    static constexpr std::size_t max_key_size = 1'000;
    static constexpr std::size_t max_string_size = 16U << 20U;
    using error_code = json::error_code;
    using string_view = json::string_view;

    explicit PlainChunk(StreamChunk& chunk) : chunk_(chunk) {}

    bool on_document_begin(error_code&) { return true; }
    bool on_document_end(error_code&) { return true; }
    bool on_object_begin(error_code& problem) { return enter(false, problem); }
    bool on_object_end(std::size_t, error_code&) { return leave(); }
    bool on_array_begin(error_code& problem) { return enter(true, problem); }
    bool on_array_end(std::size_t, error_code&) { return leave(); }
    bool on_key_part(string_view part, std::size_t, error_code&) {
        key_.append(part.data(), part.size());
        return true;
    }
    bool on_key(string_view part, std::size_t, error_code&) {
        key_.append(part.data(), part.size());
        last_key_.swap(key_);
        key_.clear();
        target_ = text_target();
        return true;
    }
    bool on_string_part(string_view part, std::size_t, error_code&) { return add_text(part); }
    bool on_string(string_view part, std::size_t, error_code&) {
        add_text(part);
        target_ = nullptr;
        return true;
    }
    bool on_number_part(string_view, error_code&) { return true; }
    bool on_int64(std::int64_t value, string_view, error_code&) { return number(value); }
    bool on_uint64(std::uint64_t, string_view, error_code&) { return true; }
    bool on_double(double, string_view, error_code&) { return true; }
    bool on_bool(bool, error_code&) { return true; }
    bool on_null(error_code&) { return true; }
    bool on_comment_part(string_view, error_code&) { return true; }
    bool on_comment(string_view, error_code&) { return true; }

    /// After a complete parse.
    void finish() {
        if (fresh_tokens_ >= 0 && cached_tokens_ >= 0 && !chunk_.prompt_tokens) {
            chunk_.prompt_tokens = fresh_tokens_ + cached_tokens_;
            chunk_.cached_tokens = cached_tokens_;
        }
    }

private:
    bool enter(bool array, error_code& problem) {
        const auto next = place_of(array);
        if (!next || depth_ + 1 >= places_.size()) {
            problem = json::error::exception;  // any error: the event is read the other way
            return false;
        }
        places_[++depth_] = *next;
        return true;
    }
    bool leave() {
        --depth_;
        return true;
    }
    [[nodiscard]] Place place() const { return places_[depth_]; }

    /// What begins here; nothing when this reader does not understand it.
    std::optional<Place> place_of(bool array) {
        switch (place()) {
            case Place::outside:
                return array ? std::nullopt : std::optional(Place::event);
            case Place::event:
                if (last_key_ == "error") return std::nullopt;
                if (last_key_ == "choices")
                    return array ? std::optional(Place::choices) : std::nullopt;
                if (last_key_ == "timings") return Place::timings;
                if (last_key_ == "usage") return Place::usage;
                return Place::ignored;
            case Place::choices:
                if (array || std::exchange(has_choice_, true)) return std::nullopt;
                return Place::choice;
            case Place::choice:
                if (last_key_ == "delta" && !array) return Place::delta;
                return std::nullopt;  // log-probabilities
            case Place::delta:
                return std::nullopt;  // tool calls
            case Place::usage:
                return last_key_ == "prompt_tokens_details" ? Place::details : Place::ignored;
            case Place::timings:
            case Place::details:
            case Place::ignored:
                return Place::ignored;
        }
        return std::nullopt;
    }

    /// The string that a member's text goes into; null for those that do not matter.
    std::string* text_target() {
        switch (place()) {
            case Place::event:
                return last_key_ == "system_fingerprint" ? &chunk_.fingerprint : nullptr;
            case Place::choice:
                if (last_key_ == "text") return &chunk_.text;
                return last_key_ == "finish_reason" ? &chunk_.finish_reason : nullptr;
            case Place::delta:
                if (last_key_ == "content") return &chunk_.text;
                return last_key_ == "reasoning_content" ? &chunk_.reasoning : nullptr;
            case Place::outside:
            case Place::choices:
            case Place::timings:
            case Place::usage:
            case Place::details:
            case Place::ignored:
                return nullptr;
        }
        return nullptr;
    }

    bool add_text(string_view part) {
        if (target_ != nullptr) target_->append(part.data(), part.size());
        return true;
    }

    bool number(std::int64_t value) {
        if (place() == Place::timings) {
            if (last_key_ == "predicted_n") chunk_.generated_tokens = value;
            if (last_key_ == "prompt_n") fresh_tokens_ = value;
            if (last_key_ == "cache_n") cached_tokens_ = value;
        } else if (place() == Place::usage) {
            if (last_key_ == "completion_tokens") chunk_.generated_tokens = value;
            if (last_key_ == "prompt_tokens") chunk_.prompt_tokens = value;
        } else if (place() == Place::details && last_key_ == "cached_tokens") {
            chunk_.cached_tokens = value;
        }
        return true;
    }

    StreamChunk& chunk_;
    std::array<Place, 66> places_{};
    std::size_t depth_ = 0;
    bool has_choice_ = false;
    std::string key_;
    std::string last_key_;
    std::string* target_ = nullptr;
    std::int64_t fresh_tokens_ = -1;
    std::int64_t cached_tokens_ = -1;
};

}  // namespace

bool read_plain_chunk(std::string_view data, StreamChunk& chunk) {
    json::parse_options options;
    options.max_depth = 64;
    json::basic_parser<PlainChunk> parser(options, chunk);
    json::error_code problem;
    const auto used = parser.write_some(false, data.data(), data.size(), problem);
    if (problem || used != data.size()) return false;
    parser.handler().finish();
    return true;
}

}  // namespace gleaner::openai
