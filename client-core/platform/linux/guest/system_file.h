#pragma once
/// The small files in which Linux tells of itself (/proc, /sys). Each is read with one system call
/// into a bounded buffer; a file that is not there is no error, the fact is just not known.

#include <charconv>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gleaner::guest {

/// At most `bytes_max` of a file; nothing if it cannot be read.
[[nodiscard]] std::optional<std::string> read_system_file(const std::filesystem::path& file,
                                                          std::size_t bytes_max = 64UL << 10);

/// The number that a text begins with, after blanks.
template <class Number>
[[nodiscard]] std::optional<Number> leading_number(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return std::nullopt;
    text.remove_prefix(first);
    Number number{};
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (problem != std::errc{}) return std::nullopt;
    return number;
}

/// The number that a file begins with.
template <class Number>
[[nodiscard]] std::optional<Number> number_in(const std::filesystem::path& file) {
    const auto text = read_system_file(file, 64);
    return text ? leading_number<Number>(*text) : std::nullopt;
}

/// What a file says, without the line's end.
[[nodiscard]] std::string word_in(const std::filesystem::path& file);

/// The value behind "name:" at the beginning of a line, without blanks around it.
[[nodiscard]] std::optional<std::string_view> line_value(std::string_view text,
                                                         std::string_view name);

/// The entries of a folder by name, sorted; none if it cannot be read.
[[nodiscard]] std::vector<std::string> names_in(const std::filesystem::path& folder);

/// The entries of a folder whose names are numbers, sorted.
[[nodiscard]] std::vector<std::int64_t> numbers_in(const std::filesystem::path& folder);

}  // namespace gleaner::guest
