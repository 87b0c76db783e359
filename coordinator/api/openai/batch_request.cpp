#include "coordinator/api/openai/batch_request.h"

#include <boost/json.hpp>

#include "coordinator/api/openai/objects.h"
#include "coordinator/api/openai/privacy.h"
#include "coordinator/openai/json_text.h"

namespace gleaner::api {

namespace json = boost::json;
using openai::invalid_request;

namespace {

constexpr std::size_t metadata_pairs_max = 16;
constexpr std::int64_t replicas_max = 3;
constexpr std::size_t reservation_bytes_max = 64;

ApiResult<std::string> read_metadata(const json::object& body) {
    const auto* metadata = openai::member(body, "metadata");
    if (metadata == nullptr) return std::string();
    bool good = metadata->is_object() && metadata->get_object().size() <= metadata_pairs_max;
    if (good) {
        for (const auto& pair : metadata->get_object())
            good = good && pair.key().size() <= 64 && pair.value().is_string() &&
                   pair.value().get_string().size() <= 512;
    }
    if (!good)
        return invalid_request(
            "'metadata' must be an object of up to 16 strings of up to 512 "
            "bytes, under names of up to 64.",
            "metadata");
    return json::serialize(*metadata);
}

ApiStatus read_extension(const json::object& body, const Request& request, BatchRequest& batch) {
    GLEANER_TRY(const auto privacy, privacy_of(request, body));
    batch.privacy = privacy.value_or(PrivacyClass::any);
    if (batch.privacy == PrivacyClass::own && request.caller->own_sites_of.empty())
        return no_own_sites();
    const auto* extension = openai::member(body, "gleaner");
    if (extension == nullptr) return api_ok();
    if (const auto* version = openai::member(extension->get_object(), "price_book")) {
        batch.price_book = openai::as_integer(*version);
        if (!batch.price_book)
            return invalid_request("'gleaner.price_book' must be the version of a quote.",
                                   "gleaner.price_book", "invalid_type");
    }
    if (openai::member(extension->get_object(), "reservation") != nullptr) {
        batch.reservation = openai::string_member(extension->get_object(), "reservation");
        if (batch.reservation->empty() || batch.reservation->size() > reservation_bytes_max)
            return invalid_request(
                "'gleaner.reservation' must be a contract's id, or \"none\" for machines that all "
                "share.",
                "gleaner.reservation", "invalid_type");
    }
    const auto* replicas = openai::member(extension->get_object(), "replicas");
    if (replicas == nullptr) return api_ok();
    const auto wanted = openai::as_integer(*replicas);
    if (!wanted || *wanted < 1 || *wanted > replicas_max)
        return invalid_request(
            "'gleaner.replicas' must be 1, 2 or 3: on how many sites each "
            "request is computed and paid for.",
            "gleaner.replicas");
    batch.replicas = static_cast<std::int32_t>(*wanted);
    return api_ok();
}

/// A text, so that no amount passes through a floating-point number.
ApiStatus read_max_price(const json::object& body, BatchRequest& batch) {
    if (openai::member(body, "max_price") == nullptr) return api_ok();
    batch.max_price = parse_decimal(openai::string_member(body, "max_price"));
    if (batch.max_price && *batch.max_price > Money{}) return api_ok();
    return invalid_request(
        "'max_price' must be an amount above zero of your project's currency, as a string with at "
        "most six decimals: \"12.5\".",
        "max_price", "invalid_value");
}

}  // namespace

ApiResult<BatchRequest> read_batch_request(const std::string& text, const Request& request) {
    GLEANER_TRY(const auto body, openai::parse_object(text));
    for (const auto& pair : body) {
        const std::string_view name = pair.key();
        const bool known = name == "input_file_id" || name == "endpoint" ||
                           name == "completion_window" || name == "metadata" || name == "gleaner" ||
                           name == "output_expires_after" || name == "max_price";
        if (known) continue;
        std::string shown(name.substr(0, 64));
        return invalid_request("Unrecognized request argument supplied: " + shown, shown,
                               "unknown_parameter");
    }
    BatchRequest batch;
    batch.input = FileId{std::string(openai::string_member(body, "input_file_id"))};
    if (batch.input.empty())
        return invalid_request("Missing required parameter: 'input_file_id'.", "input_file_id",
                               "missing_required_parameter");
    const auto endpoint = openai::parse_endpoint(openai::string_member(body, "endpoint"));
    if (!endpoint)
        return invalid_request(
            "'endpoint' must be \"/v1/chat/completions\", \"/v1/completions\" "
            "or \"/v1/embeddings\".",
            "endpoint", "invalid_value");
    batch.endpoint = *endpoint;
    const auto window = parse_window(openai::string_member(body, "completion_window"));
    if (!window)
        return invalid_request(
            "'completion_window' must be \"24h\", or another span from \"1m\" "
            "to \"7d\".",
            "completion_window", "invalid_value");
    batch.window = *window;
    GLEANER_TRY(batch.metadata, read_metadata(body));
    GLEANER_TRY(read_max_price(body, batch));
    GLEANER_TRY(read_extension(body, request, batch));
    return batch;
}

}  // namespace gleaner::api
