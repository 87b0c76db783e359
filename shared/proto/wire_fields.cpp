#include "shared/proto/wire_fields.h"

#include <algorithm>

namespace gleaner::wire {

namespace {

bool is_control(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
}

bool is_name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

}  // namespace

Error refusal(std::string_view field, std::string_view why) {
    std::string message(field);
    message += ' ';
    message += why;
    return {ErrorCode::invalid_argument, std::move(message)};
}

Status check_size(std::string_view field, std::size_t size, std::size_t max) {
    if (size > max) return refusal(field, "is longer than " + std::to_string(max) + " bytes");
    return ok();
}

Status check_text(std::string_view field, const std::string& text, std::size_t max) {
    GLEANER_TRY(check_size(field, text.size(), max));
    if (std::any_of(text.begin(), text.end(), is_control)) {
        return refusal(field, "holds control characters");
    }
    return ok();
}

Status check_lines(std::string_view field, const std::string& text, std::size_t max) {
    GLEANER_TRY(check_size(field, text.size(), max));
    const auto forbidden = [](char c) {
        return is_control(c) && c != '\n' && c != '\r' && c != '\t';
    };
    if (std::any_of(text.begin(), text.end(), forbidden)) {
        return refusal(field, "holds control characters");
    }
    return ok();
}

Status check_name(std::string_view field, const std::string& text, std::size_t max) {
    if (text.empty()) return refusal(field, "is missing");
    GLEANER_TRY(check_size(field, text.size(), max));
    if (!std::all_of(text.begin(), text.end(), is_name_character)) {
        return refusal(field, "holds other characters than letters, digits, '.', '_' and '-'");
    }
    return ok();
}

Status check_sha256(std::string_view field, const std::string& text) {
    const auto hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
    if (text.size() != 64 || !std::all_of(text.begin(), text.end(), hex)) {
        return refusal(field, "is not 64 lower-case hex characters");
    }
    return ok();
}

Status check_date(std::string_view field, const std::string& text) {
    constexpr std::string_view form = "0000-00-00";
    const auto fits = [](char c, char wanted) {
        return wanted == '0' ? c >= '0' && c <= '9' : c == wanted;
    };
    if (text.size() != form.size() || !std::equal(text.begin(), text.end(), form.begin(), fits)) {
        return refusal(field, "is no date like 2026-11-25");
    }
    return ok();
}

Status check_count(std::string_view field, int count, int max) {
    if (count > max) return refusal(field, "has more than " + std::to_string(max) + " entries");
    return ok();
}

Status check_range(std::string_view field, std::uint64_t value, std::uint64_t min,
                   std::uint64_t max) {
    if (value < min || value > max) {
        return refusal(field,
                       "is not between " + std::to_string(min) + " and " + std::to_string(max));
    }
    return ok();
}

Status check_number(std::string_view field, double value, double max) {
    if (!std::isfinite(value) || value < 0 || value > max) {
        return refusal(field, "is no number between 0 and its maximum");
    }
    return ok();
}

Status check_failure(std::string_view field, const Failure& failure) {
    const std::string name(field);
    if (failure.code() == Failure::CODE_UNSPECIFIED || !Failure::Code_IsValid(failure.code())) {
        return refusal(name + ".code", "is unknown");
    }
    GLEANER_TRY(check_lines(name + ".message", failure.message(), 4'096));
    if (failure.http_status() != 0) {
        GLEANER_TRY(check_range(name + ".http_status", failure.http_status(), 100, 599));
    }
    return check_size(name + ".body", failure.body().size(), 64 * 1024);
}

}  // namespace gleaner::wire
