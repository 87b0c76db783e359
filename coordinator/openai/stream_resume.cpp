#include <boost/json.hpp>

#include "coordinator/openai/json_text.h"
#include "coordinator/openai/stream_relay.h"

namespace gleaner::openai {

namespace json = boost::json;

namespace {

/// The engine goes on from a last message of the assistant instead of answering it.
bool put_message(json::object& engine, std::string_view text, std::string_view reasoning) {
    auto* messages = engine.if_contains("messages");
    if (messages == nullptr || !messages->is_array()) return false;
    auto& list = messages->get_array();
    auto* last = list.empty() ? nullptr : list.back().if_object();
    json::object message{{"role", "assistant"}, {"content", text}};
    if (!reasoning.empty()) message["reasoning_content"] = reasoning;
    if (last == nullptr || string_member(*last, "role") != "assistant") {
        list.push_back(std::move(message));
        return true;
    }
    // The customer's own prefill: the engine has repeated it at the start of the text.
    const auto* content = member(*last, "content");
    if (content == nullptr || !content->is_string()) return false;
    if (!text.starts_with(string_member(*last, "content"))) return false;
    list.back() = std::move(message);
    return true;
}

bool put_prompt(json::object& engine, std::string_view text) {
    auto* prompt = engine.if_contains("prompt");
    if (prompt == nullptr) return false;
    if (prompt->is_string()) {
        prompt->get_string().append(text);
        return true;
    }
    if (!prompt->is_array()) return false;
    // The engine takes token ids and text mixed.
    prompt->get_array().push_back(json::value(text));
    return true;
}

}  // namespace

std::string resumed_body(const EngineRequest& request, std::string_view text,
                         std::string_view reasoning, std::int64_t tokens_left) {
    auto parsed = parse_object(request.body);
    if (parsed.has_error()) return {};
    auto& engine = parsed.value();
    const bool put = request.endpoint == Endpoint::chat_completions
                         ? put_message(engine, text, reasoning)
                         : put_prompt(engine, text);
    if (!put) return {};
    if (request.generated_tokens_max > 0) engine["max_tokens"] = tokens_left;
    return json::serialize(engine);
}

}  // namespace gleaner::openai
