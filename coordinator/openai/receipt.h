#pragma once
/// What a customer can keep of an answer: how it was made, by what, and for how much. Online
/// answers and the lines of a batch get the same.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shared/model/currency.h"
#include "shared/model/ids.h"
#include "shared/model/money.h"
#include "shared/model/privacy.h"
#include "shared/util/clock.h"

namespace gleaner::openai {

struct Receipt {
    /// What one node did, and what that costs.
    struct Part {
        std::string device_class;
        std::int64_t prompt_tokens = 0;
        std::int64_t cached_tokens = 0;  ///< of the prompt's
        std::int64_t generated_tokens = 0;
        Money price;
    };

    RequestId request;
    JobId batch;  ///< empty: an online answer
    WallTime created;
    std::string endpoint;  ///< "/v1/chat/completions"
    std::string model;     ///< name
    Sha256 model_sha256;
    std::string quantisation;
    PrivacyClass privacy = PrivacyClass::any;
    std::string reservation;           ///< on whose machines it was made; empty: shared ones
    std::optional<std::int64_t> seed;  ///< the engine's; nothing where it draws nothing: embeddings
    std::vector<Part> parts;
    std::uint32_t attempts = 0;
    bool verified = false;
    std::int64_t price_book = 0;  ///< its version; 0: the price that the model was added with
    std::string time_band;        ///< empty: outside of all
    Currency currency = Currency::cny;
};

/// JSON. Tokens and price are the sums of the parts; times are Unix seconds.
[[nodiscard]] std::string to_json(const Receipt& receipt);

}  // namespace gleaner::openai
