#include "coordinator/openai/stream_chunk.h"

#include <algorithm>

#include <boost/json.hpp>

#include "coordinator/openai/chunk_reader.h"
#include "coordinator/openai/json_text.h"

namespace gleaner::openai {

namespace json = boost::json;

namespace {

/// OpenAI's way to write "impossible".
constexpr double least_logprob = -9999.0;

const json::object* object_member(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    return value == nullptr ? nullptr : value->if_object();
}

void read_counts(const json::object& event, StreamChunk& chunk) {
    if (const auto* timings = object_member(event, "timings")) {
        chunk.generated_tokens = integer_member(*timings, "predicted_n");
        const auto fresh = integer_member(*timings, "prompt_n");
        const auto cached = integer_member(*timings, "cache_n");
        if (fresh && cached) {
            chunk.prompt_tokens = *fresh + *cached;
            chunk.cached_tokens = *cached;
        }
    }
    if (const auto* usage = object_member(event, "usage")) {
        chunk.generated_tokens = integer_member(*usage, "completion_tokens");
        chunk.prompt_tokens = integer_member(*usage, "prompt_tokens");
        if (const auto* details = object_member(*usage, "prompt_tokens_details"))
            chunk.cached_tokens = integer_member(*details, "cached_tokens").value_or(0);
    }
}

void read_choice(const json::object& choice, StreamChunk& chunk) {
    const json::object* delta = object_member(choice, "delta");
    chunk.text =
        string_member(delta != nullptr ? *delta : choice, delta != nullptr ? "content" : "text");
    if (delta != nullptr) {
        chunk.reasoning = string_member(*delta, "reasoning_content");
        const auto* calls = member(*delta, "tool_calls");
        if (calls != nullptr && calls->is_array()) chunk.tool_calls = calls->get_array();
    }
    chunk.finish_reason = string_member(choice, "finish_reason");
    if (const auto* logprobs = member(choice, "logprobs")) chunk.logprobs = *logprobs;
}

json::value clean_logprob(const json::value& given) {
    const double value = given.is_number() ? given.to_number<double>() : least_logprob;
    return std::max(value, least_logprob);
}

json::object token_entry(const json::object& engine) {
    json::object entry;
    entry["token"] = string_member(engine, "token");
    const auto* logprob = engine.if_contains("logprob");
    entry["logprob"] = clean_logprob(logprob != nullptr ? *logprob : json::value());
    const auto* bytes = engine.if_contains("bytes");
    entry["bytes"] = bytes != nullptr ? *bytes : json::value();
    return entry;
}

/// The first `top` alternatives.
json::array alternatives(const json::object& engine, std::int32_t top) {
    json::array list;
    const auto* given = member(engine, "top_logprobs");
    if (given == nullptr || !given->is_array()) return list;
    for (const auto& one : given->get_array()) {
        if (static_cast<std::int32_t>(list.size()) >= top) break;
        if (one.is_object()) list.push_back(token_entry(one.get_object()));
    }
    return list;
}

}  // namespace

Result<StreamChunk> parse_chunk(std::string_view data, json::storage_ptr memory) {
    StreamChunk chunk;
    if (data == "[DONE]") {
        chunk.done = true;
        return chunk;
    }
    if (read_plain_chunk(data, chunk)) return chunk;
    chunk = StreamChunk();
    const auto parsed = parse_object(data, std::move(memory));
    if (parsed.has_error())
        return Error(ErrorCode::data_corrupt, "an engine's event is not a JSON object",
                     Blame::owner);
    const auto& event = parsed.value();
    if (const auto* error = member(event, "error")) {
        const auto* object = error->if_object();
        chunk.error = object != nullptr ? string_member(*object, "message") : "unknown";
        if (chunk.error.empty()) chunk.error = "unknown";
        return chunk;
    }
    chunk.fingerprint = string_member(event, "system_fingerprint");
    read_counts(event, chunk);
    const auto* choices = event.if_contains("choices");
    if (choices != nullptr && choices->is_array() && !choices->get_array().empty() &&
        choices->get_array()[0].is_object())
        read_choice(choices->get_array()[0].get_object(), chunk);
    return chunk;
}

json::value openai_logprobs(Endpoint endpoint, const json::value& engine, std::int32_t top,
                            std::int64_t text_offset) {
    const auto* object = engine.if_object();
    const auto* content = object == nullptr ? nullptr : member(*object, "content");
    if (top < 0 || content == nullptr || !content->is_array()) return nullptr;
    if (endpoint == Endpoint::chat_completions) {
        json::array list;
        for (const auto& one : content->get_array()) {
            if (!one.is_object()) continue;
            auto entry = token_entry(one.get_object());
            entry["top_logprobs"] = alternatives(one.get_object(), top);
            list.push_back(std::move(entry));
        }
        return json::object{{"content", std::move(list)}, {"refusal", nullptr}};
    }
    json::array tokens;
    json::array token_logprobs;
    json::array top_logprobs;
    json::array offsets;
    for (const auto& one : content->get_array()) {
        if (!one.is_object()) continue;
        const auto entry = token_entry(one.get_object());
        tokens.push_back(entry.at("token"));
        token_logprobs.push_back(entry.at("logprob"));
        json::object map;
        for (const auto& alternative : alternatives(one.get_object(), top)) {
            const auto& name = alternative.at("token").get_string();
            map[std::string_view(name.data(), name.size())] = alternative.at("logprob");
        }
        top_logprobs.push_back(std::move(map));
        offsets.push_back(text_offset);
        text_offset += static_cast<std::int64_t>(entry.at("token").get_string().size());
    }
    return json::object{{"tokens", std::move(tokens)},
                        {"token_logprobs", std::move(token_logprobs)},
                        {"top_logprobs", std::move(top_logprobs)},
                        {"text_offset", std::move(offsets)}};
}

}  // namespace gleaner::openai
