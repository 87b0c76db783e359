#include "coordinator/documents/paper_html.h"

namespace gleaner::documents {

namespace {

constexpr std::string_view style_sheet = R"css(
@page { size: A4; margin: 18mm 16mm; }
* { box-sizing: border-box; }
body { font: 10pt/1.45 "Noto Sans CJK SC", "Noto Sans SC", "Microsoft YaHei", "PingFang SC",
       system-ui, sans-serif; color: #1d2430; background: #fff; max-width: 210mm; margin: 0 auto;
       padding: 12mm 16mm; }
header { border-bottom: 2px solid #1f6f54; padding-bottom: 8px; margin-bottom: 14px; }
.issuer { color: #1f6f54; font-weight: 600; letter-spacing: .04em; }
h1 { font-size: 18pt; margin: 2px 0 0; }
h2 { font-size: 11pt; margin: 20px 0 6px; }
.boxes { display: flex; gap: 24px; flex-wrap: wrap; }
.boxes section { flex: 1 1 240px; }
.boxes h2 { margin-top: 0; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 14px; margin: 0; }
dt { color: #5b6675; }
dd { margin: 0; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; }
thead { display: table-header-group; }
th { color: #5b6675; font-weight: 600; text-align: left; border-bottom: 1px solid #9aa5b1; }
th, td { padding: 3px 6px; vertical-align: top; }
td { border-bottom: 1px solid #e6e9ed; overflow-wrap: anywhere; }
tr { break-inside: avoid; }
.right { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.group td { background: #eef4f1; font-weight: 600; break-after: avoid; }
.subtotal td { font-weight: 600; border-bottom: 1px solid #9aa5b1; }
.total td { font-weight: 700; border-top: 1.5px solid #1d2430; border-bottom: none; }
.notes { margin-top: 22px; color: #3d4756; font-size: 9pt; }
.notes p { margin: 4px 0; }
footer { margin-top: 18px; border-top: 1px solid #c9d0d8; padding-top: 6px; color: #5b6675;
         font-size: 8pt; overflow-wrap: anywhere; }
@media print { body { padding: 0; max-width: none; } }
)css";

class Html {
public:
    explicit Html(const Paper& paper) : paper_(paper) {}

    std::string write() && {
        head();
        for (const auto& table : paper_.tables) add(table);
        out_ += "<div class=\"notes\">\n";
        for (const auto& note : paper_.notes) element("p", note);
        out_ +=
            "</div>\n<footer>" + escape_html(paper_.reference) + "</footer>\n</body>\n</html>\n";
        return std::move(out_);
    }

private:
    void element(std::string_view name, std::string_view text) {
        out_.append("<").append(name).append(">").append(escape_html(text));
        out_.append("</").append(name).append(">\n");
    }

    void head() {
        out_ += "<!DOCTYPE html>\n<html lang=\"";
        out_ += in(paper_.language, "en", "zh-CN");
        out_ +=
            "\">\n<head>\n<meta charset=\"utf-8\">\n"
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
            "style-src 'unsafe-inline'\">\n"
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
        element("title", paper_.title + " · " + paper_.subject);
        out_.append("<style>").append(style_sheet).append("</style>\n</head>\n<body>\n<header>\n");
        out_ += "<div class=\"issuer\">" + escape_html(paper_.issuer) + "</div>\n";
        element("h1", paper_.title);
        out_ += "</header>\n<div class=\"boxes\">\n";
        for (const auto& box : paper_.boxes) add(box);
        out_ += "</div>\n";
    }

    void add(const FactBox& box) {
        out_ += "<section>\n";
        if (!box.heading.empty()) element("h2", box.heading);
        out_ += "<dl>\n";
        for (const auto& [name, value] : box.facts) {
            element("dt", name);
            element("dd", value);
        }
        out_ += "</dl>\n</section>\n";
    }

    void add(const Table& table) {
        if (!table.heading.empty()) element("h2", table.heading);
        out_ += "<table>\n<thead><tr>";
        for (const auto& column : table.columns) {
            out_ += column.align == Align::right ? "<th class=\"right\">" : "<th>";
            out_ += escape_html(column.head) + "</th>";
        }
        out_ += "</tr></thead>\n<tbody>\n";
        for (const auto& row : table.rows) add(table, row);
        out_ += "</tbody>\n</table>\n";
    }

    void add(const Table& table, const Row& row) {
        out_ += "<tr" + std::string(class_of(row.style)) + ">";
        if (row.style == RowStyle::group) {
            out_ += "<td colspan=\"" + std::to_string(table.columns.size()) + "\">" +
                    escape_html(row.cells.front()) + "</td>";
        } else {
            for (std::size_t i = 0; i < table.columns.size() && i < row.cells.size(); ++i) {
                out_ += table.columns[i].align == Align::right ? "<td class=\"right\">" : "<td>";
                out_ += escape_html(row.cells[i]) + "</td>";
            }
        }
        out_ += "</tr>\n";
    }

    static std::string_view class_of(RowStyle style) {
        switch (style) {
            case RowStyle::plain:
                return "";
            case RowStyle::group:
                return " class=\"group\"";
            case RowStyle::subtotal:
                return " class=\"subtotal\"";
            case RowStyle::total:
                return " class=\"total\"";
        }
        return "";
    }

    const Paper& paper_;
    std::string out_;
};

}  // namespace

std::string escape_html(std::string_view text) {
    std::string escaped;
    for (const char c : clean_text(text)) {
        switch (c) {
            case '&':
                escaped += "&amp;";
                break;
            case '<':
                escaped += "&lt;";
                break;
            case '>':
                escaped += "&gt;";
                break;
            case '"':
                escaped += "&quot;";
                break;
            case '\'':
                escaped += "&#39;";
                break;
            default:
                escaped += c;
        }
    }
    return escaped;
}

Status check_size(const Paper& paper) {
    const std::size_t rows = rows_of(paper);
    if (rows <= paper_rows_max) return ok();
    return Error(ErrorCode::too_large,
                 "this document would have " + std::to_string(rows) + " lines, and at most " +
                     std::to_string(paper_rows_max) +
                     " are typeset: ask for a shorter period, or for format=csv");
}

Result<std::string> to_html(const Paper& paper) {
    GLEANER_TRY(check_size(paper));
    return Html(paper).write();
}

}  // namespace gleaner::documents
