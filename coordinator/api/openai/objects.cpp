#include "coordinator/api/openai/objects.h"

#include <charconv>

#include <boost/json.hpp>

namespace gleaner::api {

namespace json = boost::json;

namespace {

json::value seconds_or_null(const std::optional<WallTime>& time) {
    if (!time) return nullptr;
    return time->seconds();
}

json::value text_or_null(const std::string& text) {
    if (text.empty()) return nullptr;
    return json::value(text);
}

json::value parsed_or_null(const std::string& text) {
    if (text.empty()) return nullptr;
    json::error_code problem;
    auto value = json::parse(text, problem);
    return problem ? json::value(nullptr) : value;
}

}  // namespace

json::object file_object(const store::File& file) {
    return {{"id", file.id.get()},      {"object", "file"},
            {"bytes", file.bytes},      {"created_at", file.created.seconds()},
            {"expires_at", nullptr},    {"filename", file.filename},
            {"purpose", file.purpose},  {"status", "processed"},
            {"status_details", nullptr}};
}

json::object model_object(const store::Model& model) {
    return {{"id", model.name},
            {"object", "model"},
            {"created", model.created.seconds()},
            {"owned_by", "gleaner"},
            {"context_window", model.context_tokens},
            {"quantisation", model.quantisation},
            {"sha256", model.sha256.get()},
            {"embeddings", model.embeddings},
            {"price_micros_per_million_tokens",
             {{"prompt", model.price.prompt_micros_per_million},
              {"generated", model.price.generated_micros_per_million}}}};
}

namespace {

/// What OpenAI's batches have no place for.
json::object batch_extension(const store::Job& job, const std::optional<runtime::JobNote>& note) {
    const auto& terms = job.terms;
    json::object extension{{"privacy", to_string(job.privacy)},
                           {"replicas", job.replicas},
                           {"held_micros", job.held.micros},
                           {"currency", code_of(job.currency)}};
    extension["reservation"] = text_or_null(terms.reservation);
    extension["price_book"] =
        terms.tariff.version == 0 ? json::value(nullptr) : json::value(terms.tariff.version);
    extension["max_price"] =
        terms.max_price ? json::value(to_decimal(*terms.max_price)) : json::value(nullptr);
    extension["status"] = note ? json::value(note->status) : json::value(nullptr);
    extension["note"] = note ? text_or_null(note->text) : json::value(nullptr);
    json::array warnings;
    for (const auto& warning : terms.warnings) warnings.emplace_back(warning);
    extension["warnings"] = std::move(warnings);
    return extension;
}

}  // namespace

json::object batch_object(const store::Job& job, const std::optional<store::JobCounts>& counts,
                          const std::optional<runtime::JobNote>& note) {
    using store::JobState;
    const auto& shown = counts ? *counts : job.counts;
    const auto ended_as = [&](JobState state) {
        return job.state == state ? seconds_or_null(job.ended) : json::value(nullptr);
    };
    json::object batch{{"id", job.id.get()},
                       {"object", "batch"},
                       {"endpoint", job.endpoint},
                       {"model", text_or_null(job.model)},
                       {"errors", parsed_or_null(job.errors_json)},
                       {"input_file_id", job.input_file.get()},
                       {"completion_window", window_text(job.deadline - job.created)},
                       {"status", to_string(job.state)},
                       {"output_file_id", text_or_null(job.output_file.get())},
                       {"error_file_id", text_or_null(job.error_file.get())},
                       {"created_at", job.created.seconds()},
                       {"in_progress_at", seconds_or_null(job.started)},
                       {"expires_at", job.deadline.seconds()},
                       {"finalizing_at", seconds_or_null(job.finalizing)},
                       {"completed_at", ended_as(JobState::completed)},
                       {"failed_at", ended_as(JobState::failed)},
                       {"expired_at", ended_as(JobState::expired)},
                       {"cancelling_at", nullptr},
                       {"cancelled_at", ended_as(JobState::cancelled)}};
    batch["request_counts"] = {
        {"total", shown.total}, {"completed", shown.completed}, {"failed", shown.failed}};
    batch["metadata"] = parsed_or_null(job.metadata_json);
    batch["gleaner"] = batch_extension(job, note);
    return batch;
}

std::string list_text(json::array data, bool has_more) {
    json::object list{{"object", "list"}};
    list["first_id"] = data.empty() ? json::value(nullptr) : data.front().at("id");
    list["last_id"] = data.empty() ? json::value(nullptr) : data.back().at("id");
    list["data"] = std::move(data);
    list["has_more"] = has_more;
    return json::serialize(list);
}

std::string window_text(Duration window) {
    const auto minutes = std::chrono::round<std::chrono::minutes>(window).count();
    if (minutes % 60 == 0) return std::to_string(minutes / 60) + "h";
    return std::to_string(minutes) + "m";
}

std::optional<Duration> parse_window(std::string_view text) {
    if (text.size() < 2 || text.size() > 6) return std::nullopt;
    std::int64_t number = 0;
    const auto* end = text.data() + text.size() - 1;
    const auto parsed = std::from_chars(text.data(), end, number);
    if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
    std::int64_t minutes = 0;
    switch (text.back()) {
        case 'm':
            minutes = number;
            break;
        case 'h':
            minutes = number * 60;
            break;
        case 'd':
            minutes = number * 24 * 60;
            break;
        default:
            return std::nullopt;
    }
    if (minutes < 1 || minutes > 7 * 24 * 60) return std::nullopt;
    return std::chrono::minutes(minutes);
}

}  // namespace gleaner::api
