#include "coordinator/openai/engine_reply.h"

#include <algorithm>

#include <boost/json.hpp>

#include "coordinator/openai/json_text.h"
#include "coordinator/openai/stream_chunk.h"

namespace gleaner::openai {

namespace json = boost::json;

namespace {

Error strange(std::string_view what) {
    return {ErrorCode::data_corrupt, "the engine's reply has no " + std::string(what),
            Blame::owner};
}

void finish_choice(json::object& choice, const ReplyFacts& facts) {
    json::value logprobs;
    if (const auto* given = member(choice, "logprobs"))
        logprobs = openai_logprobs(facts.endpoint, *given, facts.top_logprobs, 0);
    choice["logprobs"] = std::move(logprobs);
    auto* message = choice.if_contains("message");
    if (message != nullptr && message->is_object()) {
        auto& object = message->get_object();
        if (object.if_contains("content") == nullptr) object["content"] = nullptr;
        object["refusal"] = nullptr;
    }
}

/// The engine's own words speak to those who run it.
std::optional<std::string> too_long(const json::object& error) {
    const auto has = integer_member(error, "n_prompt_tokens");
    const auto fit = integer_member(error, "n_ctx");
    if (!has || !fit) return std::nullopt;
    return "This model's maximum context length is " + std::to_string(*fit) +
           " tokens, and the prompt has " + std::to_string(*has) + ": shorten it.";
}

Result<json::object> rewritten(json::object& engine, const ReplyFacts& facts) {
    json::object reply(engine.storage());
    const bool embeddings = facts.endpoint == Endpoint::embeddings;
    const std::string_view list = embeddings ? "data" : "choices";
    auto* items = engine.if_contains(list);
    if (items == nullptr || !items->is_array()) return strange(list);
    const auto* usage = member(engine, "usage");
    if (usage == nullptr || !usage->is_object()) return strange("usage");

    if (!embeddings) {
        reply["id"] = facts.id;
        reply["object"] =
            facts.endpoint == Endpoint::chat_completions ? "chat.completion" : "text_completion";
        reply["created"] =
            facts.created_s != 0 ? facts.created_s : integer_member(engine, "created").value_or(0);
    } else {
        reply["object"] = "list";
    }
    reply["model"] = facts.model;
    if (!embeddings) {
        const auto* fingerprint = member(engine, "system_fingerprint");
        reply["system_fingerprint"] = fingerprint != nullptr ? *fingerprint : json::value();
        for (auto& choice : items->get_array()) {
            if (!choice.is_object()) return strange("choice");
            finish_choice(choice.get_object(), facts);
        }
    }
    reply[list] = std::move(*items);
    auto& shown = reply["usage"].emplace_object();
    shown = usage->get_object();
    if (!embeddings)
        shown["prompt_tokens_details"] = {{"cached_tokens", cached_prompt_tokens(engine)}};
    return reply;
}

}  // namespace

Result<std::string> openai_reply(std::string_view engine_body, const ReplyFacts& facts) {
    json::monotonic_resource memory(std::max<std::size_t>(engine_body.size() * 2, 4096));
    auto parsed = parse_object(engine_body, &memory);
    if (parsed.has_error()) return strange("JSON object");
    GLEANER_TRY(const auto reply, rewritten(parsed.value(), facts));
    return json::serialize(reply);
}

std::int64_t cached_prompt_tokens(const json::object& engine) {
    const auto part = [](const json::object& object, std::string_view name) {
        const auto* found = member(object, name);
        return found == nullptr ? nullptr : found->if_object();
    };
    const auto* usage = part(engine, "usage");
    if (usage == nullptr) return 0;
    std::optional<std::int64_t> cached;
    if (const auto* details = part(*usage, "prompt_tokens_details"))
        cached = integer_member(*details, "cached_tokens");
    if (const auto* timings = part(engine, "timings"); timings != nullptr && !cached)
        cached = integer_member(*timings, "cache_n");
    const auto prompt = integer_member(*usage, "prompt_tokens").value_or(0);
    return std::clamp<std::int64_t>(cached.value_or(0), 0, std::max<std::int64_t>(prompt, 0));
}

ApiError engine_refusal(std::string_view engine_body, std::int32_t status,
                        std::string_view message) {
    std::string why(message);
    std::string code;
    std::string param;
    const auto parsed = parse_object(engine_body);
    if (parsed.has_value()) {
        const auto* error = member(parsed.value(), "error");
        const auto* object = error != nullptr ? error->if_object() : nullptr;
        if (object != nullptr) {
            const auto text = string_member(*object, "message");
            if (!text.empty()) why = text;
            param = string_member(*object, "param");
            code = string_member(*object, "code");  // the engine's is a number: not for customers
            if (string_member(*object, "type") == "exceed_context_size_error") {
                code = "context_length_exceeded";
                why = too_long(*object).value_or(why);
            }
        }
    }
    if (why.empty()) why = "The engine refused this request.";
    if (status < 400 || status >= 500)
        return {500, "server_error", code.empty() ? "engine_error" : code, std::move(why)};
    // Others than these would speak of the way between coordinator and engine.
    const bool of_request = status == 404 || status == 413 || status == 422;
    ApiError refusal(of_request ? status : 400, "invalid_request_error", code, std::move(why));
    return std::move(refusal).about(std::move(param));
}

}  // namespace gleaner::openai
