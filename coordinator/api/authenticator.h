#pragma once
/// Bearer keys → callers. Known keys are kept for some seconds, so that thousands of requests a
/// second do not each ask the store; a revoked key is refused at once after forget().

#include <string>
#include <string_view>
#include <unordered_map>

#include <boost/asio/awaitable.hpp>

#include "coordinator/api/http.h"
#include "shared/util/clock.h"

namespace gleaner::store {
class StoreExecutor;
}

namespace gleaner::api {

/// Single-threaded. Both references must outlive it.
class Authenticator {
public:
    static constexpr Duration kept_for = std::chrono::seconds(5);

    Authenticator(store::StoreExecutor& store, const Clock& clock);

    /// `authorization`: the header's value. Errors: 401 without a key or with one that is unknown
    /// or revoked (one message for both); 503 when the store cannot be asked.
    [[nodiscard]] boost::asio::awaitable<ApiResult<Caller>> caller(std::string authorization);

    /// After a key was revoked, or a customer changed.
    void forget() { known_.clear(); }

private:
    struct Known {
        Caller caller;
        Time until;
    };
    store::StoreExecutor& store_;
    const Clock& clock_;
    std::unordered_map<std::string, Known> known_;  ///< by the key's SHA-256
};

}  // namespace gleaner::api
