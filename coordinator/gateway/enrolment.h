#pragma once
/// POST /node/v1/enrol. Internal to coordinator/gateway.

#include <string>

#include <boost/asio/awaitable.hpp>

#include "coordinator/gateway/gateway_state.h"
#include "coordinator/gateway/http_exchange.h"

namespace gleaner::gateway {

/// `address`: of the peer, for the limit on wrong tokens. The token is never logged.
[[nodiscard]] boost::asio::awaitable<Reply> answer_enrolment(Shared& shared, std::string body,
                                                             std::string address);

/// How long a node may use a fresh certificate before it asks for the next one, in seconds.
[[nodiscard]] std::uint32_t renew_after_seconds(const GatewayOptions& options);

}  // namespace gleaner::gateway
