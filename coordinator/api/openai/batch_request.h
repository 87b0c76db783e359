#pragma once
/// What POST /v1/batches and POST /v1/quotes ask for: the same body.

#include <cstdint>
#include <optional>
#include <string>

#include "coordinator/api/http.h"
#include "coordinator/openai/request.h"
#include "shared/model/money.h"

namespace gleaner::api {

struct BatchRequest {
    FileId input;
    openai::Endpoint endpoint = openai::Endpoint::chat_completions;
    Duration window{};
    std::string metadata;  ///< JSON; empty: none
    PrivacyClass privacy = PrivacyClass::any;
    std::int32_t replicas = 1;
    std::optional<Money> max_price;          ///< in the project's currency
    std::optional<std::int64_t> price_book;  ///< the version that the customer was quoted
    /// As asked, a contract's id or "none"; once placed, the id of the contract on whose machines
    /// it works, or unset.
    std::optional<std::string> reservation;
};

/// Errors: 400, naming the member.
[[nodiscard]] ApiResult<BatchRequest> read_batch_request(const std::string& text,
                                                         const Request& request);

}  // namespace gleaner::api
