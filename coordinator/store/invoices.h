#pragma once
/// Invoices of months that are over, credit notes for what was reversed later, and customers' tax
/// data. What is issued never changes: the same month is issued once.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/ledger/invoice.h"
#include "coordinator/store/store.h"
#include "shared/util/result.h"

namespace gleaner::store {

/// Empty members select nothing.
struct InvoiceFilter {
    std::optional<Month> month;
    CustomerId customer;
};

class Invoices {
public:
    explicit Invoices(Store& store) : store_(store) {}

    /// Errors: not_found (the customer), and ledger::check's.
    Status set_tax(const CustomerId& customer, const ledger::Buyer& buyer);
    /// As it is set; before that a general fapiao for the customer's name.
    Result<ledger::Buyer> tax(const CustomerId& customer);

    /// Makes the customer's documents of a month: an invoice in each currency in which they
    /// consumed, and credit notes for reversals of what earlier invoices had charged. Repeating it
    /// makes nothing new; returned are all documents of that month. Amounts below half a hundredth
    /// are not invoiced. Errors: failed_precondition (the month is not over; the seller has no
    /// title or number), not_found.
    Result<std::vector<ledger::Invoice>> issue(const CustomerId& customer, Month month,
                                               const ledger::InvoiceTerms& terms,
                                               std::string_view by);
    /// not_found.
    Result<ledger::Invoice> invoice(std::string_view number);
    /// By number, behind `after`, with their lines.
    Result<std::vector<ledger::Invoice>> list(const InvoiceFilter& filter, std::string_view after,
                                              std::int64_t limit);

private:
    Store& store_;
};

}  // namespace gleaner::store
