#include "coordinator/store/payout_rows.h"

#include <algorithm>

#include "coordinator/store/rows.h"
#include "shared/util/check.h"

namespace gleaner::store {

namespace {

using ledger::PayoutState;

constexpr std::size_t key_bytes_max = 200;

PayoutState payout_state(const std::string& text) {
    const auto known = ledger::parse_payout_state(text);
    GLEANER_CHECK(known.has_value(), "a CHECK of the table names every state");
    return *known;
}

PayoutOrigin payout_origin(const std::string& text) {
    for (const auto origin : {PayoutOrigin::party, PayoutOrigin::operator_, PayoutOrigin::schedule})
        if (to_string(origin) == text) return origin;
    GLEANER_CHECK(false, "a CHECK of the table names every origin");
    return PayoutOrigin::party;
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find('\n', at), text.size());
        lines.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return lines;
}

}  // namespace

std::string_view to_string(PayoutOrigin origin) {
    switch (origin) {
        case PayoutOrigin::party:
            return "party";
        case PayoutOrigin::operator_:
            return "operator";
        case PayoutOrigin::schedule:
            return "schedule";
    }
    return "unknown";
}

PayoutParty payout_party(const Query& row) {
    const bool is_owner = row.text("party_kind") == "owner";
    return {is_owner ? ledger::PartyKind::owner : ledger::PartyKind::partner, row.text("party")};
}

ledger::PayoutMethod payout_method(const std::string& text) {
    const auto known = ledger::parse_payout_method(text);
    GLEANER_CHECK(known.has_value(), "a CHECK of the table names every method");
    return *known;
}

Payout payout_row(const Query& row) {
    Payout payout;
    payout.id = row.text("id");
    payout.number = row.integer("number");
    payout.party = payout_party(row);
    payout.account_version = row.integer("account_version");
    payout.method = payout_method(row.text("method"));
    payout.masked = row.text("masked");
    payout.sealed = row.text("sealed");
    payout.currency = currency(row.text("currency"));
    payout.amount = row.money("micros");
    payout.state = payout_state(row.text("state"));
    payout.origin = payout_origin(row.text("origin"));
    payout.approvals.needed = static_cast<std::int32_t>(row.integer("approvals_needed"));
    payout.approvals.requested_by = row.text("requested_by");
    payout.approvals.operators = lines_of(row.text("approved_by"));
    if (!row.null("batch")) payout.batch = row.integer("batch");
    payout.requested = row.time("requested");
    payout.approved = row.optional_time("approved");
    payout.sent = row.optional_time("sent");
    payout.ended = row.optional_time("ended");
    payout.ended_by = row.text("ended_by");
    payout.note = row.text("note");
    return payout;
}

PayoutBatch batch_row(const Query& row) {
    PayoutBatch batch;
    batch.number = row.integer("number");
    batch.currency = currency(row.text("currency"));
    batch.method = payout_method(row.text("method"));
    batch.payouts = row.integer("payouts");
    batch.total = row.money("micros");
    batch.payer_login = row.text("payer_login");
    batch.payer_name = row.text("payer_name");
    batch.exported = row.time("exported");
    batch.exported_by = row.text("exported_by");
    return batch;
}

ledger::Account account_of(const PayoutParty& party, Currency currency) {
    if (party.kind == ledger::PartyKind::owner)
        return ledger::owner_account(OwnerId{party.id}, currency);
    return ledger::partner_account(PartnerId{party.id}, currency);
}

Status require_payout_key(std::string_view key) {
    if (!key.empty() && key.size() <= key_bytes_max) return ok();
    return Error(ErrorCode::invalid_argument,
                 "an idempotency key of 1 to 200 bytes makes a request unique");
}

}  // namespace gleaner::store
