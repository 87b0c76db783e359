#include "coordinator/openai/prompt.h"

#include <algorithm>
#include <array>

#include <boost/json.hpp>

#include "coordinator/openai/json_text.h"

namespace gleaner::openai {

namespace json = boost::json;

namespace {

/// Few tokens of any vocabulary are longer than this: a text with more bytes per context token than
/// this does not fit.
constexpr std::int64_t token_bytes_most = 16;
constexpr std::size_t messages_max = 4'096;

constexpr std::array<std::string_view, 6> roles{"system",    "developer", "user",
                                                "assistant", "tool",      "function"};

std::int64_t size_of(const json::string& text) {
    return static_cast<std::int64_t>(text.size());
}

ApiResult<std::int64_t> content_bytes(const json::value& content, const std::string& where) {
    if (content.is_string()) return size_of(content.get_string());
    if (!content.is_array())
        return invalid_request("'" + where + "' must be a string or an array of parts.", where,
                               "invalid_type");
    std::int64_t bytes = 0;
    for (std::size_t i = 0; i < content.get_array().size(); ++i) {
        const auto* part = content.get_array()[i].if_object();
        const auto type = part == nullptr ? std::string_view() : string_member(*part, "type");
        const std::string here = where + "[" + std::to_string(i) + "]";
        if (type == "refusal") continue;
        if (type != "text")
            return invalid_request(
                "'" + here + "' is not of type \"text\": the models here read text only.",
                here + ".type", "unsupported_value");
        const auto* text = member(*part, "text");
        if (text == nullptr || !text->is_string())
            return invalid_request("'" + here + ".text' must be a string.", here + ".text");
        bytes += size_of(text->get_string());
    }
    return bytes;
}

ApiResult<std::int64_t> message_bytes(const json::value& value, std::size_t position) {
    const std::string where = "messages[" + std::to_string(position) + "]";
    const auto* message = value.if_object();
    if (message == nullptr)
        return invalid_request("'" + where + "' must be an object.", where, "invalid_type");
    const auto role = string_member(*message, "role");
    if (std::ranges::find(roles, role) == roles.end())
        return invalid_request("'" + where +
                                   ".role' must be \"system\", \"developer\", \"user\", "
                                   "\"assistant\" or \"tool\".",
                               where + ".role", "invalid_value");
    std::int64_t bytes = 0;
    const auto* calls = member(*message, "tool_calls");
    if (calls != nullptr) {
        if (!calls->is_array())
            return invalid_request("'" + where + ".tool_calls' must be an array.",
                                   where + ".tool_calls", "invalid_type");
        bytes += static_cast<std::int64_t>(json::serialize(*calls).size());
    }
    const auto* content = member(*message, "content");
    if (content == nullptr) {
        if (role == "assistant" && calls != nullptr) return bytes;
        return invalid_request("'" + where + ".content' is missing.", where + ".content");
    }
    GLEANER_TRY(const auto text, content_bytes(*content, where + ".content"));
    return bytes + text;
}

bool all_tokens(const json::array& list) {
    return std::ranges::all_of(list, [](const json::value& v) {
        const auto id = as_integer(v);
        return id && *id >= 0 && *id <= 2'147'483'647;
    });
}

/// One text or one list of token ids; false for anything else.
bool add_input(const json::value& value, PromptSize& size) {
    if (value.is_string() && !value.get_string().empty()) {
        const auto bytes = size_of(value.get_string());
        size.bytes += bytes;
        size.longest_bytes = std::max(size.longest_bytes, bytes);
        return true;
    }
    if (value.is_array() && !value.get_array().empty() && all_tokens(value.get_array())) {
        const auto tokens = static_cast<std::int64_t>(value.get_array().size());
        size.tokens += tokens;
        size.longest_tokens = std::max(size.longest_tokens, tokens);
        return true;
    }
    return false;
}

}  // namespace

ApiResult<PromptSize> take_messages(const json::object& body, json::object& engine) {
    const auto* messages = member(body, "messages");
    if (messages == nullptr)
        return invalid_request("Missing required parameter: 'messages'.", "messages",
                               "missing_required_parameter");
    const auto& list = messages->get_array();
    if (list.empty() || list.size() > messages_max)
        return invalid_request("'messages' must hold 1 to 4096 messages.", "messages");
    PromptSize size;
    size.messages = static_cast<std::int64_t>(list.size());
    for (std::size_t i = 0; i < list.size(); ++i) {
        GLEANER_TRY(const auto bytes, message_bytes(list[i], i));
        size.bytes += bytes;
    }
    if (const auto* tools = member(body, "tools"))
        size.bytes += static_cast<std::int64_t>(json::serialize(*tools).size());
    size.longest_bytes = size.bytes;
    engine["messages"] = *messages;
    return size;
}

ApiResult<PromptSize> take_prompt(const json::object& body, json::object& engine) {
    const auto* prompt = member(body, "prompt");
    if (prompt == nullptr)
        return invalid_request("Missing required parameter: 'prompt'.", "prompt",
                               "missing_required_parameter");
    PromptSize size;
    const json::value* one = prompt;
    // A list of one prompt is that prompt; a list of several would be several requests.
    if (prompt->is_array() && prompt->get_array().size() == 1 &&
        (prompt->get_array()[0].is_string() || prompt->get_array()[0].is_array()))
        one = &prompt->get_array()[0];
    if (!add_input(*one, size))
        return invalid_request(
            "'prompt' must be one non-empty string or one list of token ids: "
            "send a request for each prompt.",
            "prompt", "invalid_type");
    engine["prompt"] = *one;
    return size;
}

ApiResult<PromptSize> take_inputs(const json::object& body, json::object& engine,
                                  std::int64_t inputs_max) {
    const auto* input = member(body, "input");
    if (input == nullptr)
        return invalid_request("Missing required parameter: 'input'.", "input",
                               "missing_required_parameter");
    PromptSize size;
    bool good = add_input(*input, size);
    if (!good && input->is_array()) {
        const auto& list = input->get_array();
        size = PromptSize{};
        size.inputs = static_cast<std::int64_t>(list.size());
        good = !list.empty() && size.inputs <= inputs_max &&
               std::ranges::all_of(list, [&](const json::value& v) { return add_input(v, size); });
    }
    if (!good)
        return invalid_request(
            "'input' must be a non-empty string, a list of token ids, or a list "
            "of up to " +
                std::to_string(inputs_max) + " of these.",
            "input", "invalid_type");
    engine["input"] = *input;
    return size;
}

ApiStatus check_fits(const PromptSize& size, const ModelFacts& model, Endpoint endpoint) {
    if (model.context_tokens <= 0) return api_ok();
    const auto least = std::max(size.longest_tokens, size.longest_bytes / token_bytes_most);
    if (least < model.context_tokens) return api_ok();
    const bool chat = endpoint == Endpoint::chat_completions;
    return invalid_request(
        "This model's maximum context length is " + std::to_string(model.context_tokens) +
            " tokens, and the prompt has at least " + std::to_string(least) + ": shorten it.",
        chat                               ? "messages"
        : endpoint == Endpoint::embeddings ? "input"
                                           : "prompt",
        "context_length_exceeded");
}

}  // namespace gleaner::openai
