#pragma once
/// What a customer or an operator asks to be offered, as JSON.
///
///   reserve     {"device_class": "NVIDIA GeForce RTX 4060", "devices": 4, "privacy": "any"}
///   monthly     "20000"                       instead: a commitment of work at locked prices
///   from, to    1767225600, "2027-01-01" or "2027-01-01T08:00:00Z"; reserved by the hour
///   months      1 to 3, instead of "to"; with "renews": true it goes on month by month
///   project     "proj_…"; the key's own when left out

#include <string>

#include <boost/json/fwd.hpp>

#include "coordinator/store/customer_contracts.h"
#include "shared/util/result.h"

namespace gleaner::api {

struct ContractRequest {
    store::ContractWish wish;  ///< its project is empty when none was named
    store::ContractClauses clauses;
};

/// `usual`: the clauses of the coordinator's settings. Only an operator may set others:
/// `own_clauses`. Errors: invalid_argument, naming the member; what depends on the time, on prices
/// and on devices is the store's to refuse.
[[nodiscard]] Result<ContractRequest> read_contract_request(const boost::json::object& body,
                                                            const store::ContractClauses& usual,
                                                            bool own_clauses);

/// The one member of a request that agrees to an amount: "fee" or "penalty" as it was shown.
/// Errors: invalid_argument that says where it is shown.
[[nodiscard]] Result<Money> read_agreed_amount(const boost::json::object& body,
                                               std::string_view name);

}  // namespace gleaner::api
