#include "shared/config/value_text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace gleaner::config {

namespace {

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};

constexpr std::array<Unit, 6> duration_units{{{"us", 1},
                                              {"ms", 1'000},
                                              {"s", 1'000'000},
                                              {"m", 60'000'000},
                                              {"h", 3'600'000'000},
                                              {"d", 86'400'000'000}}};

constexpr std::array<Unit, 9> byte_units{{{"B", 1},
                                          {"KiB", 1ull << 10},
                                          {"MiB", 1ull << 20},
                                          {"GiB", 1ull << 30},
                                          {"TiB", 1ull << 40},
                                          {"KB", 1'000},
                                          {"MB", 1'000'000},
                                          {"GB", 1'000'000'000},
                                          {"TB", 1'000'000'000'000}}};

Error malformed(std::string_view text, std::string_view wanted) {
    return {ErrorCode::invalid_argument,
            "\"" + std::string(text) + "\" is not " + std::string(wanted)};
}

/// Splits "20GiB" into 20 and "GiB" and multiplies; false when the form or the range is wrong.
template <std::size_t N>
bool parse_with_unit(std::string_view text, const std::array<Unit, N>& units,
                     std::string_view unit_if_none, std::uint64_t& out) {
    std::uint64_t amount = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), amount);
    if (error != std::errc{}) return false;
    std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
    while (!unit.empty() && unit.front() == ' ') unit.remove_prefix(1);
    if (unit.empty()) unit = unit_if_none;
    if (unit.empty() && amount == 0) {
        out = 0;
        return true;
    }
    for (const Unit& candidate : units) {
        if (candidate.name != unit) continue;
        constexpr auto limit = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
        if (amount > limit / candidate.factor) return false;
        out = amount * candidate.factor;
        return true;
    }
    return false;
}

template <std::size_t N>
std::string with_unit(std::uint64_t amount, const std::array<Unit, N>& units, std::size_t count) {
    std::size_t best = 0;
    for (std::size_t i = 0; i < count; ++i) {
        if (amount != 0 && amount % units[i].factor == 0) best = i;
    }
    return std::to_string(amount / units[best].factor) + std::string(units[best].name);
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
    std::uint64_t micros = 0;
    if (!parse_with_unit(text, duration_units, "", micros)) {
        return malformed(text, "a duration: write it like 5ms, 30s, 10m, 24h or 90d");
    }
    return Duration{static_cast<std::int64_t>(micros)};
}

std::string duration_text(Duration duration) {
    if (duration.count() == 0) return "0s";
    return with_unit(static_cast<std::uint64_t>(duration.count()), duration_units,
                     duration_units.size());
}

Result<std::uint64_t> parse_bytes(std::string_view text) {
    std::uint64_t bytes = 0;
    if (!parse_with_unit(text, byte_units, "B", bytes)) {
        return malformed(text, "a size: write it like 512MiB, 20GiB or 1TiB");
    }
    return bytes;
}

std::string bytes_text(std::uint64_t bytes) {
    return with_unit(bytes, byte_units, 5);  // binary units only
}

Result<std::int64_t> parse_integer(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) {
        return malformed(text, "a whole number");
    }
    return value;
}

Result<double> parse_number(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) {
        return malformed(text, "a number");
    }
    return value;
}

Result<bool> parse_boolean(std::string_view text) {
    if (text == "true" || text == "yes" || text == "on" || text == "1") return true;
    if (text == "false" || text == "no" || text == "off" || text == "0") return false;
    return malformed(text, "true or false");
}

}  // namespace gleaner::config
