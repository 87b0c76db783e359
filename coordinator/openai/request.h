#pragma once
/// A customer's request, checked and turned into the engine's: what OpenAI's clients send that an
/// engine must not see (model, user, streaming details) is taken out, what it needs is put in.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/fwd.hpp>

#include "coordinator/openai/api_error.h"
#include "shared/model/privacy.h"

namespace gleaner::openai {

/// What the engine is sent of one request. A message to a node takes 4 MiB; the rest is left for
/// the answer so far, when another node goes on with it.
inline constexpr std::size_t engine_body_bytes_max = 3U << 20U;

enum class Endpoint : std::uint8_t { chat_completions, completions, embeddings };

/// "/v1/chat/completions" → chat_completions.
[[nodiscard]] std::optional<Endpoint> parse_endpoint(std::string_view path);
[[nodiscard]] std::string_view path_of(Endpoint endpoint);

/// What checking needs to know of a model.
struct ModelFacts {
    std::string name;
    std::int64_t context_tokens = 0;  ///< 0: unknown
    bool embeddings = false;
};

/// Null for a model that does not exist.
using ModelLookup = std::function<const ModelFacts*(std::string_view name)>;

struct RequestPolicy {
    bool may_stream = true;  ///< a batch line may not
    std::uint32_t seed = 0;  ///< used when the request brings none
};

struct EngineRequest {
    Endpoint endpoint = Endpoint::chat_completions;
    std::string model;
    std::string body;  ///< for the engine, JSON
    bool stream = false;
    bool include_usage = false;
    bool structured = false;  ///< the output follows a grammar or schema
    bool has_tools = false;
    std::int32_t top_logprobs = -1;         ///< wanted alternatives; -1: no log-probabilities
    std::int64_t prompt_bytes = 0;          ///< of text; a token id counts as one
    std::int64_t messages = 1;              ///< or inputs: each has marks of its own
    std::int64_t generated_tokens_max = 0;  ///< the request's limit or the model's
    std::int64_t seed = 0;
    std::optional<PrivacyClass> privacy;
    /// A contract's id or "none"; unset: what the project has.
    std::optional<std::string> reservation;
};

/// Errors: 400 with `param`, 404 for an unknown model, 413 beyond engine_body_bytes_max.
[[nodiscard]] ApiResult<EngineRequest> check_request(Endpoint endpoint,
                                                     const boost::json::object& body,
                                                     const ModelLookup& models,
                                                     const RequestPolicy& policy);
/// The same from text.
[[nodiscard]] ApiResult<EngineRequest> check_request(Endpoint endpoint, std::string_view body,
                                                     const ModelLookup& models,
                                                     const RequestPolicy& policy);
/// A question with a known answer, as an item of a batch is sent: nothing may tell the two apart.
/// It may leave its model out. Errors: as above.
[[nodiscard]] ApiResult<EngineRequest> check_canary(std::string_view chat_body, std::uint32_t seed);

}  // namespace gleaner::openai
