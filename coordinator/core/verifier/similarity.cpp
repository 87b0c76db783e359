#include "coordinator/core/verifier/similarity.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "coordinator/core/verifier/numbers.h"

namespace gleaner::core {

namespace {

constexpr double relative_tolerance = 1e-3;
constexpr std::size_t words_for_prefix = 8;
constexpr std::size_t prefix_words_min = 6;
constexpr std::size_t length_ratio_max = 3;
constexpr double cosine_min = 0.99;

/// Words, where a run of bytes above ASCII (Chinese has no spaces) counts character by character.
std::vector<std::string_view> words_of(std::string_view text) {
    std::vector<std::string_view> words;
    for (std::size_t i = 0; i < text.size();) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if (is_space(text[i])) {
            ++i;
            continue;
        }
        std::size_t end = i + 1;
        if (byte >= 0x80) {
            while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U)
                ++end;
        } else {
            while (end < text.size() && !is_space(text[end]) &&
                   static_cast<unsigned char>(text[end]) < 0x80)
                ++end;
        }
        words.push_back(text.substr(i, end - i));
        i = end;
    }
    return words;
}

/// "[0.1, 0.2]" or "0.1 0.2" → numbers; nothing when anything else is in it.
std::optional<std::vector<double>> numbers_of(std::string_view text) {
    std::vector<double> numbers;
    std::size_t i = 0;
    const auto separates = [](char c) { return is_space(c) || c == ',' || c == '[' || c == ']'; };
    while (i < text.size()) {
        if (separates(text[i])) {
            ++i;
            continue;
        }
        std::size_t end = i;
        while (end < text.size() && !separates(text[end])) ++end;
        const auto number = parse_number(text.substr(i, end - i));
        if (!number) return std::nullopt;
        numbers.push_back(*number);
        i = end;
    }
    if (numbers.empty()) return std::nullopt;
    return numbers;
}

bool near(double a, double b) {
    return std::abs(a - b) <= relative_tolerance * std::max(std::abs(a), std::abs(b)) + 1e-12;
}

/// Integers must match exactly: 579 is not 580.
bool same_numbers(const std::vector<double>& a, const std::vector<double>& b) {
    if (a.size() != b.size()) return false;
    if (a.size() == 1) {
        const bool integers = a[0] == std::floor(a[0]) && b[0] == std::floor(b[0]);
        return integers ? a[0] == b[0] : near(a[0], b[0]);
    }
    if (std::ranges::equal(a, b, near)) return true;
    if (a.size() < 16) return false;
    double dot = 0;
    double aa = 0;
    double bb = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        dot += a[i] * b[i];
        aa += a[i] * a[i];
        bb += b[i] * b[i];
    }
    return aa > 0 && bb > 0 && dot / std::sqrt(aa * bb) >= cosine_min;
}

}  // namespace

bool similar(std::string_view a, std::string_view b) {
    const auto numbers_a = numbers_of(a);
    const auto numbers_b = numbers_of(b);
    if (numbers_a && numbers_b) return same_numbers(*numbers_a, *numbers_b);
    if (numbers_a || numbers_b) return false;
    const auto words_a = words_of(a);
    const auto words_b = words_of(b);
    if (words_a == words_b) return true;
    const std::size_t shorter = std::min(words_a.size(), words_b.size());
    const std::size_t longer = std::max(words_a.size(), words_b.size());
    if (shorter < words_for_prefix || longer > shorter * length_ratio_max) return false;
    const std::size_t needed = std::max(prefix_words_min, shorter / 4);
    const auto parting = std::ranges::mismatch(words_a, words_b).in1;
    return static_cast<std::size_t>(parting - words_a.begin()) >= needed;
}

}  // namespace gleaner::core
