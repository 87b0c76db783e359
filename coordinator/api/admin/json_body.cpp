#include "coordinator/api/admin/json_body.h"

#include <algorithm>

#include <boost/json.hpp>

namespace gleaner::admin {

namespace json = boost::json;

namespace {

Error wrong(std::string_view key, const std::string& must) {
    return {ErrorCode::invalid_argument, "\"" + std::string(key) + "\" must be " + must};
}

bool is_printable(std::string_view text) {
    return std::none_of(text.begin(), text.end(),
                        [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; });
}

}  // namespace

Result<JsonBody> JsonBody::parse(std::string_view text) {
    if (text.empty()) return JsonBody();
    boost::system::error_code failed;
    json::value value = json::parse(text, failed);
    if (failed || !value.is_object()) {
        return Error(ErrorCode::invalid_argument, "the request's body must be a JSON object");
    }
    return JsonBody(std::move(value.get_object()));
}

const json::value* JsonBody::member(std::string_view key) {
    asked_.emplace(key);
    const json::value* value = object_.if_contains(key);
    return value == nullptr || value->is_null() ? nullptr : value;
}

Result<std::string> JsonBody::text(std::string_view key, std::size_t bytes_max) {
    const json::value* value = member(key);
    const std::string must = "text of 1 to " + std::to_string(bytes_max) + " bytes";
    if (value == nullptr || !value->is_string()) return wrong(key, must);
    const std::string_view text = value->get_string();
    if (text.empty() || text.size() > bytes_max || !is_printable(text)) return wrong(key, must);
    return std::string(text);
}

Result<std::string> JsonBody::lines(std::string_view key, std::size_t bytes_max) {
    const json::value* value = member(key);
    const std::string must = "text of at most " + std::to_string(bytes_max) + " bytes";
    if (value == nullptr || !value->is_string()) return wrong(key, must);
    const std::string text(value->get_string());
    std::string printed = text;
    std::erase(printed, '\n');
    if (text.size() > bytes_max || !is_printable(printed)) return wrong(key, must);
    return text;
}

Result<std::string> JsonBody::optional_text(std::string_view key, std::size_t bytes_max) {
    const json::value* value = member(key);
    if (value == nullptr || (value->is_string() && value->get_string().empty())) {
        return std::string();
    }
    return text(key, bytes_max);
}

Result<std::int64_t> JsonBody::integer(std::string_view key, std::int64_t min, std::int64_t max) {
    const json::value* value = member(key);
    if (value == nullptr || !value->is_int64() || value->get_int64() < min ||
        value->get_int64() > max) {
        return wrong(key,
                     "a whole number from " + std::to_string(min) + " to " + std::to_string(max));
    }
    return value->get_int64();
}

Result<std::int64_t> JsonBody::optional_integer(std::string_view key, std::int64_t min,
                                                std::int64_t max, std::int64_t absent) {
    if (member(key) == nullptr) return absent;
    return integer(key, min, max);
}

Result<bool> JsonBody::boolean(std::string_view key) {
    const json::value* value = member(key);
    if (value == nullptr || !value->is_bool()) return wrong(key, "true or false");
    return value->get_bool();
}

Result<JsonBody> JsonBody::object(std::string_view key) {
    const json::value* value = member(key);
    if (value == nullptr || !value->is_object()) return wrong(key, "an object");
    return JsonBody(value->get_object());
}

Result<const json::array*> JsonBody::optional_array(std::string_view key) {
    const json::value* value = member(key);
    if (value == nullptr) return nullptr;
    if (!value->is_array()) return wrong(key, "a list");
    return &value->get_array();
}

Result<const json::object*> JsonBody::members(std::string_view key) {
    const json::value* value = member(key);
    if (value == nullptr || !value->is_object()) return wrong(key, "an object");
    return &value->get_object();
}

const json::object& JsonBody::all() {
    for (const auto& pair : object_) asked_.emplace(pair.key());
    return object_;
}

Status JsonBody::no_more() const {
    for (const auto& member : object_) {
        const std::string_view key = member.key();
        if (!asked_.contains(key)) {
            return Error(ErrorCode::invalid_argument,
                         "\"" + std::string(key.substr(0, 64)) + "\" is not known here");
        }
    }
    return ok();
}

}  // namespace gleaner::admin
