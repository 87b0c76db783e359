#include <boost/json.hpp>

#include "coordinator/api/openai/objects.h"
#include "coordinator/api/openai/page.h"
#include "coordinator/api/openai/routes.h"
#include "coordinator/runtime/grid.h"
#include "coordinator/store/executor.h"

namespace gleaner::api {

namespace json = boost::json;

namespace {

ApiError batch_error(const Error& error, const JobId& id) {
    if (error.code() != ErrorCode::not_found) return error;
    ApiError missing(404, "invalid_request_error", "not_found",
                     "No batch found with id '" + id.get() + "'.");
    return std::move(missing).about("batch_id");
}

std::string text_of(const Services& services, const store::Job& job) {
    return json::serialize(
        batch_object(job, services.grid.live_counts(job.id), services.grid.job_note(job.id)));
}

}  // namespace

Handled list_batches(const Services& services, Request& request, Reply& reply) {
    const auto page = parse_page(request, 20, 100);
    if (page.has_error()) co_return page.error();
    const auto project = request.caller->project;
    std::function<Result<std::vector<store::Job>>(store::Store&)> load = [&](store::Store& s) {
        return s.jobs(project, JobId{page.value().after}, page.value().limit + 1);
    };
    auto jobs = co_await services.store.read(std::move(load));
    if (jobs.has_error()) co_return ApiError(jobs.error());
    const auto limit = static_cast<std::size_t>(page.value().limit);
    const bool has_more = jobs.value().size() > limit;
    if (has_more) jobs.value().resize(limit);
    json::array data;
    for (const auto& job : jobs.value())
        data.push_back(
            batch_object(job, services.grid.live_counts(job.id), services.grid.job_note(job.id)));
    (void)co_await reply.send_json(200, list_text(std::move(data), has_more));
    co_return api_ok();
}

Handled get_batch(const Services& services, Request& request, Reply& reply) {
    const JobId id{request.param("id")};
    const auto project = request.caller->project;
    std::function<Result<store::Job>(store::Store&)> load = [&](store::Store& s) {
        return s.job(project, id);
    };
    const auto job = co_await services.store.read(std::move(load));
    if (job.has_error()) co_return batch_error(job.error(), id);
    (void)co_await reply.send_json(200, text_of(services, job.value()));
    co_return api_ok();
}

Handled cancel_batch(const Services& services, Request& request, Reply& reply) {
    const JobId id{request.param("id")};
    const auto project = request.caller->project;
    bool begun = false;
    std::function<Result<store::Job>(store::Store&)> cancel =
        [&](store::Store& s) -> Result<store::Job> {
        GLEANER_TRY(auto job, s.job(project, id));
        if (job.state == store::JobState::cancelling) return job;
        if (job.state != store::JobState::in_progress) {
            return Error(
                ErrorCode::failed_precondition,
                "Cannot cancel a batch with status '" + std::string(to_string(job.state)) + "'.");
        }
        GLEANER_TRY(s.set_job_state(id, store::JobState::cancelling));
        begun = true;
        return s.job(project, id);
    };
    const auto job = co_await services.store.write(std::move(cancel));
    if (job.has_error()) co_return batch_error(job.error(), id);
    if (begun) services.grid.cancel_job(id);
    (void)co_await reply.send_json(200, text_of(services, job.value()));
    co_return api_ok();
}

Handled get_receipt(const Services& services, Request& request, Reply& reply) {
    // An answer's own id leads to its receipt as well.
    std::string id = request.param("id");
    for (const std::string_view prefix : {"chatcmpl-", "cmpl-", "batch_req_"})
        if (id.starts_with(prefix)) id = "req_" + id.substr(prefix.size());
    const auto project = request.caller->project;
    std::function<Result<std::string>(store::Store&)> load = [&](store::Store& s) {
        return s.receipt(project, RequestId{id});
    };
    // After what is queued for writing: the answer that this receipt is for may be among it.
    const auto receipt = co_await services.store.write(std::move(load));
    if (receipt.has_error()) {
        if (receipt.error().code() != ErrorCode::not_found) co_return ApiError(receipt.error());
        co_return ApiError(404, "invalid_request_error", "not_found",
                           "No receipt found for '" + id.substr(0, 64) + "'.");
    }
    (void)co_await reply.send_json(200, receipt.value());
    co_return api_ok();
}

}  // namespace gleaner::api
