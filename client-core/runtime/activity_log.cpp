#include "client-core/runtime/activity_log.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <boost/json.hpp>

namespace gleaner {

namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

constexpr ActivityLog::Level levels[] = {ActivityLog::Level::info, ActivityLog::Level::warning,
                                         ActivityLog::Level::error};

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool holds(const std::string& text, std::string_view part) {
    return std::search(text.begin(), text.end(), part.begin(), part.end(),
                       [](char a, char b) { return lower(a) == lower(b); }) != text.end();
}

std::string text_of(const ActivityLog::Line& line) {
    return json::serialize(json::object{{"n", line.number},
                                        {"at", line.at_s},
                                        {"level", to_string(line.level)},
                                        {"en", line.text.en},
                                        {"zh", line.text.zh}}) +
           "\n";
}

std::optional<ActivityLog::Line> line_of(const std::string& text) {
    boost::system::error_code problem;
    const json::value value = json::parse(text, problem);
    if (problem || !value.is_object()) return std::nullopt;
    const json::object& object = value.get_object();
    ActivityLog::Line line;
    const auto* number = object.if_contains("n");
    const auto* at = object.if_contains("at");
    const auto* level = object.if_contains("level");
    const auto* en = object.if_contains("en");
    const auto* zh = object.if_contains("zh");
    if (number == nullptr || at == nullptr || level == nullptr || en == nullptr || zh == nullptr ||
        !at->is_int64() || !level->is_string() || !en->is_string() || !zh->is_string())
        return std::nullopt;
    line.number = number->to_number<std::uint64_t>(problem);
    if (problem) return std::nullopt;
    line.at_s = at->get_int64();
    for (const auto known : levels)
        if (to_string(known) == std::string_view(level->get_string())) line.level = known;
    line.text = {std::string(en->get_string()), std::string(zh->get_string())};
    return line;
}

}  // namespace

std::string_view to_string(ActivityLog::Level level) {
    switch (level) {
        case ActivityLog::Level::info:
            return "info";
        case ActivityLog::Level::warning:
            return "warning";
        case ActivityLog::Level::error:
            return "error";
    }
    return "";
}

ActivityLog::ActivityLog(const fs::path& folder, const Clock& clock)
    : file_(folder / "activity.log"), older_(folder / "activity.1.log"), clock_(clock) {
    load(older_);
    load(file_);
    std::error_code none;
    const auto size = fs::file_size(file_, none);
    file_bytes_ = none ? 0 : size;
    out_.open(file_, std::ios::binary | std::ios::app);
}

void ActivityLog::load(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    for (std::string text; std::getline(in, text);) {
        auto line = line_of(text);
        // Numbers only grow: a page is asked for by them.
        if (!line || (!lines_.empty() && line->number <= lines_.back().number)) continue;
        lines_.push_back(std::move(*line));
        if (lines_.size() > lines_max) lines_.pop_front();
    }
}

void ActivityLog::add(Level level, Sentence text) {
    if (!lines_.empty() && lines_.back().text == text) return;
    Line line;
    line.number = lines_.empty() ? 1 : lines_.back().number + 1;
    line.at_s = clock_.wall().seconds();
    line.level = level;
    line.text = std::move(text);
    write(line);
    lines_.push_back(std::move(line));
    if (lines_.size() > lines_max) lines_.pop_front();
}

void ActivityLog::write(const Line& line) {
    const std::string text = text_of(line);
    if (file_bytes_ + text.size() > file_bytes_max) {
        out_.close();
        std::error_code ignored;
        fs::rename(file_, older_, ignored);
        out_.open(file_, std::ios::binary | std::ios::trunc);
        file_bytes_ = 0;
    }
    out_.clear();
    out_ << text << std::flush;
    if (out_) file_bytes_ += text.size();
}

std::vector<ActivityLog::Line> ActivityLog::page(std::uint64_t before, std::size_t count,
                                                 std::string_view contains) const {
    std::vector<Line> found;
    for (auto line = lines_.rbegin(); line != lines_.rend() && found.size() < count; ++line) {
        if (before != 0 && line->number >= before) continue;
        if (holds(line->text.en, contains) || holds(line->text.zh, contains))
            found.push_back(*line);
    }
    std::reverse(found.begin(), found.end());
    return found;
}

}  // namespace gleaner
