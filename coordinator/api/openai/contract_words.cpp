#include "coordinator/api/openai/contract_words.h"

#include <boost/json.hpp>

#include "coordinator/ledger/price_book_json.h"
#include "shared/model/civil_day.h"

namespace gleaner::api {

namespace json = boost::json;

namespace {

using store::ContractChoices;
using store::CustomerContract;

/// 2'000 basis points → "20 %".
std::string percent(std::int32_t basis_points) {
    return ledger::factor_text(basis_points * 100) + " %";
}

/// What a language says of each clause; the order and the conditions are the same in both.
struct Wording {
    const CustomerContract& contract;
    const std::optional<ContractChoices>& choices;

    [[nodiscard]] std::string amount(Money money) const {
        return ledger::short_decimal(money) + " " + std::string(code_of(contract.currency));
    }
    [[nodiscard]] const ledger::Tariff& hour() const { return contract.prices.back().hour; }
    [[nodiscard]] bool certified() const {
        return contract.wish.reserved->privacy == PrivacyClass::certified;
    }
    [[nodiscard]] bool for_months() const { return contract.wish.months > 0; }
    [[nodiscard]] std::string months() const { return std::to_string(contract.wish.months); }
    [[nodiscard]] std::string from() const { return local_time_text(contract.wish.from); }
    [[nodiscard]] std::string book() const {
        return std::to_string(contract.prices.back().hour.version);
    }
    [[nodiscard]] Money monthly() const { return contract.prices.back().monthly; }
};

/// "23:00", "07:00".
std::pair<std::string, std::string> times_of(const ledger::TimeBand& band) {
    const auto shown = ledger::to_json(std::vector{band});
    return {json::value_to<std::string>(shown[0].at("from")),
            json::value_to<std::string>(shown[0].at("to"))};
}

/// In both languages the steps read from the mildest to the worst.
std::string steps(const char* separator, const char* below, const char* gives,
                  const char* ends_with) {
    std::string text;
    for (const auto& step : ledger::credit_steps) {
        if (!text.empty()) text += separator;
        text += below + ledger::factor_text(step.below * 100) + " %" + gives +
                percent(step.credit) + ends_with;
    }
    return text;
}

// ---- English ----

std::string what_in_english(const Wording& of) {
    const auto& wish = of.contract.wish;
    std::string text;
    if (wish.reserved) {
        text = "From " + of.from() + " on " + std::to_string(wish.reserved->devices) + " of " +
               wish.reserved->device_class + " work for the project " + wish.project.get() +
               " alone" + (of.certified() ? ", at certified sites" : "") + ", ";
    } else {
        text = "From " + of.from() + " on the project " + wish.project.get() +
               " buys work for at least " + of.amount(of.monthly()) +
               " a month: at a month's end what is missing is charged, ";
    }
    if (wish.to) return text + "until " + local_time_text(*wish.to) + ".";
    text += "for a term of " + of.months() + (wish.months == 1 ? " month" : " months");
    return text + (wish.renews ? ", then month by month until it is ended." : ", then it ends.");
}

std::string price_in_english(const Wording& of) {
    const std::string lock = "locked, whatever later price books say.";
    if (!of.contract.wish.reserved)
        return "The prices are those of version " + of.book() + " of the price book, " + lock;
    std::string text = "An hour of one device costs " + of.amount(hour_outside_bands(of.hour()));
    for (const auto& band : of.hour().bands) {
        const auto [begins, ends] = times_of(band);
        text += ", in the band " + band.name + " (" + begins + " to " + ends + ") " +
                of.amount(hour_in(of.hour(), band));
    }
    text += ": " + lock + " Only time that was delivered is paid; tokens cost nothing more.";
    return text + (of.for_months() ? " A month of 30 days costs " : " All of it costs ") +
           of.amount(of.monthly()) + ".";
}

// ---- Chinese ----

std::string what_in_chinese(const Wording& of) {
    const auto& wish = of.contract.wish;
    std::string text = "自 " + of.from() + " 起，";
    if (wish.reserved) {
        text += std::to_string(wish.reserved->devices) + " 台 " + wish.reserved->device_class +
                (of.certified() ? "（认证站点）" : "") + " 专供项目 " + wish.project.get() +
                " 使用，";
    } else {
        text += "项目 " + wish.project.get() + " 每月至少购买 " + of.amount(of.monthly()) +
                " 的算力，月末不足部分予以补收，";
    }
    if (wish.to) return text + "至 " + local_time_text(*wish.to) + " 止。";
    text += "期限 " + of.months() + " 个月";
    return text + (wish.renews ? "，此后逐月续期，直至终止。" : "，到期即止。");
}

std::string price_in_chinese(const Wording& of) {
    const std::string lock = "价格已锁定，不受以后价目表影响。";
    if (!of.contract.wish.reserved) return "按价目表第 " + of.book() + " 版计价，" + lock;
    std::string text = "每台设备每小时 " + of.amount(hour_outside_bands(of.hour()));
    for (const auto& band : of.hour().bands) {
        const auto [begins, ends] = times_of(band);
        text += "，时段 " + band.name + "（" + begins + " 至 " + ends + "）" +
                of.amount(hour_in(of.hour(), band));
    }
    text += "；" + lock + "只对实际交付的时间收费，令牌不另收费。";
    return text + (of.for_months() ? "每月（30 天）" : "总计 ") + of.amount(of.monthly()) + "。";
}

}  // namespace

std::vector<std::string> contract_in_english(const CustomerContract& contract,
                                             const std::optional<ContractChoices>& choices) {
    const Wording of{contract, choices};
    const auto& terms = contract.terms;
    std::vector<std::string> said{what_in_english(of), price_in_english(of)};
    if (contract.wish.reserved)
        said.push_back("A machine that leaves is replaced as soon as another one is there. " +
                       steps("; ", "Below ", " of the time promised in a month ",
                             " of what was charged for it come back") +
                       ".");
    if (terms.deposit > Money{})
        said.push_back("At signing a deposit of " + of.amount(terms.deposit) +
                       " is set aside; it comes back at the end.");
    if (of.for_months())
        said.push_back("When the price book falls by more than " +
                       percent(terms.reprice_threshold) +
                       " below these prices, the customer may take the lower ones for the rest of "
                       "the term, for " +
                       percent(terms.reprice_fee) + " of what that saves.");
    std::string leaving = "Leaving early costs " + percent(terms.termination_penalty) +
                          " of what is still to be paid, taken from the deposit first";
    if (choices) leaving += ": now " + of.amount(choices->terminate.penalty);
    said.push_back(leaving + ".");
    if (!contract.signed_at)
        said.push_back("This offer can be signed until " + local_time_text(contract.valid_until) +
                       ". Times are those of Shanghai.");
    return said;
}

std::vector<std::string> contract_in_chinese(const CustomerContract& contract,
                                             const std::optional<ContractChoices>& choices) {
    const Wording of{contract, choices};
    const auto& terms = contract.terms;
    std::vector<std::string> said{what_in_chinese(of), price_in_chinese(of)};
    if (contract.wish.reserved)
        said.push_back("机器离开后，一有可用机器即自动替换。" +
                       steps("；", "月交付率低于 ", " 退还当月费用的 ", "") + "。");
    if (terms.deposit > Money{})
        said.push_back("签约时预留押金 " + of.amount(terms.deposit) + "，合同结束时退还。");
    if (of.for_months())
        said.push_back("价目表比合同价格下降超过 " + percent(terms.reprice_threshold) +
                       " 时，客户可在余下期限内改用新价，费用为节省金额的 " +
                       percent(terms.reprice_fee) + "。");
    std::string leaving =
        "提前终止的违约金为未付金额的 " + percent(terms.termination_penalty) + "，先从押金扣除";
    if (choices) leaving += "；现为 " + of.amount(choices->terminate.penalty);
    said.push_back(leaving + "。");
    if (!contract.signed_at)
        said.push_back("本报价可签署至 " + local_time_text(contract.valid_until) +
                       "。时间均为上海时间。");
    return said;
}

Money hour_in(const ledger::Tariff& hour, const ledger::TimeBand& band) {
    auto always = hour;
    always.bands = {{band.name, 0, 1440, ledger::every_day, band.factor}};
    return {always.at({}).prompt_micros_per_million};
}

Money hour_outside_bands(const ledger::Tariff& hour) {
    auto never = hour;
    never.bands.clear();
    return {never.at({}).prompt_micros_per_million};
}

}  // namespace gleaner::api
