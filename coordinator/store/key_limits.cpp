#include "coordinator/store/key_limits.h"

namespace gleaner::store {

namespace {

Error invalid(const char* message) {
    return {ErrorCode::invalid_argument, message};
}

}  // namespace

Status check_key_limits(PrincipalKind kind, const KeyLimits& limits, WallTime now) {
    if (limits.expires && *limits.expires <= now)
        return invalid("a key expires in the future: give a later time");
    const bool has_limits = limits.scopes != usual_scopes || limits.monthly_cap ||
                            limits.requests_per_minute != 0 || limits.tokens_per_minute != 0;
    if (kind != PrincipalKind::project && has_limits)
        return invalid("only a project's key has scopes, a spend cap and rates: leave them out");
    if (limits.scopes.empty())
        return invalid("a key needs at least one scope: inference, batches, files, usage or admin");
    if (limits.monthly_cap && *limits.monthly_cap <= Money{})
        return invalid("a spend cap is an amount above zero: leave it out for none");
    if (limits.requests_per_minute < 0 || limits.tokens_per_minute < 0)
        return invalid("requests and tokens per minute are numbers above zero: 0 means no limit");
    return ok();
}

}  // namespace gleaner::store
