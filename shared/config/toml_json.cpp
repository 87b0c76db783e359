#include "shared/config/toml_json.h"

#include <chrono>
#include <cstdio>

#include <boost/json.hpp>
#include <toml++/toml.h>

namespace gleaner::config {

namespace json = boost::json;

namespace {

constexpr std::size_t text_bytes_max = 1U << 20U;

std::string date_text(const toml::date& date) {
    char text[16];
    std::snprintf(text, sizeof text, "%04u-%02u-%02u", static_cast<unsigned>(date.year),
                  static_cast<unsigned>(date.month), static_cast<unsigned>(date.day));
    return text;
}

std::string time_text(const toml::time& time) {
    char text[16];
    std::snprintf(text, sizeof text, "%02u:%02u:%02u", static_cast<unsigned>(time.hour),
                  static_cast<unsigned>(time.minute), static_cast<unsigned>(time.second));
    return text;
}

std::string moment_text(const toml::date_time& moment) {
    using namespace std::chrono;
    if (!moment.offset) return date_text(moment.date) + "T" + time_text(moment.time);
    const sys_days day =
        year{moment.date.year} / month{moment.date.month} / std::chrono::day{moment.date.day};
    const auto utc = day + hours{moment.time.hour} + minutes{moment.time.minute} +
                     seconds{moment.time.second} - minutes{moment.offset->minutes};
    const auto utc_day = floor<days>(utc);
    const year_month_day date{utc_day};
    const hh_mm_ss<seconds> clock{floor<seconds>(utc - utc_day)};
    toml::date shown_date;
    shown_date.year = static_cast<std::uint16_t>(static_cast<int>(date.year()));
    shown_date.month = static_cast<std::uint8_t>(static_cast<unsigned>(date.month()));
    shown_date.day = static_cast<std::uint8_t>(static_cast<unsigned>(date.day()));
    toml::time shown_time;
    shown_time.hour = static_cast<std::uint8_t>(clock.hours().count());
    shown_time.minute = static_cast<std::uint8_t>(clock.minutes().count());
    shown_time.second = static_cast<std::uint8_t>(clock.seconds().count());
    return date_text(shown_date) + "T" + time_text(shown_time) + "Z";
}

json::value value_of(const toml::node& node) {
    if (const auto* table = node.as_table()) {
        json::object object;
        for (const auto& [key, inner] : *table) object[std::string(key.str())] = value_of(inner);
        return object;
    }
    if (const auto* list = node.as_array()) {
        json::array array;
        for (const auto& inner : *list) array.push_back(value_of(inner));
        return array;
    }
    if (const auto* text = node.as_string()) return json::value(text->get());
    if (const auto* number = node.as_integer()) return json::value(number->get());
    if (const auto* number = node.as_floating_point()) return json::value(number->get());
    if (const auto* flag = node.as_boolean()) return json::value(flag->get());
    if (const auto* date = node.as_date()) return json::value(date_text(date->get()));
    if (const auto* time = node.as_time()) return json::value(time_text(time->get()));
    if (const auto* moment = node.as_date_time()) return json::value(moment_text(moment->get()));
    return nullptr;
}

}  // namespace

Result<json::object> read_toml(std::string_view text, const std::string& origin) {
    if (text.size() > text_bytes_max)
        return Error(ErrorCode::too_large, origin + ": is larger than 1 MiB");
    try {
        return std::move(value_of(toml::parse(text, origin)).get_object());
    } catch (const toml::parse_error& error) {
        return Error(ErrorCode::data_corrupt, origin + ":" +
                                                  std::to_string(error.source().begin.line) + ": " +
                                                  std::string(error.description()));
    }
}

}  // namespace gleaner::config
