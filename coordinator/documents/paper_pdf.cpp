#include "coordinator/documents/paper_pdf.h"

#include <algorithm>
#include <unordered_map>

#include "coordinator/documents/paper_html.h"
#include "coordinator/documents/typesetter.h"

namespace gleaner::documents {

namespace {

constexpr double margin = 48;
constexpr double content_width = page_width - 2 * margin;
constexpr double content_bottom = page_height - 62;
constexpr double cell_padding = 4;
constexpr double row_padding = 3.5;

constexpr Colour ink{0.11, 0.14, 0.19};
constexpr Colour muted{0.36, 0.40, 0.46};
constexpr Colour accent{0.12, 0.44, 0.33};
constexpr Colour shade{0.93, 0.96, 0.945};
constexpr Colour hairline{0.88, 0.90, 0.92};
constexpr Colour line{0.60, 0.65, 0.70};

/// Of rows, as the dry run has found them: text is shaped once to be measured and once to be drawn.
using RowHeights = std::unordered_map<const Row*, double>;

/// One run over the paper. A dry run finds how many pages there are; the next one names them.
class Setting {
public:
    Setting(const Paper& paper, RowHeights& heights, int pages)
        : paper_(paper), heights_(heights), pages_(pages), sheet_(paper, pages == 0) {}

    void run() {
        first_head();
        boxes();
        for (const auto& table : paper_.tables) add(table);
        notes();
        end_page();
    }
    [[nodiscard]] int pages() const { return page_; }
    [[nodiscard]] Result<std::string> finish() { return sheet_.finish(); }

private:
    void first_head() {
        y_ = margin;
        const TextStyle issuer{.size = 10, .bold = true, .colour = accent};
        y_ += sheet_.text(paper_.issuer, margin, y_, content_width, issuer) + 2;
        const TextStyle title{.size = 20, .bold = true, .colour = ink, .lines_max = 2};
        y_ += sheet_.text(paper_.title, margin, y_, content_width, title) + 6;
        sheet_.rule(margin, y_, content_width, 1.6, accent);
        y_ += 14;
    }

    void boxes() {
        if (paper_.boxes.empty()) return;
        constexpr double gap = 20;
        const auto count = static_cast<double>(paper_.boxes.size());
        const double width = (content_width - gap * (count - 1)) / count;
        double x = margin;
        double lowest = y_;
        for (const auto& box : paper_.boxes) {
            lowest = std::max(lowest, draw(box, x, width));
            x += width + gap;
        }
        y_ = lowest + 6;
    }

    /// Returns where it ends.
    double draw(const FactBox& box, double x, double width) {
        double y = y_;
        const TextStyle heading{.size = 10, .bold = true, .colour = ink};
        if (!box.heading.empty()) y += sheet_.text(box.heading, x, y, width, heading) + 3;
        const double name_width = std::min(92.0, width * 0.38);
        const TextStyle name{.size = 8.5, .colour = muted, .lines_max = 2};
        const TextStyle value{.size = 9, .colour = ink, .lines_max = 3};
        for (const auto& fact : box.facts) {
            const double left = sheet_.text(fact.name, x, y, name_width - 6, name);
            const double right =
                sheet_.text(fact.value, x + name_width, y, width - name_width, value);
            y += std::max(left, right) + 2.5;
        }
        return y;
    }

    void add(const Table& table) {
        const double first_row = table.rows.empty() ? 0 : height_of(table, table.rows.front());
        // A heading alone at the foot of a page says nothing.
        make_room(30 + head_height(table) + 2 * first_row);
        y_ += 12;
        const TextStyle heading{.size = 11, .bold = true, .colour = ink};
        if (!table.heading.empty())
            y_ += sheet_.text(table.heading, margin, y_, content_width, heading) + 4;
        head(table);
        for (std::size_t i = 0; i < table.rows.size(); ++i) {
            const Row& row = table.rows[i];
            double needed = height_of(table, row);
            if (row.style == RowStyle::group && i + 1 < table.rows.size())
                needed += height_of(table, table.rows[i + 1]);
            if (y_ + needed > content_bottom) {
                next_page();
                head(table);
            }
            draw(table, row);
        }
    }

    [[nodiscard]] double head_height(const Table& table) {
        double height = 0;
        for (std::size_t i = 0; i < table.columns.size(); ++i)
            height = std::max(height, sheet_.height(table.columns[i].head, inner_width(table, i),
                                                    head_style(table.columns[i])));
        return height + 2 * row_padding;
    }

    void head(const Table& table) {
        const bool silent = std::ranges::all_of(table.columns, &std::string::empty, &Column::head);
        if (silent) return;
        const double height = head_height(table);
        double x = margin;
        for (std::size_t i = 0; i < table.columns.size(); ++i) {
            sheet_.text(table.columns[i].head, x + cell_padding, y_ + row_padding,
                        inner_width(table, i), head_style(table.columns[i]));
            x += width_of(table, i);
        }
        y_ += height;
        sheet_.rule(margin, y_, content_width, 0.8, line);
    }

    static TextStyle head_style(const Column& column) {
        return {.size = 8, .bold = true, .colour = muted, .align = column.align, .lines_max = 2};
    }

    static TextStyle cell_style(const Column& column, RowStyle style) {
        return {.size = 8.5,
                .bold = style != RowStyle::plain,
                .colour = ink,
                .align = column.align,
                .lines_max = column.align == Align::right ? 1 : 2};
    }

    [[nodiscard]] double width_of(const Table& table, std::size_t column) const {
        int sum = 0;
        for (const auto& one : table.columns) sum += one.weight;
        return content_width * table.columns[column].weight / sum;
    }
    [[nodiscard]] double inner_width(const Table& table, std::size_t column) const {
        return width_of(table, column) - 2 * cell_padding;
    }

    [[nodiscard]] double height_of(const Table& table, const Row& row) {
        const auto known = heights_.find(&row);
        if (known != heights_.end()) return known->second;
        return heights_.emplace(&row, measured(table, row)).first->second;
    }

    [[nodiscard]] double measured(const Table& table, const Row& row) {
        if (row.style == RowStyle::group) {
            return sheet_.height(row.cells.front(), content_width - 2 * cell_padding,
                                 cell_style(table.columns.front(), row.style)) +
                   2 * row_padding;
        }
        double height = 0;
        for (std::size_t i = 0; i < row.cells.size() && i < table.columns.size(); ++i)
            height = std::max(height, sheet_.height(row.cells[i], inner_width(table, i),
                                                    cell_style(table.columns[i], row.style)));
        return height + 2 * row_padding;
    }

    void draw(const Table& table, const Row& row) {
        const double height = height_of(table, row);
        if (pages_ == 0) {
            y_ += height;
            return;
        }
        if (row.style == RowStyle::group) {
            sheet_.fill(margin, y_, content_width, height, shade);
            sheet_.text(row.cells.front(), margin + cell_padding, y_ + row_padding,
                        content_width - 2 * cell_padding,
                        cell_style(table.columns.front(), row.style));
            y_ += height;
            return;
        }
        if (row.style == RowStyle::total) sheet_.rule(margin, y_, content_width, 1, ink);
        double x = margin;
        for (std::size_t i = 0; i < row.cells.size() && i < table.columns.size(); ++i) {
            sheet_.text(row.cells[i], x + cell_padding, y_ + row_padding, inner_width(table, i),
                        cell_style(table.columns[i], row.style));
            x += width_of(table, i);
        }
        y_ += height;
        if (row.style == RowStyle::total) return;
        sheet_.rule(margin, y_, content_width, row.style == RowStyle::subtotal ? 0.8 : 0.4,
                    row.style == RowStyle::subtotal ? line : hairline);
    }

    void notes() {
        y_ += 16;
        const TextStyle style{.size = 8, .colour = muted, .lines_max = 0};
        for (const auto& note : paper_.notes) {
            const double height = sheet_.height(note, content_width, style);
            make_room(height + 4);
            sheet_.text(note, margin, y_, content_width, style);
            y_ += height + 4;
        }
    }

    void make_room(double height) {
        if (y_ + height > content_bottom) next_page();
    }

    void next_page() {
        end_page();
        ++page_;
        y_ = margin - 10;
        const TextStyle running{.size = 8, .colour = muted};
        y_ += sheet_.text(paper_.issuer + " · " + paper_.title + " · " + paper_.subject, margin, y_,
                          content_width, running) +
              4;
        sheet_.rule(margin, y_, content_width, 0.6, accent);
        y_ += 10;
    }

    void end_page() {
        const double y = page_height - 44;
        sheet_.rule(margin, y - 6, content_width, 0.4, line);
        constexpr double number_width = 50;
        const TextStyle reference{.size = 6.5, .colour = muted, .lines_max = 2};
        sheet_.text(paper_.reference, margin, y, content_width - number_width - 10, reference);
        const TextStyle number{.size = 8, .colour = muted, .align = Align::right};
        sheet_.text(std::to_string(page_) + " / " + std::to_string(std::max(pages_, page_)),
                    margin + content_width - number_width, y, number_width, number);
        sheet_.end_page();
    }

    const Paper& paper_;
    RowHeights& heights_;
    int pages_;  ///< 0: a dry run
    Typesetter sheet_;
    int page_ = 1;
    double y_ = margin;
};

}  // namespace

Result<std::string> to_pdf(const Paper& paper) {
    GLEANER_TRY(check_size(paper));
    RowHeights heights;
    Setting counting(paper, heights, 0);
    counting.run();
    Setting setting(paper, heights, counting.pages());
    setting.run();
    return setting.finish();
}

}  // namespace gleaner::documents
