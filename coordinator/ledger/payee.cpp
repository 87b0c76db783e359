#include "coordinator/ledger/payee.h"

#include <algorithm>
#include <array>
#include <vector>

#include "shared/util/check.h"

namespace gleaner::ledger {

namespace {

constexpr std::size_t name_bytes_max = 120;

constexpr std::array payout_methods{PayoutMethod::bank, PayoutMethod::alipay, PayoutMethod::wechat};

Error malformed(std::string message) {
    return {ErrorCode::invalid_argument, std::move(message)};
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_letter_or_digit(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// Text that goes unchanged into a bank's file.
Status check_name(std::string_view what, std::string_view text, bool may_be_empty) {
    const std::string name(what);
    if (text.empty() && may_be_empty) return ok();
    if (text.empty() || text.size() > name_bytes_max)
        return malformed(name + " has 1 to " + std::to_string(name_bytes_max) + " bytes");
    const bool printable = std::ranges::none_of(
        text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; });
    constexpr std::string_view formula_starts = "=+-@'";
    if (!printable || formula_starts.find(text.front()) != std::string_view::npos)
        return malformed(name + " is plain text that does not begin with one of = + - @ '");
    return ok();
}

Status check_bank(const Payee& payee) {
    GLEANER_TRY(check_name("the bank's name", payee.bank, false));
    GLEANER_TRY(check_name("the branch's name", payee.branch, true));
    const auto& number = payee.number;
    if (number.size() < 8 || number.size() > 34 || !std::ranges::all_of(number, is_letter_or_digit))
        return malformed("the number of a bank account has 8 to 34 digits or letters");
    return ok();
}

bool is_mail_address(std::string_view text) {
    const auto at = text.find('@');
    if (at == std::string_view::npos || at == 0 || text.size() > 100) return false;
    const auto domain = text.substr(at + 1);
    const auto allowed = [](char c) {
        return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-';
    };
    return is_letter_or_digit(text.front()) && std::ranges::all_of(text.substr(0, at), allowed) &&
           std::ranges::all_of(domain, allowed) && domain.find('.') != std::string_view::npos &&
           is_letter_or_digit(domain.front()) && is_letter_or_digit(domain.back());
}

Status check_alipay(const Payee& payee) {
    const auto& login = payee.number;
    const bool phone = login.size() == 11 && std::ranges::all_of(login, is_digit);
    if (phone || is_mail_address(login)) return ok();
    return malformed("an Alipay login is an e-mail address or a mobile number of 11 digits");
}

Status check_wechat(const Payee& payee) {
    const auto& number = payee.number;
    const bool shaped =
        number.size() >= 6 && number.size() <= 64 && is_letter_or_digit(number.front()) &&
        std::ranges::all_of(number,
                            [](char c) { return is_letter_or_digit(c) || c == '_' || c == '-'; });
    if (shaped) return ok();
    return malformed("a WeChat OpenID or number has 6 to 64 letters, digits, - and _");
}

}  // namespace

std::string_view to_string(PayoutMethod method) {
    switch (method) {
        case PayoutMethod::bank:
            return "bank";
        case PayoutMethod::alipay:
            return "alipay";
        case PayoutMethod::wechat:
            return "wechat";
    }
    return "unknown";
}

std::optional<PayoutMethod> parse_payout_method(std::string_view text) {
    for (const auto method : payout_methods)
        if (to_string(method) == text) return method;
    return std::nullopt;
}

Payee normalised(Payee payee) {
    std::erase_if(payee.number, [&](char c) {
        return c == ' ' || (c == '-' && payee.method == PayoutMethod::bank);
    });
    return payee;
}

Status check(const Payee& payee) {
    GLEANER_TRY(check_name("the account holder's name", payee.holder, false));
    if (payee.method == PayoutMethod::bank) return check_bank(payee);
    if (!payee.bank.empty() || !payee.branch.empty())
        return malformed("only a bank account has a bank and a branch");
    return payee.method == PayoutMethod::alipay ? check_alipay(payee) : check_wechat(payee);
}

bool pays_in(PayoutMethod method, Currency currency) {
    return method == PayoutMethod::bank || currency == Currency::cny;
}

std::string masked(const Payee& payee) {
    const std::string stars = "****";
    const auto at = payee.number.find('@');
    if (at != std::string::npos) return stars + payee.number.substr(at);
    // Of a short number four characters would be most of it.
    const std::size_t shown = payee.number.size() < 10 ? 2 : 4;
    if (payee.number.size() <= shown) return stars;
    return stars + payee.number.substr(payee.number.size() - shown);
}

std::string to_text(const Payee& payee) {
    GLEANER_CHECK(check(payee).has_value(), "only checked account data is kept");
    std::string text(to_string(payee.method));
    for (const auto* field : {&payee.holder, &payee.number, &payee.bank, &payee.branch})
        text.append("\n").append(*field);
    return text;
}

Result<Payee> parse_payee(std::string_view text) {
    std::vector<std::string> fields(1);
    for (const char c : text) {
        if (c == '\n')
            fields.emplace_back();
        else
            fields.back() += c;
    }
    const auto method = parse_payout_method(fields.front());
    if (!method || fields.size() != 5)
        return Error(ErrorCode::data_corrupt, "the account data is in no known form");
    Payee payee{*method, fields[1], fields[2], fields[3], fields[4]};
    if (check(payee).has_error())
        return Error(ErrorCode::data_corrupt, "the account data is damaged");
    return payee;
}

}  // namespace gleaner::ledger
