#pragma once
/// A contract with a customer as JSON, the same for its customer and for operators: times are Unix
/// seconds, amounts decimals in texts, shares basis points.

#include <boost/json/object.hpp>

#include "coordinator/store/customer_contracts.h"

namespace gleaner::api {

/// With all that follows from it now: what repricing and leaving would cost, what was delivered
/// this month, the terms in sentences. Reads the store.
[[nodiscard]] Result<boost::json::object> contract_json(store::Store& store,
                                                        const store::CustomerContract& contract,
                                                        WallTime now);
/// A list's line: only what it says itself.
[[nodiscard]] boost::json::object contract_line(const store::CustomerContract& contract,
                                                WallTime now);
/// {"object": "list", "data": […]} of such lines.
[[nodiscard]] boost::json::object contract_list(
    const std::vector<store::CustomerContract>& contracts, WallTime now);

/// May this key see it? A project's key sees its own project's, one with the scope `admin` its
/// customer's; to others it does not exist. An operator sees all.
[[nodiscard]] bool may_see(const store::Principal& who, const store::CustomerContract& contract);

}  // namespace gleaner::api
