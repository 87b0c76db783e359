#include "coordinator/ledger/audit_chain.h"

#include <algorithm>
#include <charconv>

namespace gleaner::ledger {

namespace {

/// The length stands in front, so that no two lists of fields give the same text.
void add(std::string& text, std::string_view field) {
    text.append(std::to_string(field.size())).append(":").append(field).append("\n");
}

bool is_hash(std::string_view text) {
    return text.size() == 64 && std::ranges::all_of(text, [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
           });
}

}  // namespace

std::string to_text(const AuditHead& head) {
    return std::to_string(head.number) + ":" + head.hash;
}

std::optional<AuditHead> parse_audit_head(std::string_view text) {
    AuditHead head;
    const auto* end = text.data() + text.size();
    const auto [rest, problem] = std::from_chars(text.data(), end, head.number);
    if (problem != std::errc{} || head.number < 1 || rest == end || *rest != ':')
        return std::nullopt;
    head.hash.assign(rest + 1, end);
    if (!is_hash(head.hash)) return std::nullopt;
    return head;
}

std::string chained_text(const AuditRow& row, std::string_view previous_hash) {
    std::string text;
    add(text, previous_hash);
    add(text, std::to_string(row.number));
    add(text, std::to_string(row.at.micros));
    for (const auto* field : {&row.who, &row.credential, &row.action, &row.sent}) add(text, *field);
    add(text, std::to_string(row.intent));
    add(text, row.outcome);
    return text;
}

}  // namespace gleaner::ledger
