/// POST /v1/batches: check the file, hold the credit, store the job, open it.

#include <boost/json.hpp>

#include "coordinator/api/openai/batch_plan.h"
#include "coordinator/api/openai/credit_gate.h"
#include "coordinator/api/openai/idempotency.h"
#include "coordinator/api/openai/objects.h"
#include "coordinator/api/openai/routes.h"
#include "coordinator/api/openai/store_gate.h"
#include "coordinator/core/admission/model_fit.h"
#include "coordinator/runtime/grid.h"
#include "coordinator/store/executor.h"
#include "shared/util/random.h"

namespace gleaner::api {

namespace json = boost::json;

namespace {

store::Job job_of(const Caller& caller, const BatchRequest& batch, const BatchPlan& plan) {
    const auto& check = plan.check;
    store::Job job;
    job.id = JobId{random_token("batch_", 20)};
    job.project = caller.project;
    job.customer = caller.customer;
    job.own_sites_of = caller.own_sites_of;
    job.api_key = caller.principal.credential_id;
    job.endpoint = openai::path_of(batch.endpoint);
    job.model = check.model.name;
    job.model_sha256 = check.model.sha256;
    job.price = check.tariff.base;
    job.terms = plan.terms;
    job.terms.tariff.currency = caller.currency;
    job.input_file = batch.input;
    job.counts.total = check.lines;
    job.privacy = batch.privacy;
    job.replicas = batch.replicas;
    job.metadata_json = batch.metadata;
    job.errors_json = check.errors_json();
    job.created = plan.now;
    job.deadline = plan.deadline;
    return job;
}

/// In one transaction: the job, its hold, and the lines that fail at once.
Result<store::Job> admit(store::Store& store, const store::Job& job, const BatchPlan& plan) {
    const auto& check = plan.check;
    if (!check.faults.empty()) return store.add_failed_job(job);
    GLEANER_TRY(const auto admitted, store.admit_job(job, plan.hold));
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

boost::asio::awaitable<ApiResult<std::string>> admit_batch(const Services& services,
                                                           const Request& request,
                                                           const std::string& body,
                                                           std::string idempotency_key) {
    auto batch = read_batch_request(body, request);
    if (batch.has_error()) co_return batch.error();
    const auto placed = co_await place_batch(services, *request.caller, batch.value());
    if (placed.has_error()) co_return placed.error();
    const auto plan = co_await plan_batch(services, *request.caller, batch.value());
    if (plan.has_error()) co_return plan.error();
    const auto agreed = accepts(plan.value(), batch.value());
    if (agreed.has_error()) co_return agreed.error();
    const auto fits = fits_a_node(services, plan.value().check.model);
    if (fits.has_error()) co_return fits.error();
    // For the moment until the store holds it: what runs online counts, and nothing slips between.
    const Money most = plan.value().check.faults.empty() ? plan.value().hold : Money{};
    auto hold = co_await services.credit.take(*request.caller, most, "batch");
    if (hold.has_error()) co_return hold.error();
    const auto job = job_of(*request.caller, batch.value(), plan.value());
    std::string reply;
    std::function<Result<store::Job>(store::Store&)> work =
        [&](store::Store& s) -> Result<store::Job> {
        GLEANER_TRY(auto admitted, admit(s, job, plan.value()));
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
