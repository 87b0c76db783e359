#pragma once
/// Payouts as the admin API shows them: of account data only its masked end.

#include <boost/json/object.hpp>

#include "coordinator/store/operators.h"
#include "coordinator/store/payouts.h"

namespace gleaner::admin {

[[nodiscard]] boost::json::object to_json(const store::Operator& operator_);
[[nodiscard]] boost::json::object to_json(const store::PayoutAccount& account);
[[nodiscard]] boost::json::object to_json(const store::PayoutBatch& batch);
/// Who of the platform did what is told to operators only.
[[nodiscard]] boost::json::object to_json(const store::Payout& payout, bool for_operator);

}  // namespace gleaner::admin
