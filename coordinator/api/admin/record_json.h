#pragma once
/// The store's records as the admin API shows them. Never a secret or its hash.

#include <optional>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "coordinator/api/admin/grid_control.h"
#include "coordinator/ledger/ledger.h"
#include "coordinator/store/budgets.h"
#include "coordinator/store/records.h"
#include "coordinator/store/statement_records.h"

namespace gleaner::store {
struct Referral;
struct ReferralCode;
struct RevenueContract;
struct WithheldNode;
}  // namespace gleaner::store

namespace gleaner::admin {

[[nodiscard]] boost::json::object to_json(const store::Owner& owner);
[[nodiscard]] boost::json::object to_json(const store::Partner& partner);
[[nodiscard]] boost::json::object to_json(const store::Customer& customer);
[[nodiscard]] boost::json::object to_json(const store::Project& project);
[[nodiscard]] boost::json::object to_json(const store::Credential& credential);
[[nodiscard]] boost::json::object to_json(const store::Budget& budget);
[[nodiscard]] boost::json::object to_json(const store::BudgetAlert& alert);
[[nodiscard]] boost::json::object to_json(const store::Site& site);
[[nodiscard]] boost::json::object to_json(const store::EnrolmentToken& token);
[[nodiscard]] boost::json::object to_json(const store::Node& node,
                                          const std::optional<LiveNode>& live);
[[nodiscard]] boost::json::object to_json(const store::BenchRecord& report);
[[nodiscard]] boost::json::object to_json(const store::Model& model);
[[nodiscard]] boost::json::object to_json(const store::EnginePackage& engine);
[[nodiscard]] boost::json::object to_json(const store::RevenueContract& contract);
[[nodiscard]] boost::json::object to_json(const store::ReferralCode& code);
[[nodiscard]] boost::json::object to_json(const store::Referral& referral);
[[nodiscard]] boost::json::object to_json(const store::WithheldNode& node);
[[nodiscard]] boost::json::object to_json(const ledger::Statement& statement);
[[nodiscard]] boost::json::object to_json(const ledger::CheckReport& report);
[[nodiscard]] boost::json::object to_json(const store::LineRecord& record);
[[nodiscard]] boost::json::object to_json(const store::LineEntry& entry);

/// {"data": […]} of records.
template <class Records>
[[nodiscard]] boost::json::value to_list(const Records& records) {
    boost::json::array data;
    for (const auto& record : records) data.push_back(to_json(record));
    return boost::json::object{{"data", std::move(data)}};
}

}  // namespace gleaner::admin
