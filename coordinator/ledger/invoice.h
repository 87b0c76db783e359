#pragma once
/// Invoices: what is on them, how amounts become whole hundredths, how tax is part of a price.
/// Pure: the store numbers and keeps them.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/ledger/ledger.h"
#include "shared/model/civil_day.h"

namespace gleaner::ledger {

/// What a company is called for tax, in China's terms.
struct TaxParty {
    std::string title;            ///< 抬头: the company's registered name
    std::string taxpayer_number;  ///< 纳税人识别号; empty: a person
    std::string address;
    std::string phone;
    std::string bank;
    std::string bank_account;
    friend bool operator==(const TaxParty&, const TaxParty&) = default;
};

enum class FapiaoKind : std::uint8_t {
    general,  ///< 普通发票
    special,  ///< 增值税专用发票: the buyer may deduct its tax
};
[[nodiscard]] std::string_view to_string(FapiaoKind kind);

/// What a customer wants written on invoices.
struct Buyer {
    TaxParty party;
    std::string email;
    FapiaoKind fapiao = FapiaoKind::general;
    friend bool operator==(const Buyer&, const Buyer&) = default;
};

/// invalid_argument in a sentence: no title, a number that is not 15, 18 or 20 digits and capital
/// letters, a special fapiao without one, a text that is too long or has control characters.
[[nodiscard]] Status check(const Buyer& buyer);
[[nodiscard]] Status check_taxpayer_number(std::string_view number);

/// The platform's side of every invoice, as it is configured.
struct InvoiceTerms {
    TaxParty seller;
    std::string prefix = "GL";
    std::uint32_t tax_rate = 600;  ///< in 1/10 000 of the price without tax
    std::string goods_name = "*信息技术服务*算力服务";
    std::string tax_class = "3040203000000000000";  ///< 商品和服务税收编码
};

struct InvoiceLine {
    std::string kind;  ///< of the statement's lines: "work", "storage", …
    std::string name;  ///< a model's, of work
    std::int64_t items = 0;
    std::int64_t prompt_tokens = 0;
    std::int64_t generated_tokens = 0;
    Money exact;   ///< what the journal says, tax included
    Money amount;  ///< the same in whole hundredths
};

/// Immutable once it is issued. Amounts of a credit note are below zero.
struct Invoice {
    std::string number;     ///< "GL-2026-000017": without gaps within a year
    std::string refers_to;  ///< of a credit note: the invoice that it takes back a part of
    CustomerId customer;
    Month month;  ///< of the consumption, or of the reversals
    Currency currency = Currency::cny;
    WallTime issued;
    std::string issued_by;
    Buyer buyer;
    InvoiceTerms terms;  ///< the seller's, as they were at the issue
    std::vector<InvoiceLine> lines;
    Money exact;  ///< the statement's consumption
    Money total;  ///< the same in whole hundredths: what the lines' amounts sum to
    Money tax;    ///< part of the total

    [[nodiscard]] bool is_credit_note() const { return !refers_to.empty(); }
};

/// Rounded to whole hundredths, half away from zero.
[[nodiscard]] Money in_hundredths(Money exact);
/// The tax that is part of a price, in whole hundredths.
[[nodiscard]] Money tax_within(Money total, std::uint32_t rate);
/// Sets the lines' amounts, the total and the tax from what is exact: each line is less than a
/// hundredth away from it, and they sum to the total.
void settle_amounts(Invoice& invoice);

/// What a customer consumed, from their statement of a month: one line for each model, and one for
/// each other kind of cost or credit. Paying in, holds and deposits are no consumption.
[[nodiscard]] std::vector<InvoiceLine> consumption(const Statement& statement);

[[nodiscard]] std::string invoice_number(std::string_view prefix, int year, std::int64_t serial);

}  // namespace gleaner::ledger
