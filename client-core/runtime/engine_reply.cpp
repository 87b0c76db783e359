#include "client-core/runtime/engine_reply.h"

#include <algorithm>
#include <utility>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

namespace gleaner {

namespace json = boost::json;

namespace {

constexpr std::size_t error_body_max = 64 * 1024;
constexpr std::size_t error_message_max = 2'000;

/// The member as a count; `otherwise` when it is missing or not one.
std::uint32_t count_in(const json::object& object, std::string_view key, std::uint32_t otherwise) {
    const json::value* value = object.if_contains(key);
    if (value == nullptr || !value->is_number()) return otherwise;
    boost::system::error_code error;
    const auto count = value->to_number<std::uint32_t>(error);
    return error ? otherwise : count;
}

const json::object* object_in(const json::object& object, std::string_view key) {
    const json::value* value = object.if_contains(key);
    return value == nullptr ? nullptr : value->if_object();
}

void read_counts(const json::object& reply, std::uint32_t& prompt, std::uint32_t& generated) {
    if (const json::object* timings = object_in(reply, "timings")) {
        // Tokens found in the prompt cache were prompt all the same.
        prompt = count_in(*timings, "prompt_n", prompt) + count_in(*timings, "cache_n", 0);
        generated = count_in(*timings, "predicted_n", generated);
    }
    if (const json::object* usage = object_in(reply, "usage")) {
        prompt = count_in(*usage, "prompt_tokens", prompt);
        generated = count_in(*usage, "completion_tokens", generated);
    }
}

std::string message_in(const json::object& error) {
    const json::value* message = error.if_contains("message");
    if (message == nullptr || !message->is_string()) return "the engine gave no reason";
    return std::string(std::string_view(message->get_string()).substr(0, error_message_max));
}

work::Failure refusal(unsigned status, const json::object* reply, std::string body) {
    const bool customers = status >= 400 && status <= 499;
    work::Failure failure;
    failure.code =
        customers ? work::FailureCode::request_rejected : work::FailureCode::engine_crashed;
    const json::object* error = reply == nullptr ? nullptr : object_in(*reply, "error");
    failure.message = error != nullptr
                          ? message_in(*error)
                          : "the engine answered with status " + std::to_string(status);
    if (status >= 100 && status <= 599) failure.http_status = status;
    if (error != nullptr && body.size() <= error_body_max) failure.body = std::move(body);
    return failure;
}

bool is_text(const json::value* value) {
    return value != nullptr && value->is_string() && !value->get_string().empty();
}

/// Does a streamed event carry text, reasoning or a piece of a tool call?
bool has_token(const json::object& event) {
    const json::value* choices = event.if_contains("choices");
    if (choices == nullptr || !choices->is_array()) return is_text(event.if_contains("content"));
    for (const json::value& choice : choices->get_array()) {
        if (!choice.is_object()) continue;
        if (is_text(choice.get_object().if_contains("text"))) return true;
        const json::object* delta = object_in(choice.get_object(), "delta");
        if (delta == nullptr) continue;
        if (is_text(delta->if_contains("content")) ||
            is_text(delta->if_contains("reasoning_content")) ||
            delta->if_contains("tool_calls") != nullptr) {
            return true;
        }
    }
    return false;
}

}  // namespace

std::string_view engine_route(work::Endpoint endpoint) {
    switch (endpoint) {
        case work::Endpoint::chat_completions:
            return "/v1/chat/completions";
        case work::Endpoint::completions:
            return "/v1/completions";
        case work::Endpoint::embeddings:
            return "/v1/embeddings";
    }
    return "/v1/chat/completions";
}

work::Outcome read_reply(unsigned status, std::string body) {
    boost::system::error_code error;
    const json::value parsed = json::parse(body, error);
    const json::object* reply = error ? nullptr : parsed.if_object();
    work::Outcome outcome;
    if (status < 200 || status > 299 || reply == nullptr) {
        outcome.failure = refusal(status, reply, std::move(body));
        return outcome;
    }
    read_counts(*reply, outcome.prompt_tokens, outcome.generated_tokens);
    outcome.body = std::move(body);
    return outcome;
}

bool StreamTokens::see(std::string_view data) {
    if (data == "[DONE]") return false;
    boost::system::error_code error;
    const json::value parsed = json::parse(data, error);
    const json::object* event = error ? nullptr : parsed.if_object();
    if (event == nullptr) return true;
    if (const json::object* failed = object_in(*event, "error")) {
        const std::uint32_t status = count_in(*failed, "code", 500);
        failure_ = refusal(status, event, std::string(data));
        return true;
    }
    if (has_token(*event)) ++generated_;
    read_counts(*event, prompt_, generated_);
    return true;
}

}  // namespace gleaner
