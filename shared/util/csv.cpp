#include "shared/util/csv.h"

#include <algorithm>
#include <string_view>

#include "shared/util/check.h"

namespace gleaner {

namespace {

/// "-12.50": a sign, digits and at most one point among them.
bool is_number(std::string_view text) {
    if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    return !text.empty() && is_digit(text.front()) && is_digit(text.back()) &&
           std::ranges::count(text, '.') <= 1 &&
           std::ranges::all_of(text, [&](char c) { return is_digit(c) || c == '.'; });
}

bool reads_as_formula(std::string_view text) {
    constexpr std::string_view starts = "=+-@\t\r";
    return !text.empty() && starts.find(text.front()) != std::string_view::npos && !is_number(text);
}

}  // namespace

void CsvWriter::row(std::span<const std::string> fields) {
    GLEANER_CHECK(!fields.empty(), "a line without fields cannot be told from no line");
    bool first = true;
    for (const auto& field : fields) {
        if (!first) out_ += ',';
        first = false;
        const std::string text = reads_as_formula(field) ? "'" + field : field;
        if (text.find_first_of(",\"\r\n") == std::string::npos) {
            out_ += text;
            continue;
        }
        out_ += '"';
        for (const char c : text) {
            if (c == '"') out_ += '"';
            out_ += c;
        }
        out_ += '"';
    }
    out_ += "\r\n";
}

}  // namespace gleaner
