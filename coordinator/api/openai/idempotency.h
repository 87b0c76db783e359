#pragma once
/// Idempotency-Key: a request that is sent again gets the first one's reply instead of being done
/// twice.

#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "coordinator/api/http.h"

namespace gleaner::store {
class StoreExecutor;
}

namespace gleaner::api {

/// The key of one request, held while it is being answered.
class IdempotencyKey {
public:
    /// Claims the key of the request's header. Nothing when the request has none. When the reply is
    /// known already it is sent and `replayed` is set. Errors: 400 (malformed key), 409 (the first
    /// request still runs), 422 (the key was used for another request).
    [[nodiscard]] static boost::asio::awaitable<ApiResult<std::optional<IdempotencyKey>>> claim(
        store::StoreExecutor& store, Request& request, const std::string& body, Reply& reply,
        bool& replayed);

    /// Keeps the reply. For a reply that must be kept with what it speaks of, call
    /// Store::finish_idempotency_key in that transaction instead.
    [[nodiscard]] boost::asio::awaitable<void> finish(int status, std::string body);
    /// Forgets the key: the request did nothing and may be sent again.
    [[nodiscard]] boost::asio::awaitable<void> release();
    /// finish() for errors that would come again, release() for others.
    [[nodiscard]] boost::asio::awaitable<void> settle(ApiError error);

    [[nodiscard]] const std::string& text() const { return key_; }

private:
    IdempotencyKey(store::StoreExecutor& store, ProjectId project, std::string key)
        : store_(&store), project_(std::move(project)), key_(std::move(key)) {}
    store::StoreExecutor* store_;
    ProjectId project_;
    std::string key_;
};

}  // namespace gleaner::api
