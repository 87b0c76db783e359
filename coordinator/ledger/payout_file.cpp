#include "coordinator/ledger/payout_file.h"

#include "coordinator/ledger/payout.h"
#include "shared/model/civil_day.h"
#include "shared/util/check.h"
#include "shared/util/csv.h"

namespace gleaner::ledger {

namespace {

/// Spreadsheets take a file for UTF-8 by this mark only.
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

std::string remark(const PayoutFile& file) {
    return "Gleaner 拾穗 " + std::to_string(file.batch);
}

/// Ends with a line of totals, since people read it and carry it over to their bank's own form.
void write_bank(CsvWriter& csv, const PayoutFile& file, std::span<const PayoutFileLine> lines) {
    csv.row({"序号 Serial", "收款人 Payee", "账号 Account", "开户行 Bank", "支行 Branch",
             "币种 Currency", "金额 Amount", "备注 Remark"});
    const std::string currency(code_of(file.currency));
    for (const auto& line : lines) {
        csv.row({line.payout, line.payee.holder, line.payee.number, line.payee.bank,
                 line.payee.branch, currency, payable_text(line.amount), remark(file)});
    }
    csv.row({"合计 Total", std::to_string(lines.size()), "", "", "", currency,
             payable_text(file.total), remark(file)});
}

/// Alipay's template: two lines about the whole batch, then the payees. A batch number has 11 to 32
/// letters and digits, and is never taken twice.
void write_alipay(CsvWriter& csv, const PayoutFile& file, std::span<const PayoutFileLine> lines) {
    std::string number = std::to_string(file.batch);
    if (number.size() < 10) number.insert(0, 10 - number.size(), '0');
    std::string date = date_text(file.day);
    std::erase(date, '-');
    csv.row({"批次号", "付款日期", "付款人email", "账户名称", "总金额（元）", "总笔数"});
    csv.row({"GLEANER" + number, date, file.payer_login, file.payer_name, payable_text(file.total),
             std::to_string(lines.size())});
    csv.row({"商户流水号", "收款人email", "收款人姓名", "付款金额（元）", "付款理由"});
    for (const auto& line : lines) {
        csv.row({line.payout, line.payee.number, line.payee.holder, payable_text(line.amount),
                 remark(file)});
    }
}

void write_wechat(CsvWriter& csv, const PayoutFile& file, std::span<const PayoutFileLine> lines) {
    csv.row({"商家明细单号", "收款用户OpenID", "收款用户姓名", "转账金额（元）", "转账备注"});
    for (const auto& line : lines) {
        csv.row({line.payout, line.payee.number, line.payee.holder, payable_text(line.amount),
                 remark(file)});
    }
}

}  // namespace

std::string payout_file_text(const PayoutFile& file, std::span<const PayoutFileLine> lines) {
    GLEANER_CHECK(lines.size() <= payout_file_lines_max, "larger batches are divided");
    Money total;
    for (const auto& line : lines) {
        GLEANER_CHECK(line.payee.method == file.method, "a batch has one method");
        GLEANER_CHECK(line.amount > Money{}, "a payout pays something");
        total += line.amount;
    }
    GLEANER_CHECK(total == file.total, "a batch pays what its payouts sum to");
    std::string text(byte_order_mark);
    CsvWriter csv(text);
    switch (file.method) {
        case PayoutMethod::bank:
            write_bank(csv, file, lines);
            break;
        case PayoutMethod::alipay:
            write_alipay(csv, file, lines);
            break;
        case PayoutMethod::wechat:
            write_wechat(csv, file, lines);
            break;
    }
    return text;
}

}  // namespace gleaner::ledger
