#include "coordinator/api/openai/privacy.h"

#include <boost/json.hpp>

#include "coordinator/openai/json_text.h"

namespace gleaner::api {

namespace {

ApiError unknown_class(std::string param) {
    return openai::invalid_request(
        "The privacy class must be \"any\" (every enrolled machine), \"certified\" (certified "
        "sites) "
        "or \"own\" (your own sites): who runs a machine can read the prompt.",
        std::move(param), "invalid_value");
}

}  // namespace

ApiResult<std::optional<PrivacyClass>> privacy_header(const RequestHead& request) {
    const auto word = request.header("gleaner-privacy");
    if (word.empty()) return std::optional<PrivacyClass>();
    const auto privacy = parse_privacy(word);
    if (!privacy) return unknown_class("Gleaner-Privacy");
    return privacy;
}

ApiResult<std::optional<PrivacyClass>> privacy_of(const RequestHead& request,
                                                  const boost::json::object& body) {
    GLEANER_TRY(const auto from_header, privacy_header(request));
    const auto* extension = openai::member(body, "gleaner");
    if (extension == nullptr) return from_header;
    if (!extension->is_object())
        return openai::invalid_request("'gleaner' must be an object.", "gleaner", "invalid_type");
    const auto word = openai::string_member(extension->get_object(), "privacy");
    if (word.empty()) return from_header;
    const auto from_body = parse_privacy(word);
    if (!from_body) return unknown_class("gleaner.privacy");
    if (from_header && from_header != from_body)
        return openai::invalid_request("The header Gleaner-Privacy and 'gleaner.privacy' differ.",
                                       "gleaner.privacy");
    return from_body;
}

ApiError no_own_sites() {
    return openai::invalid_request(
        "The privacy class \"own\" needs sites of your own, and you have none: ask the operator to "
        "name their owner for your account, or choose another class.",
        "gleaner.privacy");
}

}  // namespace gleaner::api
