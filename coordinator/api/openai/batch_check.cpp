#include "coordinator/api/openai/batch_check.h"

#include <limits>
#include <unordered_set>

#include <boost/json.hpp>

#include "coordinator/openai/batch_line.h"
#include "coordinator/openai/json_text.h"
#include "coordinator/runtime/job_input.h"

namespace gleaner::api {

namespace json = boost::json;
using openai::invalid_request;

namespace {

constexpr std::size_t faults_max = 100;

class Checker {
public:
    Checker(const BatchCheckRequest& request, const runtime::LineFile& file)
        : request_(request), file_(file), lookup_(request.models->lookup()) {}

    Status add(std::size_t line, std::string_view text) {
        ++check_.lines;
        unsigned char buffer[8192];
        json::monotonic_resource memory(buffer, sizeof buffer);
        auto parsed = openai::parse_batch_line(text, request_.endpoint, &memory);
        if (parsed.has_error()) return fault(line, std::move(parsed).error());
        const auto& envelope = parsed.value();
        if (!ids_.insert(std::hash<std::string>{}(envelope.custom_id)).second) {
            return fault(line, invalid_request("The custom_id '" + envelope.custom_id +
                                                   "' is used by an earlier line.",
                                               "custom_id", "duplicate_custom_id"));
        }
        auto fitting = check_model(envelope.body);
        if (fitting.has_error()) return fault(line, std::move(fitting).error());
        openai::RequestPolicy policy;
        policy.may_stream = false;
        auto checked = openai::check_request(request_.endpoint, envelope.body, lookup_, policy);
        if (checked.has_error()) {
            check_.refused.push_back({static_cast<std::int64_t>(line), std::move(checked).error()});
            return ok();
        }
        hold(checked.value());
        return ok();
    }

    BatchCheck take() {
        if (check_.lines == 0) {
            check_.faults.push_back(
                {0, invalid_request("The input file has no lines.", {}, "empty_file")});
        }
        return std::move(check_);
    }

private:
    Status fault(std::size_t line, ApiError error) {
        if (check_.faults.size() >= faults_max) return ok();
        GLEANER_TRY(const auto number, file_.number_in_file(line));
        check_.faults.push_back({number, std::move(error)});
        return ok();
    }

    /// One model for all lines, as OpenAI demands it.
    ApiStatus check_model(const json::object& body) {
        const auto name = openai::string_member(body, "model");
        if (name.empty())
            return invalid_request("Missing required parameter: 'body.model'.", "body.model",
                                   "missing_required_parameter");
        const auto* model = request_.models->find(name);
        if (model == nullptr)
            return invalid_request("The model '" + std::string(name) + "' does not exist here.",
                                   "body.model", "model_not_found");
        if (model->embeddings != (request_.endpoint == openai::Endpoint::embeddings))
            return invalid_request("The model '" + std::string(name) + "' does not serve " +
                                       std::string(openai::path_of(request_.endpoint)) + ".",
                                   "body.model", "model_not_supported");
        if (!check_.estimate) {
            GLEANER_TRY(check_.tariff, tariff_of(*model));
            check_.model = *model;
            begin_estimate();
        }
        if (check_.model.name != name)
            return invalid_request(
                "All requests of a batch must use one model: this line asks "
                "for '" +
                    std::string(name) + "', the first one for '" + check_.model.name + "'.",
                "body.model", "mismatched_model");
        return api_ok();
    }

    ApiResult<ledger::Tariff> tariff_of(const store::Model& model) const {
        if (request_.tariff) return *request_.tariff;
        return request_.models->tariff(model, request_.currency, request_.tier);
    }

    void begin_estimate() {
        const auto& tariff = check_.tariff;
        const core::JobEstimate::Prices prices{
            tariff.lowest_between(request_.now, request_.deadline), tariff.at(request_.now),
            tariff.highest_between(request_.now, request_.deadline)};
        const auto typical = request_.typical_answers.find(check_.model.sha256);
        check_.estimate.emplace(static_cast<std::uint32_t>(check_.model.context_tokens), prices,
                                request_.replicas,
                                typical == request_.typical_answers.end() ? 0 : typical->second);
    }

    void hold(const openai::EngineRequest& checked) {
        core::RequestBound bound;
        bound.prompt_bytes = static_cast<std::uint64_t>(checked.prompt_bytes);
        bound.messages = static_cast<std::uint32_t>(checked.messages);
        bound.embeddings = request_.endpoint == openai::Endpoint::embeddings;
        if (checked.generated_tokens_max > 0)
            bound.max_tokens = static_cast<std::uint32_t>(std::min<std::int64_t>(
                checked.generated_tokens_max, std::numeric_limits<std::uint32_t>::max()));
        check_.estimate->add(bound);
    }

    const BatchCheckRequest& request_;
    const runtime::LineFile& file_;
    openai::ModelLookup lookup_;
    BatchCheck check_;
    std::unordered_set<std::size_t> ids_;  ///< hashes: a million ids in 16 MB
};

}  // namespace

std::string BatchCheck::errors_json() const {
    if (faults.empty()) return {};
    json::array data;
    for (const auto& fault : faults) {
        json::object entry{{"code", fault.error.code()}, {"message", fault.error.message()}};
        entry["param"] =
            fault.error.param().empty() ? json::value(nullptr) : json::value(fault.error.param());
        entry["line"] = fault.line == 0 ? json::value(nullptr) : json::value(fault.line);
        data.push_back(std::move(entry));
    }
    const json::object errors{{"object", "list"}, {"data", std::move(data)}};
    return json::serialize(errors);
}

Result<BatchCheck> check_batch(const BatchCheckRequest& request) {
    auto file = runtime::LineFile::open(request.path, request.lines_max);
    if (file.has_error() && file.error().code() == ErrorCode::too_large) {
        BatchCheck check;
        check.faults.push_back(
            {0, invalid_request(file.error().message(), {}, "file_limit_exceeded")});
        return check;
    }
    if (file.has_error()) return std::move(file).error();
    Checker checker(request, file.value());
    GLEANER_TRY(file.value().for_each(
        [&](std::size_t line, std::string_view text) { return checker.add(line, text); }));
    return checker.take();
}

}  // namespace gleaner::api
