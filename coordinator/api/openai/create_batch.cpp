/// POST /v1/batches: check the file, hold the credit, store the job, open it.

#include <boost/json.hpp>

#include "coordinator/api/openai/batch_check.h"
#include "coordinator/api/openai/credit_gate.h"
#include "coordinator/api/openai/idempotency.h"
#include "coordinator/api/openai/objects.h"
#include "coordinator/api/openai/privacy.h"
#include "coordinator/api/openai/routes.h"
#include "coordinator/api/openai/store_gate.h"
#include "coordinator/core/admission/model_fit.h"
#include "coordinator/openai/json_text.h"
#include "coordinator/runtime/grid.h"
#include "coordinator/store/blobs.h"
#include "coordinator/store/executor.h"
#include "shared/async/offload.h"
#include "shared/util/random.h"

namespace gleaner::api {

namespace json = boost::json;
using openai::invalid_request;

namespace {

constexpr std::size_t metadata_pairs_max = 16;
constexpr std::int64_t replicas_max = 3;

struct BatchRequest {
    FileId input;
    openai::Endpoint endpoint = openai::Endpoint::chat_completions;
    Duration window{};
    std::string metadata;  ///< JSON; empty: none
    PrivacyClass privacy = PrivacyClass::any;
    std::int32_t replicas = 1;
};

ApiResult<std::string> read_metadata(const json::object& body) {
    const auto* metadata = openai::member(body, "metadata");
    if (metadata == nullptr) return std::string();
    bool good = metadata->is_object() && metadata->get_object().size() <= metadata_pairs_max;
    if (good) {
        for (const auto& pair : metadata->get_object())
            good = good && pair.key().size() <= 64 && pair.value().is_string() &&
                   pair.value().get_string().size() <= 512;
    }
    if (!good)
        return invalid_request(
            "'metadata' must be an object of up to 16 strings of up to 512 "
            "bytes, under names of up to 64.",
            "metadata");
    return json::serialize(*metadata);
}

ApiStatus read_extension(const json::object& body, const Request& request, BatchRequest& batch) {
    GLEANER_TRY(const auto privacy, privacy_of(request, body));
    batch.privacy = privacy.value_or(PrivacyClass::any);
    if (batch.privacy == PrivacyClass::own && request.caller->own_sites_of.empty())
        return no_own_sites();
    const auto* extension = openai::member(body, "gleaner");
    if (extension == nullptr) return api_ok();
    const auto* replicas = openai::member(extension->get_object(), "replicas");
    if (replicas == nullptr) return api_ok();
    const auto wanted = openai::as_integer(*replicas);
    if (!wanted || *wanted < 1 || *wanted > replicas_max)
        return invalid_request(
            "'gleaner.replicas' must be 1, 2 or 3: on how many sites each "
            "request is computed and paid for.",
            "gleaner.replicas");
    batch.replicas = static_cast<std::int32_t>(*wanted);
    return api_ok();
}

ApiResult<BatchRequest> read_request(const std::string& text, const Request& request) {
    GLEANER_TRY(const auto body, openai::parse_object(text));
    for (const auto& pair : body) {
        const std::string_view name = pair.key();
        const bool known = name == "input_file_id" || name == "endpoint" ||
                           name == "completion_window" || name == "metadata" || name == "gleaner" ||
                           name == "output_expires_after";
        if (known) continue;
        std::string shown(name.substr(0, 64));
        return invalid_request("Unrecognized request argument supplied: " + shown, shown,
                               "unknown_parameter");
    }
    BatchRequest batch;
    batch.input = FileId{std::string(openai::string_member(body, "input_file_id"))};
    if (batch.input.empty())
        return invalid_request("Missing required parameter: 'input_file_id'.", "input_file_id",
                               "missing_required_parameter");
    const auto endpoint = openai::parse_endpoint(openai::string_member(body, "endpoint"));
    if (!endpoint)
        return invalid_request(
            "'endpoint' must be \"/v1/chat/completions\", \"/v1/completions\" "
            "or \"/v1/embeddings\".",
            "endpoint", "invalid_value");
    batch.endpoint = *endpoint;
    const auto window = parse_window(openai::string_member(body, "completion_window"));
    if (!window)
        return invalid_request(
            "'completion_window' must be \"24h\", or another span from \"1m\" "
            "to \"7d\".",
            "completion_window", "invalid_value");
    batch.window = *window;
    GLEANER_TRY(batch.metadata, read_metadata(body));
    GLEANER_TRY(read_extension(body, request, batch));
    return batch;
}

store::Job job_of(const Services& services, const Caller& caller, const BatchRequest& batch,
                  const BatchCheck& check) {
    store::Job job;
    job.id = JobId{random_token("batch_", 20)};
    job.project = caller.project;
    job.customer = caller.customer;
    job.own_sites_of = caller.own_sites_of;
    job.api_key = caller.principal.credential_id;
    job.endpoint = openai::path_of(batch.endpoint);
    job.model = check.model.name;
    job.model_sha256 = check.model.sha256;
    job.price = check.model.price;
    job.input_file = batch.input;
    job.counts.total = check.lines;
    job.privacy = batch.privacy;
    job.replicas = batch.replicas;
    job.metadata_json = batch.metadata;
    job.errors_json = check.errors_json();
    job.created = services.clock.wall();
    job.deadline = job.created + batch.window;
    return job;
}

/// In one transaction: the job, its hold, and the lines that fail at once.
Result<store::Job> admit(store::Store& store, const store::Job& job, const BatchCheck& check) {
    if (!check.faults.empty()) return store.add_failed_job(job);
    GLEANER_TRY(const auto admitted, store.admit_job(job, check.hold));
    if (check.refused.empty()) return admitted;
    std::vector<store::Acceptance> settled;
    for (const auto& refused : check.refused) {
        store::Acceptance acceptance;
        acceptance.job = admitted.id;
        acceptance.outcome.job_number = admitted.number;
        acceptance.outcome.index = refused.index;
        acceptance.outcome.failed = true;
        acceptance.outcome.request = RequestId{random_token("req_", 20)};
        acceptance.outcome.http_status = refused.error.status();
        acceptance.outcome.body = refused.error.body();
        settled.push_back(std::move(acceptance));
    }
    GLEANER_TRY(store.accept(settled));
    return store.job_by_id(admitted.id);
}

/// Else it would hold the credit for its whole window, waiting for a machine that is not there.
ApiStatus fits_a_node(const Services& services, const store::Model& model) {
    const std::uint64_t largest = services.grid.largest_memory();
    if (largest == 0) return api_ok();
    const auto fits = core::check_model_fit(
        model.name, static_cast<std::uint64_t>(model.memory_bytes), std::span(&largest, 1));
    if (fits.has_value()) return api_ok();
    return ApiError(503, "server_error", "model_unavailable", fits.error().message());
}

boost::asio::awaitable<ApiResult<BatchCheck>> check_input(const Services& services,
                                                          const Caller& caller,
                                                          const BatchRequest& batch) {
    const auto project = caller.project;
    std::function<Result<store::File>(store::Store&)> load = [&](store::Store& s) {
        return s.file(project, batch.input);
    };
    const auto file = co_await services.store.read(std::move(load));
    if (file.has_error()) {
        if (file.error().code() != ErrorCode::not_found) co_return ApiError(file.error());
        co_return invalid_request("No such File object: " + batch.input.get(), "input_file_id",
                                  "invalid_value");
    }
    if (file.value().purpose != "batch")
        co_return invalid_request("The input file's purpose must be \"batch\".", "input_file_id");
    const auto models = co_await services.models.current();
    if (models.has_error()) co_return models.error();
    BatchCheckRequest request;
    request.path = services.blobs.file_path(batch.input);
    request.endpoint = batch.endpoint;
    request.models = models.value();
    request.replicas = static_cast<std::uint32_t>(batch.replicas);
    request.lines_max = services.limits.batch_items_max;
    std::function<Result<BatchCheck>()> work = [&] { return check_batch(request); };
    auto check = co_await offload(services.blocking, std::move(work));
    if (check.has_error()) co_return ApiError(check.error());
    co_return std::move(check).value();
}

boost::asio::awaitable<ApiResult<std::string>> admit_batch(const Services& services,
                                                           const Request& request,
                                                           const std::string& body,
                                                           std::string idempotency_key) {
    const auto batch = read_request(body, request);
    if (batch.has_error()) co_return batch.error();
    const auto check = co_await check_input(services, *request.caller, batch.value());
    if (check.has_error()) co_return check.error();
    const auto fits = fits_a_node(services, check.value().model);
    if (fits.has_error()) co_return fits.error();
    // For the moment until the store holds it: what runs online counts, and nothing slips between.
    const Money most = check.value().faults.empty() ? check.value().hold : Money{};
    auto hold = co_await services.credit.take(*request.caller, most, "batch");
    if (hold.has_error()) co_return hold.error();
    const auto job = job_of(services, *request.caller, batch.value(), check.value());
    std::string reply;
    std::function<Result<store::Job>(store::Store&)> work =
        [&](store::Store& s) -> Result<store::Job> {
        GLEANER_TRY(auto admitted, admit(s, job, check.value()));
        reply = json::serialize(batch_object(admitted, std::nullopt));
        // With the job, so that no crash between the two admits it a second time.
        if (!idempotency_key.empty()) {
            GLEANER_TRY(s.finish_idempotency_key(job.project, idempotency_key, 200, reply));
        }
        return admitted;
    };
    auto admitted = co_await services.store.write(std::move(work));
    if (admitted.has_error()) co_return ApiError(admitted.error());
    hold.value().charge(most);
    if (!admitted.value().ended) services.grid.open_job(admitted.value());
    co_return reply;
}

}  // namespace

Handled create_batch(const Services& services, Request& request, Reply& reply) {
    const auto body = co_await request.read_all();
    if (body.has_error()) co_return body.error();
    const auto keeping_up = store_keeps_up(services);
    if (keeping_up.has_error()) co_return keeping_up.error();
    bool replayed = false;
    auto key = co_await services.idempotency.claim(request, body.value(), reply, replayed);
    if (key.has_error()) co_return key.error();
    if (replayed) co_return api_ok();
    auto text = key.value() ? key.value()->text() : std::string();
    const auto admitted = co_await admit_batch(services, request, body.value(), std::move(text));
    if (admitted.has_error()) {
        if (key.value()) co_await key.value()->settle(admitted.error());
        co_return admitted.error();
    }
    (void)co_await reply.send_json(200, admitted.value());
    co_return api_ok();
}

}  // namespace gleaner::api
