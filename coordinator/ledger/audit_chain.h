#pragma once
/// The log of what operators did: each row's hash covers the row before it, so that none can be
/// changed, taken out, put in or moved without all later hashes changing. Pure; whoever calls
/// hashes.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/util/clock.h"

namespace gleaner::ledger {

struct AuditRow {
    std::int64_t number = 0;  ///< 1, 2, 3, …
    WallTime at;
    std::string who;         ///< the operator's name
    std::string credential;  ///< id of the key that was used
    std::string action;      ///< "POST /api/v1/owners"
    std::string sent;        ///< what was asked for, without secrets
    /// 0: the row says what is about to be done. Else it says how that row's act ended.
    std::int64_t intent = 0;
    std::string outcome;  ///< "200", "404 not_found: no such site"; empty in an intent
    std::string hash;     ///< 64 hex characters
};

/// The newest row: whoever keeps it can tell later whether rows at the end are gone.
struct AuditHead {
    std::int64_t number = 0;  ///< 0: no rows
    std::string hash;
    friend bool operator==(const AuditHead&, const AuditHead&) = default;
};

/// "12:4f…" (decimal number, 64 hex characters) and back; nothing for what is none.
[[nodiscard]] std::string to_text(const AuditHead& head);
[[nodiscard]] std::optional<AuditHead> parse_audit_head(std::string_view text);

/// What a row's hash is the SHA-256 of: the hash of the row before and all of the row but its own.
/// Different rows have different texts. The first row follows `audit_genesis`.
[[nodiscard]] std::string chained_text(const AuditRow& row, std::string_view previous_hash);

inline constexpr std::string_view audit_genesis =
    "0000000000000000000000000000000000000000000000000000000000000000";

}  // namespace gleaner::ledger
