#include "shared/util/csv.h"

#include <vector>

#include <doctest/doctest.h>

using gleaner::CsvWriter;

namespace {

std::string line_of(const std::vector<std::string>& fields) {
    std::string out;
    CsvWriter(out).row(fields);
    return out;
}

}  // namespace

TEST_CASE("plain fields are separated by commas, and a line ends with CR and LF") {
    CHECK(line_of({"a", "", "中文", "12.50"}) == "a,,中文,12.50\r\n");
    CHECK(line_of({""}) == "\r\n");
    std::string out;
    CsvWriter writer(out);
    writer.row({"a"});
    writer.row({"b", "c"});
    CHECK(out == "a\r\nb,c\r\n");
}

TEST_CASE("a field with a comma, a quote or a line break stands in quotes") {
    CHECK(line_of({"a,b"}) == "\"a,b\"\r\n");
    CHECK(line_of({"say \"hi\""}) == "\"say \"\"hi\"\"\"\r\n");
    CHECK(line_of({"two\nlines"}) == "\"two\nlines\"\r\n");
    CHECK(line_of({"two\r\nlines"}) == "\"two\r\nlines\"\r\n");
}

TEST_CASE("what a spreadsheet would run as a formula gets an apostrophe") {
    CHECK(line_of({"=1+1"}) == "'=1+1\r\n");
    CHECK(line_of({"@SUM(A1)"}) == "'@SUM(A1)\r\n");
    CHECK(line_of({"+cmd"}) == "'+cmd\r\n");
    CHECK(line_of({"-2+3"}) == "'-2+3\r\n");
    CHECK(line_of({"\t=1"}) == "'\t=1\r\n");
    CHECK(line_of({"\r=1"}) == "\"'\r=1\"\r\n");
    CHECK(line_of({"=HYPERLINK(\"x\",\"y\")"}) == "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\"\r\n");
    CHECK(line_of({"-"}) == "'-\r\n");
    CHECK(line_of({"-1-1"}) == "'-1-1\r\n");
    CHECK(line_of({"-1.2.3"}) == "'-1.2.3\r\n");
}

TEST_CASE("a number with a sign stays a number") {
    CHECK(line_of({"-12.500000", "+3", "-0"}) == "-12.500000,+3,-0\r\n");
}
