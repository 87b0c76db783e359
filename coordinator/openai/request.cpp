#include "coordinator/openai/request.h"

#include <algorithm>

#include <boost/json.hpp>

#include "coordinator/openai/json_text.h"
#include "coordinator/openai/prompt.h"
#include "coordinator/openai/request_fields.h"

namespace gleaner::openai {

namespace json = boost::json;

namespace {

constexpr std::size_t tools_max = 128;
constexpr std::int64_t embedding_inputs_max = 2'048;
constexpr std::int64_t top_logprobs_max = 20;
constexpr std::size_t reservation_bytes_max = 64;

ApiStatus refuse(const json::object& body, std::string_view name, std::string_view why) {
    if (member(body, name) == nullptr) return api_ok();
    return invalid_request("'" + std::string(name) + "' is not supported: " + std::string(why),
                           std::string(name), "unsupported_parameter");
}

ApiStatus take_streaming(const json::object& body, const RequestPolicy& policy,
                         EngineRequest& request, json::object& engine) {
    request.stream = true_member(body, "stream");
    if (request.stream && !policy.may_stream)
        return invalid_request("A batch request cannot be streamed: leave 'stream' out.", "stream");
    const auto* options = member(body, "stream_options");
    if (options != nullptr) {
        if (!request.stream)
            return invalid_request("'stream_options' is only allowed when 'stream' is true.",
                                   "stream_options");
        request.include_usage = true_member(options->get_object(), "include_usage");
    }
    engine["stream"] = request.stream;
    if (!request.stream) return api_ok();
    // Usage and the running count of tokens are wanted even if the customer does not ask: they say
    // what to bill when a node is lost in the middle of an answer.
    engine["stream_options"] = {{"include_usage", true}};
    engine["timings_per_token"] = true;
    return api_ok();
}

ApiStatus take_length(const json::object& body, const ModelFacts& model, EngineRequest& request,
                      json::object& engine) {
    std::string name = "max_completion_tokens";
    auto wanted = integer_member(body, name);
    if (!wanted) {
        name = "max_tokens";
        wanted = integer_member(body, name);
    }
    const std::int64_t context = model.context_tokens;
    if (wanted && *wanted < 1)
        return invalid_request("'" + name + "' must be at least 1.", name,
                               "integer_below_min_value");
    if (wanted && context > 0 && *wanted > context) {
        return invalid_request("'" + name + "' is too large: " + std::to_string(*wanted) +
                                   ". This model supports at most " + std::to_string(context) +
                                   " tokens, prompt included.",
                               name, "integer_above_max_value");
    }
    if (!wanted && context > 0) wanted = context;
    if (!wanted) return api_ok();
    request.generated_tokens_max = *wanted;
    engine["max_tokens"] = *wanted;
    return api_ok();
}

ApiStatus take_seed(const json::object& body, const RequestPolicy& policy, EngineRequest& request,
                    json::object& engine) {
    const auto seed = integer_member(body, "seed");
    // The engine's seed is 32 bits wide, and its "-1" means a random one.
    request.seed = seed ? static_cast<std::int64_t>(static_cast<std::uint64_t>(*seed) % 2147483647U)
                        : static_cast<std::int64_t>(policy.seed % 2147483647U);
    engine["seed"] = request.seed;
    return api_ok();
}

ApiStatus take_stop(const json::object& body, json::object& engine) {
    const auto* stop = member(body, "stop");
    if (stop == nullptr) return api_ok();
    bool good = stop->is_string();
    if (stop->is_array()) {
        const auto& list = stop->get_array();
        good = list.size() <= 4 &&
               std::ranges::all_of(list, [](const json::value& v) { return v.is_string(); });
    }
    if (!good)
        return invalid_request("'stop' must be a string or an array of up to 4 strings.", "stop",
                               "invalid_type");
    engine["stop"] = *stop;
    return api_ok();
}

ApiStatus take_logprobs(const json::object& body, EngineRequest& request, json::object& engine) {
    const auto* wanted = member(body, "logprobs");
    if (request.endpoint == Endpoint::completions) {
        if (wanted == nullptr) return api_ok();
        const auto count = as_integer(*wanted);
        if (!count || *count < 0 || *count > 5)
            return invalid_request("'logprobs' must be an integer from 0 to 5.", "logprobs");
        request.top_logprobs = static_cast<std::int32_t>(*count);
        engine["n_probs"] = std::max<std::int64_t>(1, *count);
        return api_ok();
    }
    const auto top = integer_member(body, "top_logprobs");
    if (wanted != nullptr && !wanted->is_bool())
        return invalid_request("'logprobs' must be a boolean.", "logprobs", "invalid_type");
    const bool on = wanted != nullptr && wanted->get_bool();
    if (top && !on)
        return invalid_request("'top_logprobs' needs 'logprobs' to be true.", "top_logprobs");
    if (!on) return api_ok();
    if (top && (*top < 0 || *top > top_logprobs_max))
        return invalid_request("'top_logprobs' must be from 0 to 20.", "top_logprobs");
    request.top_logprobs = static_cast<std::int32_t>(top.value_or(0));
    engine["logprobs"] = true;
    engine["top_logprobs"] = std::max<std::int64_t>(1, top.value_or(0));
    return api_ok();
}

ApiStatus take_format(const json::object& body, EngineRequest& request, json::object& engine) {
    for (const std::string_view name : {"json_schema", "grammar"}) {
        const auto* value = member(body, name);
        if (value == nullptr) continue;
        request.structured = true;
        engine[name] = *value;
    }
    const auto* format = member(body, "response_format");
    if (format == nullptr) return api_ok();
    const auto& wanted = format->get_object();
    const auto type = string_member(wanted, "type");
    if (type == "text") return api_ok();
    if (type != "json_object" && type != "json_schema") {
        return invalid_request(
            "'response_format.type' must be \"text\", \"json_object\" or \"json_schema\".",
            "response_format.type", "invalid_value");
    }
    request.structured = true;
    const json::value* schema = nullptr;
    if (type == "json_schema") {
        const auto* wrapper = member(wanted, "json_schema");
        if (wrapper != nullptr && wrapper->is_object())
            schema = member(wrapper->get_object(), "schema");
        if (schema == nullptr || !schema->is_object())
            return invalid_request("'response_format.json_schema.schema' must be a JSON schema.",
                                   "response_format.json_schema.schema");
    }
    if (request.endpoint == Endpoint::chat_completions) {
        engine["response_format"] = *format;
    } else {
        engine["json_schema"] = schema != nullptr ? *schema : json::value{{"type", "object"}};
    }
    return api_ok();
}

ApiStatus check_tool(const json::value& tool, std::size_t position) {
    const std::string where = "tools[" + std::to_string(position) + "]";
    const auto* object = tool.if_object();
    if (object == nullptr || string_member(*object, "type") != "function")
        return invalid_request("'" + where + "' must be of type \"function\".", where + ".type");
    const auto* function = member(*object, "function");
    if (function == nullptr || !function->is_object() ||
        string_member(function->get_object(), "name").empty())
        return invalid_request("'" + where + ".function.name' is missing.",
                               where + ".function.name");
    return api_ok();
}

/// The engine knows "auto", "none" and "required": a named function becomes the only one offered.
ApiStatus take_tools(const json::object& body, EngineRequest& request, json::object& engine) {
    const auto* tools = member(body, "tools");
    const auto* choice = member(body, "tool_choice");
    if (tools == nullptr) {
        if (choice != nullptr && !(choice->is_string() && choice->get_string() == "none"))
            return invalid_request("'tool_choice' is only allowed when 'tools' are given.",
                                   "tool_choice");
        return api_ok();
    }
    const auto& offered = tools->get_array();
    if (offered.empty() || offered.size() > tools_max)
        return invalid_request("'tools' must hold 1 to 128 tools.", "tools");
    for (std::size_t i = 0; i < offered.size(); ++i) {
        GLEANER_TRY(check_tool(offered[i], i));
    }
    request.has_tools = true;
    engine["tools"] = offered;
    if (choice == nullptr) return api_ok();
    if (choice->is_string()) {
        const auto& word = choice->get_string();
        if (word != "auto" && word != "none" && word != "required")
            return invalid_request(
                "'tool_choice' must be \"auto\", \"none\", \"required\" or name "
                "a function.",
                "tool_choice");
        request.has_tools = word != "none";
        engine["tool_choice"] = word;
        return api_ok();
    }
    const auto* named = choice->is_object() ? member(choice->get_object(), "function") : nullptr;
    const auto wanted = named != nullptr && named->is_object()
                            ? string_member(named->get_object(), "name")
                            : std::string_view();
    const auto* found = std::ranges::find_if(offered, [&](const json::value& tool) {
        return string_member(tool.at("function").get_object(), "name") == wanted;
    });
    if (found == offered.end())
        return invalid_request("'tool_choice' names a function that 'tools' does not offer.",
                               "tool_choice");
    engine["tools"] = json::array{*found};
    engine["tool_choice"] = "required";
    return api_ok();
}

ApiStatus take_generation(const json::object& body, const ModelFacts& model,
                          const RequestPolicy& policy, EngineRequest& request,
                          json::object& engine) {
    const auto n = integer_member(body, "n");
    if (n && *n != 1)
        return invalid_request("'n' must be 1: send the request again for another answer.", "n",
                               "unsupported_value");
    GLEANER_TRY(refuse(body, "suffix", "the engine cannot insert text"));
    if (true_member(body, "echo"))
        return invalid_request("'echo' is not supported: the prompt is not sent back.", "echo");
    const auto best_of = integer_member(body, "best_of");
    if (best_of && *best_of != 1)
        return invalid_request("'best_of' must be 1.", "best_of", "unsupported_value");
    const auto* modalities = member(body, "modalities");
    if (modalities != nullptr && *modalities != json::value{json::array{"text"}})
        return invalid_request("'modalities' must be [\"text\"].", "modalities");
    GLEANER_TRY(take_streaming(body, policy, request, engine));
    GLEANER_TRY(take_length(body, model, request, engine));
    GLEANER_TRY(take_seed(body, policy, request, engine));
    GLEANER_TRY(take_stop(body, engine));
    GLEANER_TRY(take_logprobs(body, request, engine));
    GLEANER_TRY(take_format(body, request, engine));
    return take_tools(body, request, engine);
}

ApiStatus take_embedding(const json::object& body, json::object& engine) {
    GLEANER_TRY(refuse(body, "dimensions", "vectors come in the model's own length"));
    const auto format = string_member(body, "encoding_format");
    if (!format.empty() && format != "float" && format != "base64")
        return invalid_request("'encoding_format' must be \"float\" or \"base64\".",
                               "encoding_format", "invalid_value");
    if (!format.empty()) engine["encoding_format"] = format;
    return api_ok();
}

ApiStatus take_extension(const json::object& body, const RequestPolicy& policy,
                         EngineRequest& request) {
    const auto* extension = member(body, "gleaner");
    if (extension == nullptr) return api_ok();
    for (const auto& pair : extension->get_object()) {
        if (pair.key() == "reservation" && !policy.may_stream)
            return invalid_request(
                "A batch works on one reservation: name it in the batch's own "
                "'gleaner.reservation', not in a line.",
                "gleaner.reservation");
        if (pair.key() == "reservation" && pair.value().is_string()) {
            const auto& id = pair.value().get_string();
            request.reservation.emplace(id.data(), id.size());
            if (!id.empty() && id.size() <= reservation_bytes_max) continue;
        }
        if (pair.key() == "privacy" && pair.value().is_string()) {
            const auto& word = pair.value().get_string();
            request.privacy = parse_privacy({word.data(), word.size()});
            if (request.privacy) continue;
        }
        return invalid_request(
            "'gleaner' takes {\"privacy\": \"any\", \"certified\" or \"own\"}: who runs a machine "
            "can read the prompt; and {\"reservation\": a contract's id or \"none\"}.",
            "gleaner", "invalid_value");
    }
    return api_ok();
}

}  // namespace

std::optional<Endpoint> parse_endpoint(std::string_view path) {
    for (const auto endpoint :
         {Endpoint::chat_completions, Endpoint::completions, Endpoint::embeddings})
        if (path == path_of(endpoint)) return endpoint;
    return std::nullopt;
}

std::string_view path_of(Endpoint endpoint) {
    switch (endpoint) {
        case Endpoint::chat_completions:
            return "/v1/chat/completions";
        case Endpoint::completions:
            return "/v1/completions";
        case Endpoint::embeddings:
            return "/v1/embeddings";
    }
    return "";
}

ApiResult<EngineRequest> check_request(Endpoint endpoint, const json::object& body,
                                       const ModelLookup& models, const RequestPolicy& policy) {
    EngineRequest request;
    request.endpoint = endpoint;
    json::object engine(body.storage());
    GLEANER_TRY(copy_fields(endpoint, body, engine));
    const auto name = string_member(body, "model");
    if (name.empty()) return invalid_request("You must provide a 'model'.", "model");
    const auto* model = models(name);
    if (model == nullptr) return model_not_found(name);
    request.model = model->name;
    if (model->embeddings != (endpoint == Endpoint::embeddings)) {
        return invalid_request("The model '" + model->name + "' does not serve " +
                                   std::string(path_of(endpoint)) + ".",
                               "model", "model_not_supported");
    }
    GLEANER_TRY(take_extension(body, policy, request));
    PromptSize size;
    switch (endpoint) {
        case Endpoint::chat_completions: {
            GLEANER_TRY(size, take_messages(body, engine));
            break;
        }
        case Endpoint::completions: {
            GLEANER_TRY(size, take_prompt(body, engine));
            break;
        }
        case Endpoint::embeddings: {
            GLEANER_TRY(size, take_inputs(body, engine, embedding_inputs_max));
            break;
        }
    }
    GLEANER_TRY(check_fits(size, *model, endpoint));
    if (endpoint == Endpoint::embeddings) {
        GLEANER_TRY(take_embedding(body, engine));
    } else {
        GLEANER_TRY(take_generation(body, *model, policy, request, engine));
    }
    request.prompt_bytes = size.bytes + size.tokens;
    request.messages = std::max(size.messages, size.inputs);
    request.body = json::serialize(engine);
    if (request.body.size() > engine_body_bytes_max)
        return ApiError(413, "invalid_request_error", "request_too_large",
                        "The request is larger than the 3 MiB that a machine is sent: shorten its "
                        "text, tools or schema.");
    return request;
}

ApiResult<EngineRequest> check_request(Endpoint endpoint, std::string_view body,
                                       const ModelLookup& models, const RequestPolicy& policy) {
    json::monotonic_resource memory(std::max<std::size_t>(body.size() * 2, 4096));
    GLEANER_TRY(const auto object, parse_object(body, &memory));
    return check_request(endpoint, object, models, policy);
}

ApiResult<EngineRequest> check_canary(std::string_view chat_body, std::uint32_t seed) {
    GLEANER_TRY(auto object, parse_object(chat_body));
    object["model"] = "its own";
    const ModelFacts model;
    RequestPolicy policy;
    policy.may_stream = false;
    policy.seed = seed;
    return check_request(
        Endpoint::chat_completions, object, [&](std::string_view) { return &model; }, policy);
}

}  // namespace gleaner::openai
