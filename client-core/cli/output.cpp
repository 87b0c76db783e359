#include "client-core/cli/output.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include <boost/json.hpp>

#include "shared/model/money.h"

namespace gleaner::cli {

namespace json = boost::json;

namespace {

const json::value* member_at(const json::value& value, std::string_view path) {
    const std::size_t dot = path.find('.');
    if (!value.is_object()) return nullptr;
    const json::value* member = value.get_object().if_contains(path.substr(0, dot));
    if (member == nullptr || dot == std::string_view::npos) return member;
    return member_at(*member, path.substr(dot + 1));
}

std::string cell(const json::value& object, const Column& column) {
    const json::value* member = member_at(object, column.key);
    return member == nullptr ? std::string() : show_value(*member, column.show);
}

/// Characters on the screen: UTF-8 continuation bytes take no place.
std::size_t width_of(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    }));
}

/// A name from outside must not drive the terminal.
std::string printable(std::string text) {
    for (char& c : text) {
        if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = '?';
    }
    return text;
}

void print_row(std::ostream& out, const std::vector<std::string>& cells,
               const std::vector<std::size_t>& widths) {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        line += cells[i];
        if (i + 1 < cells.size()) line.append(widths[i] - width_of(cells[i]) + 2, ' ');
    }
    while (!line.empty() && line.back() == ' ') line.pop_back();
    out << line << "\n";
}

}  // namespace

std::string show_bytes(std::uint64_t bytes) {
    static constexpr const char* units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    auto amount = static_cast<double>(bytes);
    std::size_t unit = 0;
    while (amount >= 1024 && unit + 1 < std::size(units)) {
        amount /= 1024;
        ++unit;
    }
    char text[32];
    std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.1f %s", amount, units[unit]);
    return text;
}

std::string show_value(const json::value& value, Show show) {
    if (value.is_null()) return {};
    if (value.is_string()) return printable(std::string(value.get_string()));
    if (value.is_bool()) return value.get_bool() ? "yes" : "no";
    if (value.is_array()) {
        std::string text;
        for (const json::value& element : value.get_array()) {
            text += (text.empty() ? "" : ", ") + show_value(element, show);
        }
        return text;
    }
    const auto integer = value.is_int64() ? value.get_int64() : std::int64_t{0};
    if (!value.is_int64()) return json::serialize(value);
    char text[32];
    switch (show) {
        case Show::plain:
            return std::to_string(integer);
        case Show::money:
            return to_decimal(Money{integer});
        case Show::bytes:
            return show_bytes(static_cast<std::uint64_t>(std::max<std::int64_t>(integer, 0)));
        case Show::seconds:
            std::snprintf(text, sizeof text, "%.1f", static_cast<double>(integer) / 1e6);
            return text;
    }
    return {};
}

void print_list(const Context& context, const json::value& reply,
                const std::vector<Column>& columns, std::string_view empty) {
    if (context.json) {
        context.out << json::serialize(reply) << "\n";
        return;
    }
    const json::value* data = member_at(reply, "data");
    if (data == nullptr || !data->is_array() || data->get_array().empty()) {
        context.out << empty << "\n";
        return;
    }
    std::vector<std::vector<std::string>> rows(1);
    for (const Column& column : columns) rows[0].emplace_back(column.heading);
    for (const json::value& object : data->get_array()) {
        auto& row = rows.emplace_back();
        for (const Column& column : columns) row.push_back(cell(object, column));
    }
    std::vector<std::size_t> widths(columns.size(), 0);
    for (const auto& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], width_of(row[i]));
    }
    for (const auto& row : rows) print_row(context.out, row, widths);
}

void print_record(const Context& context, const json::value& record,
                  const std::vector<Column>& columns) {
    if (context.json) {
        context.out << json::serialize(record) << "\n";
        return;
    }
    for (const Column& column : columns) {
        const std::string text = cell(record, column);
        if (!text.empty()) context.out << column.heading << ": " << text << "\n";
    }
}

std::int64_t integer_at(const json::value& object, std::string_view key) {
    const json::value* member = member_at(object, key);
    return member != nullptr && member->is_int64() ? member->get_int64() : 0;
}

std::string text_at(const json::value& object, std::string_view key) {
    const json::value* member = member_at(object, key);
    return member != nullptr && member->is_string() ? std::string(member->get_string())
                                                    : std::string();
}

Result<std::int64_t> parse_micros(std::string_view text) {
    const Error wrong(ErrorCode::invalid_argument,
                      "\"" + std::string(text.substr(0, 40)) +
                          "\" is not an amount: write it as 12 or 12.345678, with at most six "
                          "decimals");
    const std::size_t point = text.find('.');
    const std::string_view whole = text.substr(0, point);
    std::string fraction(point == std::string_view::npos ? "" : text.substr(point + 1));
    const bool shaped = !whole.empty() && whole.size() <= 12 && fraction.size() <= 6 &&
                        (point == std::string_view::npos || !fraction.empty());
    if (!shaped) return wrong;
    fraction.resize(6, '0');
    const std::string digits = std::string(whole) + fraction;
    const bool numeric =
        std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!numeric) return wrong;
    std::int64_t micros = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), micros);
    return micros;
}

}  // namespace gleaner::cli
