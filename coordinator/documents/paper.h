#pragma once
/// A document before it is set: what stands on it, in which order, and nothing of how it looks.
/// Statements and invoices become papers; a paper becomes HTML or PDF. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/util/clock.h"

namespace gleaner::documents {

enum class Language : std::uint8_t { english, chinese };

/// "en", "zh"; nothing for another word.
[[nodiscard]] std::optional<Language> parse_language(std::string_view text);
/// The one of both that is asked for.
[[nodiscard]] inline std::string_view in(Language language, std::string_view english,
                                         std::string_view chinese) {
    return language == Language::chinese ? chinese : english;
}

enum class Align : std::uint8_t { left, right };

struct Column {
    std::string head;
    Align align = Align::left;
    int weight = 1;  ///< its part of the table's width
};

enum class RowStyle : std::uint8_t {
    plain,
    group,     ///< heads the rows that follow; its first cell takes the whole width
    subtotal,  ///< of the group above
    total,     ///< of the table
};

struct Row {
    std::vector<std::string> cells;  ///< one for each column
    RowStyle style = RowStyle::plain;
};

struct Table {
    std::string heading;
    std::vector<Column> columns;
    std::vector<Row> rows;
};

struct Fact {
    std::string name;
    std::string value;
};

/// A box of facts; those of an invoice stand side by side: the seller and the buyer.
struct FactBox {
    std::string heading;  ///< may be empty
    std::vector<Fact> facts;
};

struct Paper {
    Language language = Language::english;
    std::string issuer;  ///< above the title
    std::string title;
    std::string subject;  ///< beside the title on later pages: of whom, of when
    std::vector<FactBox> boxes;
    std::vector<Table> tables;
    std::vector<std::string> notes;
    std::string reference;  ///< at the foot of every page
    WallTime created;       ///< what a PDF says of itself: the same paper is the same bytes
};

/// The rows of all tables.
[[nodiscard]] std::size_t rows_of(const Paper& paper);

/// Valid UTF-8 without control characters and without those that turn the direction of writing: a
/// name from outside must not change how what stands around it reads.
[[nodiscard]] std::string clean_text(std::string_view text);

/// More rows than this are neither typeset nor shown as a page.
inline constexpr std::size_t paper_rows_max = 5'000;

}  // namespace gleaner::documents
