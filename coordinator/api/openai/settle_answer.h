#pragma once
/// An online answer's money and receipt.

#include "coordinator/api/openai/online_answer.h"
#include "shared/model/money.h"

namespace gleaner::store {
class StoreExecutor;
}

namespace gleaner::api {

/// Meter records of the answer's parts with its receipt, empty when nothing reached the customer.
[[nodiscard]] store::Acceptance acceptance_of(const OnlineAnswer::Order& order,
                                              const std::vector<AnswerPart>& parts,
                                              std::uint32_t attempts, WallTime at);

/// Hands the acceptance to the store without waiting for it; tries again while the store cannot
/// write. Returns the price.
[[nodiscard]] Money settle_answer(store::StoreExecutor& store, const Clock& clock,
                                  const OnlineAnswer& answer);

}  // namespace gleaner::api
