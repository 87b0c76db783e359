#pragma once
/// An invoice or a credit note as a paper, and as data for issuing fapiao in the tax system. Pure.

#include <span>
#include <string>

#include "coordinator/documents/paper.h"
#include "coordinator/ledger/invoice.h"

namespace gleaner::documents {

/// `sha256`: of the invoice's JSON.
[[nodiscard]] Paper invoice_paper(const ledger::Invoice& invoice, const std::string& sha256,
                                  Language language);

/// The two sheets of the tax system's template for issuing fully digital fapiao in bulk
/// (批量开票导入模板): exported, not issued. Headings and fixed words are Chinese in any case.
/// Credit notes are left out: a red fapiao (红字发票) begins with a confirmation in the tax system.
[[nodiscard]] std::string fapiao_basics_csv(std::span<const ledger::Invoice> invoices);
[[nodiscard]] std::string fapiao_details_csv(std::span<const ledger::Invoice> invoices);

/// The remark on an invoice's fapiao: "Gleaner GL-2026-000017, 2026-11".
[[nodiscard]] std::string fapiao_remark(const ledger::Invoice& invoice);
/// "0.06".
[[nodiscard]] std::string tax_rate_text(std::uint32_t rate);

}  // namespace gleaner::documents
