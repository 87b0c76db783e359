#include "coordinator/openai/receipt.h"

#include <boost/json.hpp>

namespace gleaner::openai {

namespace json = boost::json;

std::string to_json(const Receipt& receipt) {
    json::array parts;
    std::int64_t prompt = 0;
    std::int64_t cached = 0;
    std::int64_t generated = 0;
    Money price;
    for (const auto& part : receipt.parts) {
        prompt += part.prompt_tokens;
        cached += part.cached_tokens;
        generated += part.generated_tokens;
        price += part.price;
        parts.push_back({{"device_class", part.device_class},
                         {"prompt_tokens", part.prompt_tokens},
                         {"cached_tokens", part.cached_tokens},
                         {"generated_tokens", part.generated_tokens},
                         {"price_micros", part.price.micros}});
    }
    json::object text{{"request_id", receipt.request.get()}};
    if (!receipt.batch.empty()) text["batch_id"] = receipt.batch.get();
    text["created"] = receipt.created.seconds();
    text["endpoint"] = receipt.endpoint;
    text["model"] = receipt.model;
    text["model_sha256"] = receipt.model_sha256.get();
    text["quantisation"] = receipt.quantisation;
    text["privacy"] = to_string(receipt.privacy);
    text["reservation"] =
        receipt.reservation.empty() ? json::value(nullptr) : json::value(receipt.reservation);
    if (receipt.seed) text["seed"] = *receipt.seed;
    text["prompt_tokens"] = prompt;
    text["cached_tokens"] = cached;
    text["generated_tokens"] = generated;
    text["parts"] = std::move(parts);
    text["attempts"] = receipt.attempts;
    text["verified"] = receipt.verified;
    text["price_micros"] = price.micros;
    text["currency"] = code_of(receipt.currency);
    text["price_book"] =
        receipt.price_book == 0 ? json::value(nullptr) : json::value(receipt.price_book);
    text["time_band"] =
        receipt.time_band.empty() ? json::value(nullptr) : json::value(receipt.time_band);
    return json::serialize(text);
}

}  // namespace gleaner::openai
