#include "coordinator/api/admin/invoice_json.h"

#include <boost/json.hpp>

#include "coordinator/documents/amount_text.h"
#include "coordinator/documents/invoice_paper.h"
#include "shared/model/civil_time.h"

namespace gleaner::admin {

namespace json = boost::json;

namespace {

json::object party_json(const ledger::TaxParty& party) {
    return {{"title", party.title},     {"taxpayer_number", party.taxpayer_number},
            {"address", party.address}, {"phone", party.phone},
            {"bank", party.bank},       {"bank_account", party.bank_account}};
}

}  // namespace

json::object to_json(const ledger::Buyer& buyer) {
    auto object = party_json(buyer.party);
    object["email"] = buyer.email;
    object["fapiao"] = ledger::to_string(buyer.fapiao);
    return object;
}

json::object to_json(const ledger::Invoice& invoice) {
    json::array lines;
    for (const auto& line : invoice.lines) {
        lines.push_back(json::object{{"kind", line.kind},
                                     {"name", line.name},
                                     {"items", line.items},
                                     {"prompt_tokens", line.prompt_tokens},
                                     {"generated_tokens", line.generated_tokens},
                                     {"exact_micros", line.exact.micros},
                                     {"amount_micros", line.amount.micros}});
    }
    json::value refers_to = nullptr;
    if (invoice.is_credit_note()) refers_to = json::value(invoice.refers_to);
    return {{"number", invoice.number},
            {"kind", invoice.is_credit_note() ? "credit_note" : "invoice"},
            {"refers_to", std::move(refers_to)},
            {"customer", invoice.customer.get()},
            {"month", month_text(invoice.month)},
            {"currency", code_of(invoice.currency)},
            {"issued", utc_text(invoice.issued)},
            {"issued_by", invoice.issued_by},
            {"seller", party_json(invoice.terms.seller)},
            {"buyer", to_json(invoice.buyer)},
            {"data", std::move(lines)},
            {"exact_micros", invoice.exact.micros},
            {"total_micros", invoice.total.micros},
            {"net_micros", (invoice.total - invoice.tax).micros},
            {"tax_micros", invoice.tax.micros},
            {"tax_rate", documents::tax_rate_text(invoice.terms.tax_rate)},
            {"goods_name", invoice.terms.goods_name},
            {"tax_class", invoice.terms.tax_class}};
}

json::object fapiao_json(const ledger::Invoice& invoice) {
    const auto& buyer = invoice.buyer.party;
    const bool special = invoice.buyer.fapiao == ledger::FapiaoKind::special;
    json::object object{
        {"serial", invoice.number},
        {"fapiao_type", special ? "增值税专用发票" : "普通发票"},
        {"tax_included", "是"},
        {"buyer_name", buyer.title},
        {"buyer_tax_number", buyer.taxpayer_number},
        {"buyer_address", buyer.address},
        {"buyer_phone", buyer.phone},
        {"buyer_bank", buyer.bank},
        {"buyer_account", buyer.bank_account},
        {"buyer_email", invoice.buyer.email},
        {"remark", documents::fapiao_remark(invoice)},
        {"goods_name", invoice.terms.goods_name},
        {"tax_class", invoice.terms.tax_class},
        {"currency", code_of(invoice.currency)},
        {"amount", documents::plain_amount(invoice.total, 2)},
        {"tax_rate", documents::tax_rate_text(invoice.terms.tax_rate)},
        {"tax", documents::plain_amount(invoice.tax, 2)},
        {"net", documents::plain_amount(invoice.total - invoice.tax, 2)},
    };
    if (invoice.is_credit_note()) object["refers_to"] = invoice.refers_to;
    return object;
}

Result<ledger::Buyer> buyer_from(JsonBody& body) {
    ledger::Buyer buyer;
    auto& party = buyer.party;
    GLEANER_TRY(party.title, body.text("title"));
    GLEANER_TRY(party.taxpayer_number, body.optional_text("taxpayer_number", 40));
    GLEANER_TRY(party.address, body.optional_text("address", 300));
    GLEANER_TRY(party.phone, body.optional_text("phone", 60));
    GLEANER_TRY(party.bank, body.optional_text("bank"));
    GLEANER_TRY(party.bank_account, body.optional_text("bank_account", 60));
    GLEANER_TRY(buyer.email, body.optional_text("email"));
    GLEANER_TRY(const auto fapiao, body.optional_text("fapiao", 20));
    GLEANER_TRY(body.no_more());
    if (fapiao == "special") {
        buyer.fapiao = ledger::FapiaoKind::special;
    } else if (!fapiao.empty() && fapiao != "general") {
        return Error(ErrorCode::invalid_argument, "fapiao is general or special");
    }
    GLEANER_TRY(ledger::check(buyer));
    return buyer;
}

}  // namespace gleaner::admin
