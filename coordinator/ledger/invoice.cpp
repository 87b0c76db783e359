#include "coordinator/ledger/invoice.h"

#include <algorithm>
#include <array>
#include <numeric>

namespace gleaner::ledger {

namespace {

constexpr std::int64_t hundredth = 10'000;  // micros

/// Towards minus infinity, so that what is left over is never below zero.
std::int64_t floor_hundredths(std::int64_t micros) {
    const std::int64_t whole = micros / hundredth;
    return (whole - (micros % hundredth < 0 ? 1 : 0)) * hundredth;
}

Status check_text(std::string_view what, std::string_view text, std::size_t bytes_max) {
    const bool plain = std::ranges::none_of(
        text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; });
    if (plain && text.size() <= bytes_max) return ok();
    return Error(ErrorCode::invalid_argument, std::string(what) + " is one line of at most " +
                                                  std::to_string(bytes_max) + " bytes");
}

bool is_consumption(std::string_view kind) {
    constexpr std::array kinds{std::string_view("work"), std::string_view("storage"),
                               std::string_view("fee"), std::string_view("credit"),
                               std::string_view("reversal")};
    return std::ranges::find(kinds, kind) != kinds.end();
}

}  // namespace

std::string_view to_string(FapiaoKind kind) {
    switch (kind) {
        case FapiaoKind::general:
            return "general";
        case FapiaoKind::special:
            return "special";
    }
    return "general";
}

Status check_taxpayer_number(std::string_view number) {
    const bool length = number.size() == 15 || number.size() == 18 || number.size() == 20;
    const bool signs = std::ranges::all_of(
        number, [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); });
    if (length && signs) return ok();
    return Error(ErrorCode::invalid_argument,
                 "a taxpayer number (纳税人识别号) has 15, 18 or 20 digits and capital letters: "
                 "copy it from the business licence");
}

Status check(const Buyer& buyer) {
    const TaxParty& party = buyer.party;
    if (party.title.empty())
        return Error(ErrorCode::invalid_argument,
                     "an invoice has a title (抬头): the buyer's registered name");
    if (!party.taxpayer_number.empty()) {
        GLEANER_TRY(check_taxpayer_number(party.taxpayer_number));
    } else if (buyer.fapiao == FapiaoKind::special) {
        return Error(ErrorCode::invalid_argument,
                     "a special fapiao (专票) needs the buyer's taxpayer number: add it, or ask "
                     "for a general one");
    }
    GLEANER_TRY(check_text("the title", party.title, 200));
    GLEANER_TRY(check_text("the address", party.address, 300));
    GLEANER_TRY(check_text("the phone number", party.phone, 60));
    GLEANER_TRY(check_text("the bank", party.bank, 200));
    GLEANER_TRY(check_text("the bank account", party.bank_account, 60));
    GLEANER_TRY(check_text("the e-mail address", buyer.email, 200));
    const bool address = buyer.email.empty() || buyer.email.find('@') != std::string::npos;
    if (address) return ok();
    return Error(ErrorCode::invalid_argument, "an e-mail address has an @");
}

Money in_hundredths(Money exact) {
    const std::int64_t half = exact.micros < 0 ? -hundredth / 2 : hundredth / 2;
    return {(exact.micros + half) / hundredth * hundredth};
}

Money tax_within(Money total, std::uint32_t rate) {
    __extension__ using Wide = __int128;
    constexpr std::int64_t whole = 10'000;
    const Wide part = static_cast<Wide>(total.micros) * rate / (whole + rate);
    return in_hundredths({static_cast<std::int64_t>(part)});
}

void settle_amounts(Invoice& invoice) {
    invoice.exact = {};
    for (const auto& line : invoice.lines) invoice.exact += line.exact;
    invoice.total = in_hundredths(invoice.exact);
    invoice.tax = tax_within(invoice.total, invoice.terms.tax_rate);

    std::int64_t left = invoice.total.micros;
    for (auto& line : invoice.lines) {
        line.amount = {floor_hundredths(line.exact.micros)};
        left -= line.amount.micros;
    }
    std::vector<std::size_t> order(invoice.lines.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto cut = [&](std::size_t i) {
        return (invoice.lines[i].exact - invoice.lines[i].amount).micros;
    };
    std::ranges::stable_sort(order, [&](auto a, auto b) { return cut(a) > cut(b); });
    // At most one hundredth a line is missing; none is too much, since all were rounded down.
    for (std::size_t i = 0; left > 0; ++i, left -= hundredth)
        invoice.lines[order[i]].amount += Money{hundredth};
}

std::vector<InvoiceLine> consumption(const Statement& statement) {
    std::vector<InvoiceLine> lines;
    for (const auto& line : statement.lines) {
        if (!is_consumption(line.kind)) continue;
        const auto same = std::ranges::find_if(lines, [&](const InvoiceLine& one) {
            return one.kind == line.kind && one.name == line.name;
        });
        auto& sum = same == lines.end() ? lines.emplace_back() : *same;
        sum.kind = line.kind;
        sum.name = line.name;
        sum.items += line.items;
        sum.prompt_tokens += line.prompt_tokens;
        sum.generated_tokens += line.generated_tokens;
        sum.exact -= line.amount;
    }
    return lines;
}

std::string invoice_number(std::string_view prefix, int year, std::int64_t serial) {
    std::string digits = std::to_string(serial);
    if (digits.size() < 6) digits.insert(0, 6 - digits.size(), '0');
    return std::string(prefix) + "-" + std::to_string(year) + "-" + digits;
}

}  // namespace gleaner::ledger
