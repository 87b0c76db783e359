#include "coordinator/documents/amount_text.h"

#include <algorithm>
#include <cstdlib>

#include "shared/model/civil_day.h"
#include "shared/util/check.h"

namespace gleaner::documents {

namespace {

constexpr int decimals_min = 2;
constexpr int decimals_max = 6;

std::string grouped(std::uint64_t number) {
    std::string digits = std::to_string(number);
    for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
        digits.insert(static_cast<std::size_t>(at), ",");
    return digits;
}

std::uint64_t magnitude(std::int64_t value) {
    return value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
}

std::string text(Money amount, int decimals, bool groups) {
    GLEANER_CHECK(decimals_of(amount) <= decimals && decimals <= decimals_max,
                  "an amount is printed exactly");
    const std::uint64_t micros = magnitude(amount.micros);
    std::string fraction = std::to_string(micros % 1'000'000);
    fraction.insert(0, 6 - fraction.size(), '0');
    fraction.resize(static_cast<std::size_t>(decimals));
    const std::uint64_t whole = micros / 1'000'000;
    return (amount.micros < 0 ? "-" : "") + (groups ? grouped(whole) : std::to_string(whole)) +
           "." + fraction;
}

bool starts_day(WallTime time) {
    return start_of_day(day_of(time)) == time;
}

}  // namespace

int decimals_of(Money amount) {
    int decimals = decimals_max;
    for (std::int64_t unit = 10; decimals > decimals_min && amount.micros % unit == 0; unit *= 10)
        --decimals;
    return decimals;
}

int decimals_of(const ledger::Statement& statement) {
    int decimals = std::max({decimals_of(statement.opening), decimals_of(statement.closing),
                             decimals_of(statement.pending)});
    for (const auto& line : statement.lines)
        decimals = std::max(decimals, decimals_of(line.amount));
    return decimals;
}

std::string amount_text(Money amount, int decimals) {
    return text(amount, decimals, true);
}

std::string plain_amount(Money amount, int decimals) {
    return text(amount, decimals, false);
}

std::string count_text(std::int64_t count) {
    return (count < 0 ? "-" : "") + grouped(magnitude(count));
}

std::string hours_text(std::int64_t micros) {
    constexpr std::int64_t micros_of_hundredth = 36'000'000;
    const std::int64_t hundredths = (micros + micros_of_hundredth / 2) / micros_of_hundredth;
    std::string fraction = std::to_string(hundredths % 100);
    fraction.insert(0, 2 - fraction.size(), '0');
    return count_text(hundredths / 100) + "." + fraction;
}

std::string period_text(WallTime from, WallTime to, bool chinese) {
    const bool whole = starts_day(to) && to.micros > 0;
    const std::string end = whole ? date_text(day_of(to) - 1) : local_time_text(to);
    if (from.micros == 0) return (chinese ? "截至 " : "until ") + end;
    const std::string start = starts_day(from) ? date_text(day_of(from)) : local_time_text(from);
    return start + (chinese ? " 至 " : " to ") + end;
}

}  // namespace gleaner::documents
