#include "coordinator/api/openai/idempotency.h"

#include <algorithm>

#include "coordinator/store/executor.h"
#include "shared/artefact/sha256.h"
#include "shared/util/log.h"

namespace gleaner::api {

namespace asio = boost::asio;
using StoredReply = store::Store::StoredReply;

namespace {

constexpr std::size_t key_bytes_max = 255;

}  // namespace

IdempotencyKey::IdempotencyKey(IdempotencyKeys& keys, ProjectId project, std::string key)
    : keys_(&keys), project_(std::move(project)), key_(std::move(key)) {
    keys_->running_.emplace(project_, key_);
}

IdempotencyKey::IdempotencyKey(IdempotencyKey&& other) noexcept
    : keys_(std::exchange(other.keys_, nullptr)),
      project_(std::move(other.project_)),
      key_(std::move(other.key_)) {}

IdempotencyKey::~IdempotencyKey() {
    if (keys_ != nullptr) keys_->running_.erase({project_, key_});
}

asio::awaitable<ApiResult<std::optional<IdempotencyKey>>> IdempotencyKeys::claim(
    Request& request, const std::string& body, Reply& reply, bool& replayed) {
    replayed = false;
    const std::string key(request.header("idempotency-key"));
    if (key.empty()) co_return std::optional<IdempotencyKey>();
    const bool printable = std::ranges::all_of(key, [](char c) { return c >= ' ' && c <= '~'; });
    if (key.size() > key_bytes_max || !printable)
        co_return openai::invalid_request(
            "An Idempotency-Key has 1 to 255 printable ASCII characters.", "Idempotency-Key");
    const auto project = request.caller->project;
    // The same key with another address or body is another request.
    const auto hash = hash_bytes(request.path + '\n' + body).get();
    std::function<Result<std::optional<StoredReply>>(store::Store&)> take = [&](store::Store& s) {
        return s.claim_idempotency_key(project, key, hash);
    };
    const auto known = co_await store_.write(std::move(take));
    if (known.has_error()) co_return ApiError(known.error());
    const bool fresh = !known.value().has_value();
    const bool orphaned = !fresh && known.value()->http_status == 0 &&
                          known.value()->request_sha256 == hash &&
                          !running_.contains({project, key});
    if (fresh || orphaned) {
        IdempotencyKey claimed(*this, project, key);
        co_return std::optional<IdempotencyKey>(std::move(claimed));
    }
    const auto& stored = *known.value();
    if (stored.request_sha256 != hash) {
        co_return ApiError(422, "invalid_request_error", "idempotency_key_reused",
                           "This Idempotency-Key was used for another request: take a new one.");
    }
    if (stored.http_status == 0) {
        ApiError error(409, "invalid_request_error", "idempotency_in_progress",
                       "The first request with this Idempotency-Key is still being answered.");
        co_return std::move(error).retry_in(std::chrono::seconds(1));
    }
    reply.add_header("Idempotent-Replayed", "true");
    (void)co_await reply.send_json(stored.http_status, stored.body);
    replayed = true;
    co_return std::optional<IdempotencyKey>();
}

asio::awaitable<void> IdempotencyKey::finish(int status, std::string body) {
    std::function<Result<int>(store::Store&)> keep = [&](store::Store& s) -> Result<int> {
        GLEANER_TRY(s.finish_idempotency_key(project_, key_, status, body));
        return 0;
    };
    const auto kept = co_await keys_->store_.write(std::move(keep));
    if (kept.has_error())
        spdlog::error("event=idempotency_reply_not_kept why=\"{}\"", kept.error().message());
}

asio::awaitable<void> IdempotencyKey::release() {
    std::function<Result<int>(store::Store&)> forget = [&](store::Store& s) -> Result<int> {
        GLEANER_TRY(s.release_idempotency_key(project_, key_));
        return 0;
    };
    const auto released = co_await keys_->store_.write(std::move(forget));
    if (released.has_error())
        spdlog::error("event=idempotency_key_not_released why=\"{}\"", released.error().message());
}

bool IdempotencyKey::keeps(const ApiError& error) {
    return error.status() < 500 && error.status() != 429 && error.status() != 401;
}

store::KeptReply IdempotencyKey::reply(int status, std::string body) const {
    store::KeptReply kept;
    kept.project = project_;
    kept.key = key_;
    kept.http_status = status;
    kept.body = std::move(body);
    return kept;
}

asio::awaitable<void> IdempotencyKey::settle(ApiError error) {
    if (!keeps(error)) return release();
    auto body = error.body();
    return finish(error.status(), std::move(body));
}

}  // namespace gleaner::api
