#include "coordinator/openai/request_fields.h"

#include <algorithm>
#include <array>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "coordinator/openai/json_text.h"

namespace gleaner::openai {

namespace json = boost::json;

namespace {

enum class Kind : std::uint8_t { number, integer, boolean, string, object, array, any };
enum class Use : std::uint8_t {
    pass,     ///< the engine understands it as it is
    special,  ///< request.cpp deals with it
    ignore,   ///< means something only to OpenAI's own service
};

constexpr unsigned chat = 1;
constexpr unsigned text = 2;
constexpr unsigned embed = 4;

struct Field {
    std::string_view name;
    unsigned endpoints;
    Kind kind;
    Use use;
    double least = 0;
    double most = 0;  ///< least == most: no bounds
};

constexpr double int32_most = 2'147'483'647;

constexpr std::array fields{
    Field{"model", chat | text | embed, Kind::string, Use::special},
    Field{"messages", chat, Kind::array, Use::special},
    Field{"prompt", text, Kind::any, Use::special},
    Field{"input", embed, Kind::any, Use::special},
    Field{"gleaner", chat | text | embed, Kind::object, Use::special},
    Field{"stream", chat | text, Kind::boolean, Use::special},
    Field{"stream_options", chat | text, Kind::object, Use::special},
    Field{"max_tokens", chat | text, Kind::integer, Use::special},
    Field{"max_completion_tokens", chat, Kind::integer, Use::special},
    Field{"n", chat | text, Kind::integer, Use::special},
    Field{"seed", chat | text, Kind::integer, Use::special},
    Field{"stop", chat | text, Kind::any, Use::special},
    Field{"logprobs", chat | text, Kind::any, Use::special},
    Field{"top_logprobs", chat, Kind::integer, Use::special},
    Field{"response_format", chat | text, Kind::object, Use::special},
    Field{"tools", chat, Kind::array, Use::special},
    Field{"tool_choice", chat, Kind::any, Use::special},
    Field{"modalities", chat, Kind::array, Use::special},
    Field{"echo", text, Kind::boolean, Use::special},
    Field{"best_of", text, Kind::integer, Use::special},
    Field{"suffix", text, Kind::string, Use::special},
    Field{"dimensions", embed, Kind::integer, Use::special},
    Field{"encoding_format", embed, Kind::string, Use::special},
    Field{"json_schema", chat | text, Kind::object, Use::special},
    Field{"grammar", chat | text, Kind::string, Use::special},

    Field{"parallel_tool_calls", chat, Kind::boolean, Use::pass},
    Field{"temperature", chat | text, Kind::number, Use::pass, 0, 2},
    Field{"top_p", chat | text, Kind::number, Use::pass, 0, 1},
    Field{"frequency_penalty", chat | text, Kind::number, Use::pass, -2, 2},
    Field{"presence_penalty", chat | text, Kind::number, Use::pass, -2, 2},
    Field{"logit_bias", chat | text, Kind::object, Use::pass},
    Field{"reasoning_effort", chat, Kind::string, Use::pass},
    // The engine's own, for those who know it.
    Field{"top_k", chat | text, Kind::integer, Use::pass, 0, int32_most},
    Field{"min_p", chat | text, Kind::number, Use::pass, 0, 1},
    Field{"typical_p", chat | text, Kind::number, Use::pass, 0, 1},
    Field{"repeat_penalty", chat | text, Kind::number, Use::pass, 0, 10},
    Field{"repeat_last_n", chat | text, Kind::integer, Use::pass, -1, int32_most},
    Field{"dynatemp_range", chat | text, Kind::number, Use::pass, 0, 10},
    Field{"dynatemp_exponent", chat | text, Kind::number, Use::pass, 0, 10},
    Field{"mirostat", chat | text, Kind::integer, Use::pass, 0, 2},
    Field{"mirostat_tau", chat | text, Kind::number, Use::pass, 0, 100},
    Field{"mirostat_eta", chat | text, Kind::number, Use::pass, 0, 100},
    Field{"ignore_eos", chat | text, Kind::boolean, Use::pass},
    Field{"chat_template_kwargs", chat, Kind::object, Use::pass},
    Field{"thinking_budget_tokens", chat, Kind::integer, Use::pass, -1, int32_most},

    Field{"user", chat | text | embed, Kind::string, Use::ignore},
    Field{"store", chat, Kind::boolean, Use::ignore},
    Field{"metadata", chat, Kind::object, Use::ignore},
    Field{"service_tier", chat, Kind::string, Use::ignore},
    Field{"prompt_cache_key", chat, Kind::string, Use::ignore},
    Field{"prompt_cache_retention", chat, Kind::string, Use::ignore},
    Field{"safety_identifier", chat, Kind::string, Use::ignore},
    Field{"verbosity", chat, Kind::string, Use::ignore},
    Field{"prediction", chat, Kind::object, Use::ignore},
};

constexpr unsigned bit(Endpoint endpoint) {
    switch (endpoint) {
        case Endpoint::chat_completions:
            return chat;
        case Endpoint::completions:
            return text;
        case Endpoint::embeddings:
            return embed;
    }
    return 0;
}

std::string_view name_of(Kind kind) {
    switch (kind) {
        case Kind::number:
            return "a number";
        case Kind::integer:
            return "an integer";
        case Kind::boolean:
            return "a boolean";
        case Kind::string:
            return "a string";
        case Kind::object:
            return "an object";
        case Kind::array:
            return "an array";
        case Kind::any:
            return "anything";
    }
    return "";
}

bool is_of(const json::value& value, Kind kind) {
    switch (kind) {
        case Kind::number:
            return value.is_number();
        case Kind::integer:
            return as_integer(value).has_value();
        case Kind::boolean:
            return value.is_bool();
        case Kind::string:
            return value.is_string();
        case Kind::object:
            return value.is_object();
        case Kind::array:
            return value.is_array();
        case Kind::any:
            return true;
    }
    return false;
}

ApiStatus check(const Field& field, const json::value& value) {
    const std::string name(field.name);
    if (!is_of(value, field.kind)) {
        return invalid_request(
            "Invalid type for '" + name + "': expected " + std::string(name_of(field.kind)) + ".",
            name, "invalid_type");
    }
    if (field.least == field.most) return api_ok();
    const double number = value.to_number<double>();
    if (number >= field.least && number <= field.most) return api_ok();
    return invalid_request("Invalid '" + name + "': expected a value from " +
                               fmt::format("{} to {}.", field.least, field.most),
                           name, "invalid_value");
}

}  // namespace

ApiStatus copy_fields(Endpoint endpoint, const json::object& body, json::object& engine) {
    const unsigned here = bit(endpoint);
    for (const auto& pair : body) {
        if (pair.value().is_null()) continue;
        const std::string_view key = pair.key();
        const auto* const field = std::ranges::find_if(
            fields, [&](const Field& f) { return f.name == key && (f.endpoints & here) != 0; });
        if (field == fields.end()) {
            std::string name(key.substr(0, 64));
            return invalid_request("Unrecognized request argument supplied: " + name, name,
                                   "unknown_parameter");
        }
        GLEANER_TRY(check(*field, pair.value()));
        if (field->use == Use::pass) engine.emplace(key, pair.value());
    }
    return api_ok();
}

}  // namespace gleaner::openai
