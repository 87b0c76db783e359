#include "coordinator/documents/invoice_paper.h"

#include "coordinator/documents/amount_text.h"
#include "coordinator/documents/statement_words.h"
#include "shared/util/csv.h"

namespace gleaner::documents {

namespace {

using ledger::FapiaoKind;
using ledger::Invoice;
using ledger::PartyKind;

std::string percent(std::uint32_t rate) {
    std::string text = std::to_string(rate / 100);
    if (rate % 100 != 0) {
        const std::string fraction = std::to_string(rate % 100);
        text += "." + std::string(2 - fraction.size(), '0') + fraction;
    }
    return text + " %";
}

FactBox party_box(std::string heading, const ledger::TaxParty& party, Language language) {
    FactBox box{std::move(heading), {}};
    const auto add = [&](std::string_view english, std::string_view chinese,
                         const std::string& value) {
        if (!value.empty())
            box.facts.push_back({std::string(in(language, english, chinese)), value});
    };
    add("Name", "名称", party.title);
    add("Taxpayer number", "纳税人识别号", party.taxpayer_number);
    add("Address", "地址", party.address);
    add("Phone", "电话", party.phone);
    add("Bank", "开户银行", party.bank);
    add("Account", "银行账号", party.bank_account);
    return box;
}

class InvoiceSetter {
public:
    InvoiceSetter(const Invoice& invoice, Language language)
        : invoice_(invoice), language_(language) {}

    Paper set(const std::string& sha256) && {
        paper_.language = language_;
        paper_.issuer = invoice_.terms.seller.title;
        paper_.title = (invoice_.is_credit_note() ? say("Credit note ", "贷项通知单 ")
                                                  : say("Invoice ", "账单 ")) +
                       invoice_.number;
        paper_.subject = invoice_.buyer.party.title + " · " + month_text(invoice_.month);
        paper_.created = invoice_.issued;
        paper_.boxes.push_back(
            party_box(say("Seller", "销售方"), invoice_.terms.seller, language_));
        paper_.boxes.push_back(party_box(say("Buyer", "购买方"), invoice_.buyer.party, language_));
        facts();
        lines();
        totals();
        notes();
        paper_.reference = say("Reference (SHA-256): ", "参考号（SHA-256）：") + sha256;
        return std::move(paper_);
    }

private:
    [[nodiscard]] std::string say(std::string_view english, std::string_view chinese) const {
        return std::string(in(language_, english, chinese));
    }
    static std::string amount(Money money) { return amount_text(money, 2); }

    void facts() {
        Table table;
        table.columns = {{say("Issued", "开具日期"), Align::left, 2},
                         {say("Month", "账期"), Align::left, 2},
                         {say("Currency", "币种"), Align::left, 2},
                         {invoice_.is_credit_note() ? say("Takes back a part of", "冲减的账单")
                                                    : say("Fapiao", "发票类型"),
                          Align::left, 4}};
        const std::string kind = invoice_.buyer.fapiao == FapiaoKind::special
                                     ? say("special VAT fapiao", "增值税专用发票")
                                     : say("general fapiao", "普通发票");
        table.rows.push_back({{date_text(day_of(invoice_.issued)), month_text(invoice_.month),
                               currency_words(invoice_.currency),
                               invoice_.is_credit_note() ? invoice_.refers_to : kind},
                              RowStyle::plain});
        paper_.tables.push_back(std::move(table));
    }

    void lines() {
        Table table;
        table.columns = {{say("Service", "项目"), Align::left, 34},
                         {say("Quantity", "数量"), Align::right, 12},
                         {say("Prompt tokens", "输入令牌"), Align::right, 17},
                         {say("Generated tokens", "输出令牌"), Align::right, 19},
                         {say("Amount with tax", "含税金额"), Align::right, 18}};
        for (const auto& line : invoice_.lines) {
            const bool work = line.kind == "work";
            const bool model = work && line.name != ledger::reserved_work;
            const std::string name = model  ? say("Model ", "模型 ") + line.name
                                     : work ? model_words(line.name, language_)
                                            : kind_words(line.kind, PartyKind::customer, language_);
            table.rows.push_back(
                {{name, count_text(line.items),
                  work ? count_text(line.prompt_tokens) : std::string(),
                  work ? count_text(line.generated_tokens) : std::string(), amount(line.amount)},
                 RowStyle::plain});
        }
        paper_.tables.push_back(std::move(table));
    }

    void totals() {
        Table table;
        table.columns = {{"", Align::left, 3}, {"", Align::right, 1}};
        const std::string rate = percent(invoice_.terms.tax_rate);
        table.rows.push_back(
            {{say("Without tax", "不含税金额"), amount(invoice_.total - invoice_.tax)},
             RowStyle::plain});
        table.rows.push_back(
            {{say("Tax (VAT ", "税额（增值税 ") + rate + say(")", "）"), amount(invoice_.tax)},
             RowStyle::plain});
        table.rows.push_back({{say("Total", "价税合计"), amount(invoice_.total)}, RowStyle::total});
        paper_.tables.push_back(std::move(table));
    }

    void notes() {
        if (invoice_.exact != invoice_.total) {
            paper_.notes.push_back(
                say("By the journal it is exactly ", "总账精确金额为 ") +
                amount_text(invoice_.exact, decimals_of(invoice_.exact)) +
                say(". An invoice is made out in whole hundredths: each line is rounded so that "
                    "the lines sum to the total.",
                    "。账单金额取整到分，各行取整后合计与总额相等。"));
        }
        paper_.notes.push_back(
            say("Prices include tax. This is no fapiao: its data are exported, and the fapiao is "
                "issued in the tax system.",
                "价格为含税价。本账单不是发票；发票数据导出后在税务系统中开具。"));
    }

    const Invoice& invoice_;
    Language language_;
    Paper paper_;
};

/// Fapiao are made out in yuan.
bool has_fapiao(const Invoice& invoice) {
    return !invoice.is_credit_note() && invoice.currency == Currency::cny;
}

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

}  // namespace

Paper invoice_paper(const Invoice& invoice, const std::string& sha256, Language language) {
    return InvoiceSetter(invoice, language).set(sha256);
}

std::string tax_rate_text(std::uint32_t rate) {
    std::string text = plain_amount(Money{static_cast<std::int64_t>(rate) * 100}, 4);
    while (text.ends_with('0') && text.size() > 4) text.pop_back();
    return text;
}

std::string fapiao_remark(const Invoice& invoice) {
    return "Gleaner " + invoice.number + ", " + month_text(invoice.month);
}

std::string fapiao_basics_csv(std::span<const Invoice> invoices) {
    std::string text(byte_order_mark);
    CsvWriter csv(text);
    csv.row({"发票流水号", "发票类型", "特定业务类型", "是否含税", "受票方自然人标识", "购买方名称",
             "证件类型", "购买方纳税人识别号", "购买方地址", "购买方电话", "购买方开户银行",
             "购买方银行账号", "备注", "是否展示购买方银行账号", "销售方开户行", "销售方银行账号",
             "是否展示销售方银行账号", "购买方邮箱"});
    for (const auto& invoice : invoices) {
        if (!has_fapiao(invoice)) continue;
        const auto& buyer = invoice.buyer.party;
        const auto& seller = invoice.terms.seller;
        const bool special = invoice.buyer.fapiao == FapiaoKind::special;
        csv.row({invoice.number, special ? "增值税专用发票" : "普通发票", "", "是",
                 buyer.taxpayer_number.empty() ? "是" : "否", buyer.title, "",
                 buyer.taxpayer_number, buyer.address, buyer.phone, buyer.bank, buyer.bank_account,
                 fapiao_remark(invoice), buyer.bank_account.empty() ? "否" : "是", seller.bank,
                 seller.bank_account, seller.bank_account.empty() ? "否" : "是",
                 invoice.buyer.email});
    }
    return text;
}

std::string fapiao_details_csv(std::span<const Invoice> invoices) {
    std::string text(byte_order_mark);
    CsvWriter csv(text);
    csv.row({"发票流水号", "项目名称", "商品和服务税收编码", "规格型号", "单位", "数量", "单价",
             "金额", "税率", "折扣金额", "是否使用优惠政策", "优惠政策类型", "即征即退类型"});
    // One line an invoice: lines of credits are below zero, which the template does not take.
    for (const auto& invoice : invoices) {
        if (!has_fapiao(invoice)) continue;
        csv.row({invoice.number, invoice.terms.goods_name, invoice.terms.tax_class, "", "项", "1",
                 plain_amount(invoice.total, 2), plain_amount(invoice.total, 2),
                 tax_rate_text(invoice.terms.tax_rate), "", "否", "", ""});
    }
    return text;
}

}  // namespace gleaner::documents
