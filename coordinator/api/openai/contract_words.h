#pragma once
/// A contract with a customer in sentences, so that nobody signs what they did not read.

#include <string>
#include <vector>

#include "coordinator/store/customer_contracts.h"

namespace gleaner::api {

/// What the customer gets, pays and may do, one sentence or two each; times are Shanghai's.
/// `choices`: what leaving would cost now; without them that stays out.
[[nodiscard]] std::vector<std::string> contract_in_english(
    const store::CustomerContract& contract, const std::optional<store::ContractChoices>& choices);
[[nodiscard]] std::vector<std::string> contract_in_chinese(
    const store::CustomerContract& contract, const std::optional<store::ContractChoices>& choices);

/// The price of an hour of one device in a band.
[[nodiscard]] Money hour_in(const ledger::Tariff& hour, const ledger::TimeBand& band);
/// And outside of all bands.
[[nodiscard]] Money hour_outside_bands(const ledger::Tariff& hour);

}  // namespace gleaner::api
