#include "coordinator/documents/invoice_paper.h"

#include <algorithm>

#include <doctest/doctest.h>

using namespace gleaner;
using namespace gleaner::documents;
using ledger::Invoice;

namespace {

Invoice invoice() {
    Invoice invoice;
    invoice.number = "GL-2026-000017";
    invoice.month = *month_of_text("2026-11");
    invoice.issued = WallTime{1'790'000'000'000'000};
    invoice.terms.seller.title = "拾穗算力（成都）有限公司";
    invoice.terms.seller.taxpayer_number = "91510100MA6XX0XX0X";
    invoice.buyer.party.title = "=某某科技, \"A\" 公司";
    invoice.buyer.party.taxpayer_number = "91310000MA1FL0XX00";
    invoice.buyer.party.bank_account = "6222020200012345678";
    invoice.buyer.fapiao = ledger::FapiaoKind::special;
    ledger::InvoiceLine line;
    line.kind = "work";
    line.name = "qwen3-4b";
    line.items = 12;
    line.exact = {106'001'234};
    invoice.lines = {line};
    ledger::settle_amounts(invoice);
    return invoice;
}

bool says(const Paper& paper, std::string_view text) {
    for (const auto& table : paper.tables)
        for (const auto& row : table.rows)
            if (std::ranges::find(row.cells, text) != row.cells.end()) return true;
    for (const auto& note : paper.notes)
        if (note.find(text) != std::string::npos) return true;
    return false;
}

}  // namespace

TEST_CASE("an invoice shows both parties, tax within the total, and why hundredths differ") {
    const auto paper = invoice_paper(invoice(), "abc", Language::english);
    CHECK(paper.title == "Invoice GL-2026-000017");
    REQUIRE(paper.boxes.size() == 2);
    CHECK(paper.boxes[0].heading == "Seller");
    CHECK(paper.boxes[1].facts[1].value == "91310000MA1FL0XX00");
    CHECK(says(paper, "106.00"));
    CHECK(says(paper, "6.00"));
    CHECK(says(paper, "100.00"));
    CHECK(says(paper, "Tax (VAT 6 %)"));
    CHECK(says(paper, "106.001234"));
    CHECK(says(invoice_paper(invoice(), "abc", Language::chinese), "增值税专用发票"));
}

TEST_CASE("a credit note names the invoice that it takes back a part of") {
    auto note = invoice();
    note.refers_to = "GL-2026-000003";
    const auto paper = invoice_paper(note, "abc", Language::english);
    CHECK(paper.title.starts_with("Credit note"));
    CHECK(says(paper, "GL-2026-000003"));
}

TEST_CASE("fapiao data have the template's columns, exact texts and no credit notes") {
    auto note = invoice();
    note.number = "GL-2026-000018";
    note.refers_to = "GL-2026-000003";
    auto dollars = invoice();
    dollars.number = "GL-2026-000019";
    dollars.currency = Currency::usd;
    const std::vector<Invoice> invoices{invoice(), note, dollars};
    const auto basics = fapiao_basics_csv(invoices);
    CHECK(basics.starts_with("\xef\xbb\xbf发票流水号,发票类型,特定业务类型,是否含税,"));
    CHECK(basics.find("GL-2026-000017,增值税专用发票,,是,否,\"'=某某科技, \"\"A\"\" 公司\",,"
                      "91310000MA1FL0XX00,,,,6222020200012345678,\"Gleaner GL-2026-000017, "
                      "2026-11\",是,") != std::string::npos);
    CHECK(basics.find("GL-2026-000018") == std::string::npos);
    CHECK(basics.find("GL-2026-000019") == std::string::npos);
    const auto details = fapiao_details_csv(invoices);
    CHECK(details.find("GL-2026-000017,*信息技术服务*算力服务,3040203000000000000,,项,1,106.00,"
                       "106.00,0.06,,否,,\r\n") != std::string::npos);
    CHECK(std::ranges::count(details, '\n') == 2);
}

TEST_CASE("a rate is written as the template has it") {
    CHECK(tax_rate_text(600) == "0.06");
    CHECK(tax_rate_text(1'300) == "0.13");
    CHECK(tax_rate_text(50) == "0.005");
    CHECK(tax_rate_text(0) == "0.00");
}
