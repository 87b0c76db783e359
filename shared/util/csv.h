#pragma once
/// Writes comma-separated values as RFC 4180 has them: lines end with CRLF, and fields with commas,
/// quotes or line breaks stand in quotes. Spreadsheets take what begins with = + - @ for a formula:
/// such a field gets an apostrophe before it, unless it is a plain number.

#include <initializer_list>
#include <span>
#include <string>

namespace gleaner {

class CsvWriter {
public:
    /// Appends to `out`, which must outlive it.
    explicit CsvWriter(std::string& out) : out_(out) {}

    /// One line of at least one field.
    void row(std::span<const std::string> fields);
    void row(std::initializer_list<std::string> fields) {
        row(std::span<const std::string>(fields.begin(), fields.size()));
    }

private:
    std::string& out_;
};

}  // namespace gleaner
