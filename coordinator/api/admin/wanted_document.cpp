#include "coordinator/api/admin/wanted_document.h"

#include <charconv>
#include <limits>

#include "coordinator/documents/paper_html.h"
#include "coordinator/documents/paper_pdf.h"
#include "shared/model/civil_day.h"
#include "shared/model/civil_time.h"

namespace gleaner::admin {

namespace {

Error unknown(std::string_view what, const std::string& value, std::string_view known) {
    return Error(ErrorCode::invalid_argument, "there is no " + std::string(what) + " \"" +
                                                  value.substr(0, 40) + "\": take " +
                                                  std::string(known));
}

Result<std::int64_t> number_of(const Call& call, const std::string& name, std::int64_t absent,
                               std::int64_t most) {
    const std::string text = call.parameter(name);
    if (text.empty()) return absent;
    std::int64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [stopped, problem] = std::from_chars(text.data(), end, value);
    if (problem == std::errc() && stopped == end && value >= 0 && value <= most) return value;
    return Error(ErrorCode::invalid_argument, name + " is a whole number from 0 to " +
                                                  std::to_string(most) + ", not \"" +
                                                  text.substr(0, 40) + "\"");
}

std::string_view extension(Form form) {
    switch (form) {
        case Form::json:
            return "json";
        case Form::csv:
            return "csv";
        case Form::html:
            return "html";
        case Form::pdf:
            return "pdf";
    }
    return "json";
}

}  // namespace

Result<Form> form_of(const Call& call) {
    const std::string text = call.parameter("format");
    if (text.empty()) return Form::json;
    for (const auto form : {Form::json, Form::csv, Form::html, Form::pdf})
        if (extension(form) == text) return form;
    return unknown("format", text, "json, csv, html or pdf");
}

Result<documents::Language> language_of(const Call& call) {
    const std::string text = call.parameter("lang");
    if (text.empty()) return documents::Language::english;
    const auto language = documents::parse_language(text);
    if (language) return *language;
    return unknown("language", text, "en or zh");
}

Result<Period> period_of(const Call& call, WallTime now) {
    const std::string month = call.parameter("month");
    const std::string from = call.parameter("from");
    const std::string to = call.parameter("to");
    if (!month.empty()) {
        if (!from.empty() || !to.empty())
            return Error(ErrorCode::invalid_argument,
                         "a period is a month, or from and to, not both");
        const auto parsed = month_of_text(month);
        if (!parsed) return unknown("month", month, "one like 2026-11");
        return Period{start_of_day(first_day(*parsed)), start_of_day(first_day(parsed->next()))};
    }
    // Whole seconds, so that what is written as text names the same period.
    Period period{{}, WallTime{(now.micros / 1'000'000 + 1) * 1'000'000}};
    if (!from.empty()) {
        GLEANER_TRY(period.from, parse_time(from));
    }
    if (!to.empty()) {
        GLEANER_TRY(period.to, parse_time(to));
    }
    if (period.to < period.from)
        return Error(ErrorCode::invalid_argument, "the period ends before it begins");
    return period;
}

Result<PageWanted> page_of(const Call& call) {
    constexpr std::int64_t page_rows_max = 1000;
    constexpr std::int64_t page_rows = 100;
    PageWanted page;
    GLEANER_TRY(page.after,
                number_of(call, "after", 0, std::numeric_limits<std::int64_t>::max() - 1));
    GLEANER_TRY(page.limit, number_of(call, "limit", page_rows, page_rows_max));
    if (page.limit == 0)
        return Error(ErrorCode::invalid_argument, "limit is a whole number from 1 to 1000");
    return page;
}

std::string file_name(const std::string& name, Form form) {
    if (form == Form::json) return {};
    std::string safe = "gleaner-";
    for (const char c : name) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '-' || c == '_';
        safe += plain ? c : '-';
    }
    return safe.append(".").append(extension(form));
}

std::string content_type(Form form) {
    switch (form) {
        case Form::json:
            return "application/json";
        case Form::csv:
            return "text/csv; charset=utf-8";
        case Form::html:
            return "text/html; charset=utf-8";
        case Form::pdf:
            return "application/pdf";
    }
    return "application/json";
}

Result<Document> set_paper(const documents::Paper& paper, const std::string& name, Form form) {
    GLEANER_TRY(auto bytes,
                form == Form::pdf ? documents::to_pdf(paper) : documents::to_html(paper));
    return Document(content_type(form), file_name(name, form), std::move(bytes));
}

}  // namespace gleaner::admin
