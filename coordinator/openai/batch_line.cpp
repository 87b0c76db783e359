#include "coordinator/openai/batch_line.h"

#include <boost/json.hpp>

#include "coordinator/openai/json_text.h"

namespace gleaner::openai {

namespace json = boost::json;

namespace {

ApiError missing(std::string_view name) {
    return invalid_request("Missing required parameter: '" + std::string(name) + "'.",
                           std::string(name), "missing_required_parameter");
}

}  // namespace

ApiResult<BatchLine> parse_batch_line(std::string_view text, Endpoint endpoint,
                                      json::storage_ptr memory) {
    auto parsed = parse_json(text, std::move(memory));
    if (parsed.has_error())
        return invalid_request(
            "This line is not parseable as valid JSON. " + parsed.error().message(), {},
            "invalid_json_line");
    auto* object = parsed.value().if_object();
    if (object == nullptr)
        return invalid_request("This line is not a JSON object.", {}, "invalid_json_line");

    const auto* id = member(*object, "custom_id");
    if (id == nullptr) return missing("custom_id");
    if (!id->is_string() || id->get_string().empty() ||
        id->get_string().size() > custom_id_bytes_max)
        return invalid_request("'custom_id' must be a string of 1 to 64 bytes.", "custom_id",
                               "invalid_custom_id");
    if (member(*object, "method") == nullptr) return missing("method");
    if (string_member(*object, "method") != "POST")
        return invalid_request("'method' must be \"POST\".", "method", "invalid_method");
    if (member(*object, "url") == nullptr) return missing("url");
    if (string_member(*object, "url") != path_of(endpoint))
        return invalid_request(
            "The URL provided for this request does not match the batch "
            "endpoint " +
                std::string(path_of(endpoint)) + ".",
            "url", "invalid_url");
    auto* body = object->if_contains("body");
    if (body == nullptr || !body->is_object()) return missing("body");

    BatchLine line;
    line.custom_id.assign(id->get_string().data(), id->get_string().size());
    line.body = std::move(body->get_object());
    return line;
}

}  // namespace gleaner::openai
