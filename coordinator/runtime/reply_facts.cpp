#include "coordinator/runtime/reply_facts.h"

#include <boost/json.hpp>

#include "coordinator/openai/engine_reply.h"

namespace gleaner::runtime {

namespace json = boost::json;

namespace {

const json::value* member(const json::object& object, std::string_view name) {
    return object.if_contains(name);
}

void append_text(const json::object& from, std::string_view name, std::string& text) {
    const auto* value = member(from, name);
    if (value != nullptr && value->is_string())
        text.append(value->get_string().data(), value->get_string().size());
}

void read_message(const json::object& message, std::string& text) {
    append_text(message, "reasoning_content", text);
    append_text(message, "content", text);
    const auto* calls = member(message, "tool_calls");
    if (calls == nullptr || !calls->is_array()) return;
    for (const auto& call : calls->get_array()) {
        const auto* function = call.is_object() ? member(call.get_object(), "function") : nullptr;
        if (function == nullptr || !function->is_object()) continue;
        append_text(function->get_object(), "name", text);
        append_text(function->get_object(), "arguments", text);
    }
}

std::optional<std::uint32_t> count(const json::object& usage, std::string_view name) {
    const auto* value = member(usage, name);
    if (value == nullptr || !value->is_int64() || value->get_int64() < 0) return std::nullopt;
    return static_cast<std::uint32_t>(value->get_int64());
}

void read_choices(const json::array& choices, ReplyFacts& facts) {
    for (const auto& choice : choices) {
        facts.well_formed = choice.is_object();
        if (!facts.well_formed) return;
        append_text(choice.get_object(), "text", facts.text);
        const auto* message = member(choice.get_object(), "message");
        if (message != nullptr && message->is_object())
            read_message(message->get_object(), facts.text);
        facts.finish_reason.clear();
        append_text(choice.get_object(), "finish_reason", facts.finish_reason);
    }
}

}  // namespace

ReplyFacts read_reply(std::string_view reply_json) {
    ReplyFacts facts;
    boost::system::error_code problem;
    const auto reply = json::parse({reply_json.data(), reply_json.size()}, problem);
    if (problem || !reply.is_object()) return facts;
    const auto& object = reply.get_object();
    if (const auto* choices = member(object, "choices"); choices != nullptr && choices->is_array())
        read_choices(choices->get_array(), facts);
    if (const auto* data = member(object, "data"); data != nullptr && data->is_array()) {
        facts.well_formed = true;
        for (const auto& entry : data->get_array()) {
            const auto* vector =
                entry.is_object() ? member(entry.get_object(), "embedding") : nullptr;
            facts.has_embedding =
                vector != nullptr &&
                (vector->is_string() || (vector->is_array() && !vector->get_array().empty()));
        }
    }
    const auto* usage = member(object, "usage");
    if (usage == nullptr || !usage->is_object()) {
        facts.well_formed = false;
    } else {
        facts.prompt_tokens = count(usage->get_object(), "prompt_tokens");
        facts.generated_tokens = count(usage->get_object(), "completion_tokens");
        facts.cached_tokens = static_cast<std::uint32_t>(openai::cached_prompt_tokens(object));
    }
    return facts;
}

}  // namespace gleaner::runtime
