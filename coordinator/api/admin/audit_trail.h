#pragma once
/// Records what an operator does through the admin API: what they are about to do before it is
/// done, and how it went afterwards. Nothing is done that could not be recorded first.

#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "coordinator/api/admin/call.h"
#include "coordinator/api/http.h"
#include "coordinator/store/executor.h"

namespace gleaner::admin {

/// What is kept of a request's body, at most.
inline constexpr std::size_t audit_sent_bytes_max = 4'096;

/// A JSON body with what is secret left out: keys, passwords, tokens, account numbers and people's
/// names beside them, by the members' names, and any text that looks like one of our keys. Long
/// texts and long bodies are cut. Of what is no JSON only the size is kept.
[[nodiscard]] std::string without_secrets(std::string_view body);

/// "200", or "404 not_found: no such site".
[[nodiscard]] std::string outcome_of(const api::ApiResult<Document>& answer);

/// One request's two rows. Records operators' calls, but not those that only read.
class AuditTrail {
public:
    /// Both outlive it.
    AuditTrail(store::StoreExecutor& store, const api::Request& request)
        : store_(store), request_(request) {}

    /// Errors: unavailable when it cannot be recorded: then nothing must be done.
    [[nodiscard]] boost::asio::awaitable<Status> begin(std::string sent);
    /// Also when the first row was not written. A failure is logged: what was done stays done.
    [[nodiscard]] boost::asio::awaitable<void> end(std::string outcome);

private:
    store::StoreExecutor& store_;
    const api::Request& request_;
    std::optional<std::int64_t> intent_;
};

}  // namespace gleaner::admin
