#include "coordinator/api/authenticator.h"

#include "coordinator/store/executor.h"
#include "shared/artefact/sha256.h"

namespace gleaner::api {

namespace asio = boost::asio;

namespace {

constexpr std::size_t known_max = 10'000;
constexpr std::size_t key_bytes_max = 256;

ApiError no_key() {
    return {401, "invalid_request_error", "",
            "You didn't provide an API key. Provide it in an Authorization header using Bearer "
            "auth (i.e. Authorization: Bearer YOUR_KEY)."};
}

ApiError wrong_key() {
    return {401, "invalid_request_error", "invalid_api_key",
            "Incorrect API key provided: it is unknown here, expired or revoked. Ask your operator "
            "for a new one (gleanerctl apikey new)."};
}

}  // namespace

Authenticator::Authenticator(store::StoreExecutor& store, const Clock& clock)
    : store_(store), clock_(clock) {}

asio::awaitable<ApiResult<Caller>> Authenticator::caller(std::string authorization) {
    std::string_view key = authorization;
    constexpr std::string_view scheme = "bearer ";
    const bool bearer =
        key.size() > scheme.size() && std::equal(scheme.begin(), scheme.end(), key.begin(),
                                                 [](char a, char b) { return a == (b | 0x20); });
    if (!bearer) co_return no_key();
    key.remove_prefix(scheme.size());
    if (key.size() > key_bytes_max) co_return wrong_key();

    const auto hash = hash_bytes(key).get();
    const auto now = clock_.now();
    if (const auto known = known_.find(hash); known != known_.end()) {
        const auto& expires = known->second.caller.principal.expires;
        const bool expired = expires && *expires <= clock_.wall();
        if (now < known->second.until && !expired) co_return known->second.caller;
        known_.erase(known);
    }
    std::function<Result<Caller>(store::Store&)> load = [&hash](store::Store& s) -> Result<Caller> {
        Caller caller;
        GLEANER_TRY(caller.principal, s.authenticate(hash));
        if (caller.principal.kind != store::PrincipalKind::project) return caller;
        caller.project = ProjectId{caller.principal.subject};
        caller.customer = caller.principal.customer;
        GLEANER_TRY(const auto customer, s.customer(caller.customer));
        caller.own_sites_of = customer.own_sites_of;
        GLEANER_TRY(const auto project, s.project(caller.project));
        caller.currency = project.currency;
        caller.weight = customer.weight;
        return caller;
    };
    auto loaded = co_await store_.read(std::move(load));
    if (loaded.has_error()) {
        if (loaded.error().code() == ErrorCode::unauthenticated) co_return wrong_key();
        co_return ApiError(loaded.error());
    }
    if (known_.size() >= known_max) known_.clear();
    known_[hash] = {loaded.value(), now + kept_for};
    co_return std::move(loaded).value();
}

}  // namespace gleaner::api
