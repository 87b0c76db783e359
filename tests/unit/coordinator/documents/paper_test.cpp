/// Aim: a paper reads the same as HTML and as PDF, whatever names are on it. What a PDF looks like
/// is checked by tests/integration/statements.test.mjs.

#include "coordinator/documents/paper.h"

#include <doctest/doctest.h>

#include "coordinator/documents/paper_html.h"
#include "coordinator/documents/paper_pdf.h"

using namespace gleaner;
using namespace gleaner::documents;

namespace {

Paper paper_with(const std::string& name, std::size_t rows = 2) {
    Paper paper;
    paper.language = Language::chinese;
    paper.issuer = "拾穗 Gleaner";
    paper.title = "收益对账单";
    paper.subject = name;
    paper.boxes = {{"", {{"机主", name}}}};
    Table table;
    table.columns = {{"机器", Align::left, 2}, {"金额", Align::right, 1}};
    table.rows.push_back({{name}, RowStyle::group});
    for (std::size_t i = 0; i < rows; ++i) table.rows.push_back({{name, "1.00"}, {}});
    table.rows.push_back({{"合计", "2.00"}, RowStyle::total});
    paper.tables.push_back(table);
    paper.notes = {name};
    paper.reference = name;
    return paper;
}

std::size_t count_of(std::string_view text, std::string_view what) {
    std::size_t count = 0;
    for (auto at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++count;
    return count;
}

}  // namespace

TEST_CASE("a hostile name is text on a page, never a part of the page") {
    const std::string hostile = "</td><script>alert('x')</script>\"&<img src=x onerror=y>";
    const auto html = to_html(paper_with(hostile)).value();
    CHECK(html.find("<script") == std::string::npos);
    CHECK(html.find("<img") == std::string::npos);
    CHECK(html.find("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot;&amp;") !=
          std::string::npos);
    const auto plain = to_html(paper_with("Sunny Cafe")).value();
    for (const char* tag : {"<td", "<tr", "<p>", "<dd>", "<footer>"})
        CHECK(count_of(html, tag) == count_of(plain, tag));
}

TEST_CASE("a page loads nothing and runs nothing") {
    const auto html = to_html(paper_with("Sunny Cafe")).value();
    CHECK(html.find("default-src 'none'") != std::string::npos);
    for (const char* outside :
         {"http://", "https://", "<script", "src=", "url(", "@import", "<link"})
        CHECK_MESSAGE(html.find(outside) == std::string::npos, outside);
    CHECK(html.find("<html lang=\"zh-CN\">") != std::string::npos);
}

TEST_CASE("text is cleaned of what is no text and of what turns what stands around it") {
    CHECK(clean_text("阳光 café") == "阳光 café");
    CHECK(clean_text("a\x01"
                     "b\nc\x7f") == "abc");
    CHECK(clean_text("100\xe2\x80\xae"
                     "001") == "100001");  // right-to-left override
    CHECK(clean_text("a\xe2\x81\xa6"
                     "b\xef\xbb\xbf") == "ab");  // isolate, byte order mark
    CHECK(clean_text("\xff") == "\xef\xbf\xbd");
    CHECK(clean_text("\xc0\xaf") == "\xef\xbf\xbd\xef\xbf\xbd");          // overlong
    CHECK(clean_text("\xed\xa0\x80").find('\xed') == std::string::npos);  // a surrogate
    CHECK(clean_text("\xe4\xb8") == "\xef\xbf\xbd\xef\xbf\xbd");          // cut off
}

TEST_CASE("the same paper is the same PDF, and any name can be typeset") {
    for (const std::string name : {"阳光网咖", "\xff\xfe broken", "", "😀 \xe2\x80\xae turned",
                                   "very-long-name-of-a-machine"}) {
        CAPTURE(name);
        const auto paper = paper_with(name + name + name, 150);
        const auto first = to_pdf(paper).value();
        CHECK(first.starts_with("%PDF-"));
        CHECK(first.find("%%EOF") != std::string::npos);
        CHECK(to_pdf(paper).value() == first);
    }
}

TEST_CASE("too many lines are refused with what to do instead") {
    const auto paper = paper_with("Sunny Cafe", paper_rows_max);
    CHECK(to_html(paper).error().code() == ErrorCode::too_large);
    CHECK(to_pdf(paper).error().message().find("format=csv") != std::string::npos);
    CHECK(to_html(paper_with("Sunny Cafe", paper_rows_max - 2)).has_value());
}

TEST_CASE("languages are two") {
    CHECK(parse_language("zh") == Language::chinese);
    CHECK(parse_language("en") == Language::english);
    CHECK_FALSE(parse_language("fr").has_value());
}
