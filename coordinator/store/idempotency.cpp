#include "coordinator/store/state.h"
#include "coordinator/store/store.h"

namespace gleaner::store {

namespace {

/// How long a reply is kept for a repeated request.
constexpr Duration kept_for = 24h;

}  // namespace

Result<std::optional<Store::StoredReply>> Store::claim_idempotency_key(
    const ProjectId& project, std::string_view key, std::string_view request_sha256) {
    using Claim = std::optional<StoredReply>;
    return state_->atomically([&]() -> Result<Claim> {
        Database& database = *state_->database;
        const WallTime now = state_->clock.wall();
        GLEANER_TRY(database.run(sql::expire_idempotency_keys, now - kept_for));
        GLEANER_TRY(auto claimed, database.change(sql::insert_idempotency_key, project, key,
                                                  request_sha256, now));
        if (claimed > 0) return Claim{};
        Query query(database, sql::select_idempotency_key, project, key);
        GLEANER_TRY(auto found, query.next());
        if (!found) return Error(ErrorCode::internal, "an idempotency key vanished");
        return Claim{StoredReply{query.text("request_sha256"),
                                 static_cast<std::int32_t>(query.integer("http_status")),
                                 query.text("body")}};
    });
}

Status Store::finish_idempotency_key(const ProjectId& project, std::string_view key,
                                     std::int32_t http_status, std::string_view body) {
    if (http_status <= 0) {
        return Error(ErrorCode::invalid_argument, "a finished reply has an HTTP status");
    }
    return state_->database->run(sql::finish_idempotency_key, project, key, http_status, body);
}

Status Store::release_idempotency_key(const ProjectId& project, std::string_view key) {
    return state_->database->run(sql::release_idempotency_key, project, key);
}

}  // namespace gleaner::store
