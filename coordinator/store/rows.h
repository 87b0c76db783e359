#pragma once
/// One function per table: a row, by column names, as its record.

#include "coordinator/ledger/ledger.h"
#include "coordinator/store/records.h"
#include "coordinator/store/sqlite/statement.h"

namespace gleaner::store {

[[nodiscard]] std::string_view to_string(PrincipalKind kind);
[[nodiscard]] PrincipalKind principal_kind(const std::string& text);
/// support for what is none.
[[nodiscard]] OperatorRole operator_role(const std::string& text);
[[nodiscard]] Plausibility plausibility(const std::string& text);
[[nodiscard]] JobState job_state(const std::string& text);
[[nodiscard]] Currency currency(const std::string& code);
[[nodiscard]] Scopes scopes(const std::string& text);
/// completed, failed, expired, cancelled.
[[nodiscard]] bool ended(JobState state);

[[nodiscard]] Owner owner_row(const Query& row);
[[nodiscard]] Partner partner_row(const Query& row);
[[nodiscard]] Customer customer_row(const Query& row);
[[nodiscard]] Project project_row(const Query& row);
[[nodiscard]] Credential credential_row(const Query& row);
[[nodiscard]] Site site_row(const Query& row);
[[nodiscard]] EnrolmentToken token_row(const Query& row);
[[nodiscard]] Node node_row(const Query& row);
[[nodiscard]] BenchRecord bench_row(const Query& row);
[[nodiscard]] Model model_row(const Query& row);
[[nodiscard]] Canary canary_row(const Query& row);
[[nodiscard]] EnginePackage engine_row(const Query& row);
[[nodiscard]] File file_row(const Query& row);
[[nodiscard]] Job job_row(const Query& row);
[[nodiscard]] ItemOutcome outcome_row(const Query& row);
/// All but what it sums over.
[[nodiscard]] ledger::StatementLine line_row(const Query& row);

/// outcomes.key: job number and index in one integer.
[[nodiscard]] constexpr std::int64_t outcome_key(std::int64_t job_number, std::int64_t index) {
    return (job_number << 32) | index;
}
inline constexpr std::int64_t outcome_index_end = std::int64_t{1} << 32;

}  // namespace gleaner::store
