#include "coordinator/openai/json_text.h"

#include <cmath>

#include <boost/json.hpp>

namespace gleaner::openai {

namespace json = boost::json;

ApiResult<json::value> parse_json(std::string_view text, json::storage_ptr memory) {
    json::parse_options options;
    options.max_depth = 64;
    unsigned char buffer[2048];
    json::parser parser(std::move(memory), options, buffer);
    json::error_code problem;
    const auto used = parser.write(text, problem);
    if (!problem && used == text.size()) return parser.release();
    const std::string why = problem ? problem.message() : "more text after its end";
    return invalid_request("We could not parse this JSON: " + why + " near byte " +
                           std::to_string(used) + ".");
}

ApiResult<json::object> parse_object(std::string_view text, json::storage_ptr memory) {
    GLEANER_TRY(auto value, parse_json(text, std::move(memory)));
    if (!value.is_object()) return invalid_request("A JSON object is expected here.");
    return std::move(value.get_object());
}

const json::value* member(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    return value == nullptr || value->is_null() ? nullptr : value;
}

std::string_view string_member(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    if (value == nullptr || !value->is_string()) return {};
    const auto& text = value->get_string();
    return {text.data(), text.size()};
}

std::optional<std::int64_t> as_integer(const json::value& value) {
    if (value.is_int64()) return value.get_int64();
    if (value.is_uint64()) return std::nullopt;  // beyond int64
    if (!value.is_double()) return std::nullopt;
    const double number = value.get_double();
    if (std::trunc(number) != number || std::abs(number) > 9e15) return std::nullopt;
    return static_cast<std::int64_t>(number);
}

std::optional<std::int64_t> integer_member(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    return value == nullptr ? std::nullopt : as_integer(*value);
}

bool true_member(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    return value != nullptr && value->is_bool() && value->get_bool();
}

}  // namespace gleaner::openai
