#pragma once
/// Idempotency-Key: a request that is sent again gets the first one's reply instead of being done
/// twice.

#include <optional>
#include <set>
#include <string>
#include <utility>

#include <boost/asio/awaitable.hpp>

#include "coordinator/api/http.h"
#include "coordinator/store/records.h"

namespace gleaner::store {
class StoreExecutor;
}

namespace gleaner::api {

class IdempotencyKeys;

/// The key of one request, held while it is being answered.
class IdempotencyKey {
public:
    IdempotencyKey(IdempotencyKey&& other) noexcept;
    IdempotencyKey& operator=(IdempotencyKey&&) = delete;
    ~IdempotencyKey();

    /// Keeps the reply. A reply that must be kept with what it speaks of goes into that transaction
    /// instead: Store::finish_idempotency_key, or Acceptance::reply.
    [[nodiscard]] boost::asio::awaitable<void> finish(int status, std::string body);
    /// Forgets the key: the request did nothing and may be sent again.
    [[nodiscard]] boost::asio::awaitable<void> release();
    /// finish() for errors that would come again, release() for others.
    [[nodiscard]] boost::asio::awaitable<void> settle(ApiError error);
    /// False for an error that passes: the request may be sent again with the same key.
    [[nodiscard]] static bool keeps(const ApiError& error);
    /// For Acceptance::reply.
    [[nodiscard]] store::KeptReply reply(int status, std::string body) const;

    [[nodiscard]] const std::string& text() const { return key_; }

private:
    friend class IdempotencyKeys;
    IdempotencyKey(IdempotencyKeys& keys, ProjectId project, std::string key);
    IdempotencyKeys* keys_;
    ProjectId project_;
    std::string key_;
};

/// All keys of this process. Single-threaded; outlives its keys.
class IdempotencyKeys {
public:
    explicit IdempotencyKeys(store::StoreExecutor& store) : store_(store) {}

    /// Claims the key of the request's header. Nothing when the request has none. When the reply is
    /// known already it is sent and `replayed` is set. A key whose first request died with an
    /// earlier process is taken over: that request has done nothing. Errors: 400 (malformed key),
    /// 409 (the first request still runs), 422 (the key was used for another request).
    [[nodiscard]] boost::asio::awaitable<ApiResult<std::optional<IdempotencyKey>>> claim(
        Request& request, const std::string& body, Reply& reply, bool& replayed);

private:
    friend class IdempotencyKey;
    store::StoreExecutor& store_;
    std::set<std::pair<ProjectId, std::string>> running_;
};

}  // namespace gleaner::api
