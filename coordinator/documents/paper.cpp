#include "coordinator/documents/paper.h"

namespace gleaner::documents {

namespace {

/// The code point that starts at `at` and its length in bytes; length 0 for what is no UTF-8.
struct CodePoint {
    std::uint32_t value = 0;
    std::size_t length = 0;
};

CodePoint code_point(std::string_view text, std::size_t at) {
    const auto first = static_cast<unsigned char>(text[at]);
    if (first < 0x80) return {first, 1};
    const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || at + length > text.size()) return {};
    std::uint32_t value = first & (0xffU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        const auto next = static_cast<unsigned char>(text[at + i]);
        if ((next & 0xc0) != 0x80) return {};
        value = (value << 6) | (next & 0x3fU);
    }
    constexpr std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = value >= 0xd800 && value <= 0xdfff;
    if (value < least[length] || value > 0x10ffff || surrogate) return {};
    return {value, length};
}

bool is_unwanted(std::uint32_t point) {
    const bool control = point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0xfeff;
    const bool turns = (point >= 0x202a && point <= 0x202e) ||
                       (point >= 0x2066 && point <= 0x2069) || point == 0x200e || point == 0x200f;
    const bool breaks = point == 0x2028 || point == 0x2029;
    return control || turns || breaks;
}

}  // namespace

std::optional<Language> parse_language(std::string_view text) {
    if (text == "en") return Language::english;
    if (text == "zh") return Language::chinese;
    return std::nullopt;
}

std::size_t rows_of(const Paper& paper) {
    std::size_t rows = 0;
    for (const auto& table : paper.tables) rows += table.rows.size();
    return rows;
}

std::string clean_text(std::string_view text) {
    std::string clean;
    clean.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const auto point = code_point(text, at);
        if (point.length == 0) {
            clean += "\xef\xbf\xbd";  // U+FFFD
            ++at;
            continue;
        }
        if (!is_unwanted(point.value)) clean += text.substr(at, point.length);
        at += point.length;
    }
    return clean;
}

}  // namespace gleaner::documents
