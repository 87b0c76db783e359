#include "coordinator/documents/statement_words.h"

#include <array>

#include "shared/model/civil_day.h"

namespace gleaner::documents {

namespace {

using ledger::PartyKind;

struct KindWords {
    std::string_view kind;
    std::string_view english;
    std::string_view chinese;
};

constexpr std::array kinds{
    KindWords{"work", "Work of machines", "算力收入"},
    KindWords{"held", "Held for batches that are not over", "未完成批次的冻结金额"},
    KindWords{"top_up", "Paid in", "充值"},
    KindWords{"refund", "Paid back to you", "退款"},
    KindWords{"reversal", "Corrections of earlier work", "更正（冲销）"},
    KindWords{"confirm", "Confirmed after checks", "检查通过后确认"},
    KindWords{"cap", "Above the share's limit", "超出分成上限部分"},
    KindWords{"tier", "Larger share for a month of much work", "阶梯分成奖励"},
    KindWords{"guarantee", "Up to the guaranteed minimum", "保底补足"},
    KindWords{"credit", "Credit for a promise that was not kept", "未达承诺的补偿"},
    KindWords{"storage", "Storage", "存储费"},
    KindWords{"deposit", "Deposit put down", "缴纳押金"},
    KindWords{"deposit_return", "Deposit returned", "退还押金"},
    KindWords{"fee", "Fees", "手续费"},
    KindWords{"payout", "Paid out, or on its way", "提现（含处理中）"},
    KindWords{"payout_return", "Payouts that came back", "退回的提现"},
    KindWords{"payout_sent", "Payouts that arrived", "已到账的提现"},
};

}  // namespace

std::string kind_words(std::string_view kind, PartyKind party, Language language) {
    if (kind == "work" && party == PartyKind::customer)
        return std::string(in(language, "Answers, by day and model", "调用费用（按日期和模型）"));
    if (kind == "work" && party == PartyKind::partner)
        return std::string(in(language, "Commission on work", "推荐佣金"));
    if (kind == "work" && party == PartyKind::platform)
        return std::string(in(language, "Platform's share of work", "平台分成"));
    for (const auto& words : kinds)
        if (words.kind == kind) return std::string(in(language, words.english, words.chinese));
    return std::string(kind);
}

std::string model_words(const std::string& model, Language language) {
    if (model != ledger::reserved_work) return model;
    return std::string(in(language, "Reserved machines", "预留机器"));
}

std::string statement_title(PartyKind party, Language language) {
    switch (party) {
        case PartyKind::owner:
            return std::string(in(language, "Statement of earnings", "收益对账单"));
        case PartyKind::partner:
            return std::string(in(language, "Statement of commissions", "佣金对账单"));
        case PartyKind::customer:
            return std::string(in(language, "Statement of account", "客户对账单"));
        case PartyKind::platform:
            break;
    }
    return std::string(in(language, "Statement of the platform", "平台对账单"));
}

std::string currency_words(Currency currency) {
    return std::string(code_of(currency)) + " (" + std::string(sign_of(currency)) + ")";
}

std::vector<std::string> statement_notes(const ledger::Statement& statement, Language language) {
    std::vector<std::string> notes;
    const auto add = [&](std::string_view english, std::string_view chinese) {
        notes.emplace_back(in(language, english, chinese));
    };
    if (statement.kind == PartyKind::customer) {
        add("You pay for the tokens of answers that were accepted, at the price in force when the "
            "job was admitted. Loading of models, repeated attempts and broken answers cost "
            "nothing.",
            "费用按已接受回答的令牌数计算，适用任务受理时生效的价格。加载模型、重试和失败的回答均不"
            "收费。");
        add("Amounts below zero went out of the account, amounts above zero came in.",
            "负数为支出，正数为收入。");
    } else {
        add("Each answer's price is divided between the owner of the machine, the partners who "
            "referred the owner and the customer, and the platform. The parts are rounded so that "
            "they sum to the price, to the millionth. Nothing is paid for mere presence.",
            "每个回答的价格由机主、推荐机主和客户的合作伙伴以及平台分成，各部分按最大余数法取整，合"
            "计"
            "与价格完全相等（精确到百万分之一）。仅在线而未工作不产生收益。");
    }
    if (statement.kind == PartyKind::owner || statement.kind == PartyKind::partner) {
        add("Pending: earned, and held back until the checks of the work are over. Confirmed: what "
            "can be paid out.",
            "待确认：已产生收益，待工作检查完成后确认。已确认：可以提现的金额。");
    }
    add("All amounts are exact; none is rounded. Opening balance and all lines together are the "
        "closing balance, which is the journal's. Days are those of Shanghai (UTC+8).",
        "所有金额均为精确值，未作四舍五入。期初余额加各项合计等于期末余额，并与总账一致。日期均为北"
        "京"
        "时间（UTC+8）。");
    return notes;
}

}  // namespace gleaner::documents
