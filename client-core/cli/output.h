#pragma once
/// How results are shown: as the coordinator's JSON with --json, as tables and lines without.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/value.hpp>

#include "client-core/cli/context.h"

namespace gleaner::cli {

/// How a JSON member reads in a table.
enum class Show : std::uint8_t {
    plain,
    money,    ///< integer micro-units as a decimal
    bytes,    ///< an integer as KiB, MiB, …
    seconds,  ///< integer microseconds as seconds
};

struct Column {
    std::string_view key;      ///< of the JSON object; "a.b" reaches into it
    std::string_view heading;  ///< for people
    Show show = Show::plain;
};

/// With --json the value as one line; else the members of its "data" list as a table, or `empty`.
void print_list(const Context& context, const boost::json::value& reply,
                const std::vector<Column>& columns, std::string_view empty);
/// With --json the value as one line; else a line "heading: value" for each member that is there.
void print_record(const Context& context, const boost::json::value& record,
                  const std::vector<Column>& columns);

/// One value as text; empty for null and for members that are missing.
[[nodiscard]] std::string show_value(const boost::json::value& value, Show show);
/// "1.5 GiB", "312 B".
[[nodiscard]] std::string show_bytes(std::uint64_t bytes);
/// Integer member of an object, or 0.
[[nodiscard]] std::int64_t integer_at(const boost::json::value& object, std::string_view key);
/// Text member of an object, or empty.
[[nodiscard]] std::string text_at(const boost::json::value& object, std::string_view key);

/// "12.5" → 12 500 000. At most six decimals, no sign; invalid_argument otherwise.
[[nodiscard]] Result<std::int64_t> parse_micros(std::string_view text);

}  // namespace gleaner::cli
