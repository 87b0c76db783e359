#include "coordinator/ledger/payee.h"

#include <doctest/doctest.h>

#include "coordinator/ledger/payout_file.h"
#include "shared/model/civil_day.h"

using namespace gleaner;
using namespace gleaner::ledger;

namespace {

const Payee bank{PayoutMethod::bank, "王小明", "6222021234567896789", "中国工商银行", "朝阳支行"};
const Payee alipay{PayoutMethod::alipay, "王小明", "wang@example.com", "", ""};
const Payee wechat{PayoutMethod::wechat, "王小明", "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", "", ""};

Payee with_number(Payee payee, std::string number) {
    payee.number = std::move(number);
    return payee;
}

Payee with_holder(Payee payee, std::string holder) {
    payee.holder = std::move(holder);
    return payee;
}

}  // namespace

TEST_CASE("account data of each method is taken, and read back as it was") {
    for (const auto& payee : {bank, alipay, wechat}) {
        CHECK(check(payee).has_value());
        CHECK(parse_payee(to_text(payee)).value() == payee);
        CHECK(parse_payout_method(to_string(payee.method)) == payee.method);
    }
    CHECK(check(with_number(alipay, "13800138000")).has_value());
    CHECK_FALSE(parse_payout_method("cash"));
}

TEST_CASE("account data that cannot be paid to is refused, without repeating it") {
    const auto refused = [](const Payee& payee) {
        const auto checked = check(payee);
        REQUIRE(checked.has_error());
        CHECK(checked.error().code() == ErrorCode::invalid_argument);
        if (payee.number.size() > 4)
            CHECK(checked.error().message().find(payee.number) == std::string::npos);
    };
    refused(with_number(bank, "1234567"));
    refused(with_number(bank, std::string(35, '1')));
    refused(with_number(bank, "6222=1234567"));
    refused(with_number(alipay, "wang"));
    refused(with_number(alipay, "wang@"));
    refused(with_number(alipay, "@example.com"));
    refused(with_number(alipay, "=cmd@example.com"));
    refused(with_number(alipay, "138001380001"));
    refused(with_number(wechat, "short"));
    refused(with_number(wechat, "-leading-hyphen"));
    refused(with_holder(bank, ""));
    refused(with_holder(bank, "two\nlines"));
    refused(with_holder(bank, "=HYPERLINK(1)"));
    refused(with_holder(alipay, "@x"));
    refused(with_holder(wechat, std::string(121, 'x')));
    refused({PayoutMethod::bank, "W", "12345678", "", ""});
    refused({PayoutMethod::bank, "W", "12345678", "B", "+branch"});
    refused({PayoutMethod::alipay, "W", "13800138000", "a bank", ""});
}

TEST_CASE("spaces and hyphens that people write into bank accounts are left out") {
    CHECK(normalised(with_number(bank, "6222 0212-3456")).number == "622202123456");
    CHECK(normalised(with_number(wechat, "o-Up F8u")).number == "o-UpF8u");
}

TEST_CASE("only the end of a number is ever shown") {
    CHECK(masked(bank) == "****6789");
    CHECK(masked(alipay) == "****@example.com");
    CHECK(masked(with_number(alipay, "13800138000")) == "****8000");
    CHECK(masked(with_number(bank, "12345678")) == "****78");
    CHECK(masked(with_number(wechat, "abcdef")) == "****ef");
    CHECK(masked(with_number(wechat, "a")) == "****");
}

TEST_CASE("damaged account data is told from good") {
    CHECK(parse_payee("").error().code() == ErrorCode::data_corrupt);
    CHECK(parse_payee("cash\na\nb\n\n").error().code() == ErrorCode::data_corrupt);
    CHECK(parse_payee("bank\nW\n12345678\nB").error().code() == ErrorCode::data_corrupt);
    CHECK(parse_payee("bank\nW\n1\nB\n").error().code() == ErrorCode::data_corrupt);
    CHECK(parse_payee("bank\nW\n12345678\nB\n").has_value());
}

TEST_CASE("Alipay and WeChat pay in CNY only") {
    for (const auto method : {PayoutMethod::alipay, PayoutMethod::wechat}) {
        CHECK(pays_in(method, Currency::cny));
        CHECK_FALSE(pays_in(method, Currency::usd));
    }
    CHECK(pays_in(PayoutMethod::bank, Currency::usd));
}

TEST_CASE("a bank's file lists payees and ends with what they sum to") {
    const PayoutFile file{7, 20'000, PayoutMethod::bank, Currency::cny, {30'050'000}, "", ""};
    auto comma = bank;
    comma.branch = "Branch 1, \"East\"";
    const PayoutFileLine lines[] = {{"pay_1", bank, {10'000'000}}, {"pay_2", comma, {20'050'000}}};
    CHECK(payout_file_text(file, lines) ==
          "\xEF\xBB\xBF"
          "序号 Serial,收款人 Payee,账号 Account,开户行 Bank,支行 Branch,币种 Currency,金额 "
          "Amount,备注 Remark\r\n"
          "pay_1,王小明,6222021234567896789,中国工商银行,朝阳支行,CNY,10.00,Gleaner 拾穗 7\r\n"
          "pay_2,王小明,6222021234567896789,中国工商银行,\"Branch 1, \"\"East\"\"\",CNY,20.05,"
          "Gleaner 拾穗 7\r\n"
          "合计 Total,2,,,,CNY,30.05,Gleaner 拾穗 7\r\n");
    CHECK(payout_file_text(file, lines) == payout_file_text(file, lines));
}

TEST_CASE("Alipay's file begins with the whole batch, WeChat's with its head") {
    const PayoutFile batch{7,
                           day_of_date("2026-12-10").value(),
                           PayoutMethod::alipay,
                           Currency::cny,
                           {10'000},
                           "pay@platform.example",
                           "平台"};
    const PayoutFileLine line{"pay_1", alipay, {10'000}};
    CHECK(payout_file_text(batch, {&line, 1}) ==
          "\xEF\xBB\xBF"
          "批次号,付款日期,付款人email,账户名称,总金额（元）,总笔数\r\n"
          "GLEANER0000000007,20261210,pay@platform.example,平台,0.01,1\r\n"
          "商户流水号,收款人email,收款人姓名,付款金额（元）,付款理由\r\n"
          "pay_1,wang@example.com,王小明,0.01,Gleaner 拾穗 7\r\n");
    const PayoutFile file{8, 0, PayoutMethod::wechat, Currency::cny, {10'000}, "", ""};
    const PayoutFileLine other{"pay_2", wechat, {10'000}};
    CHECK(payout_file_text(file, {&other, 1}) ==
          "\xEF\xBB\xBF"
          "商家明细单号,收款用户OpenID,收款用户姓名,转账金额（元）,转账备注\r\n"
          "pay_2,oUpF8uMuAJO_M2pxb1Q9zNjWeS6o,王小明,0.01,Gleaner 拾穗 8\r\n");
}
