#include <boost/asio/co_spawn.hpp>
#include <boost/json.hpp>

#include "coordinator/runtime/grid_state.h"
#include "coordinator/runtime/job_output.h"
#include "shared/async/deadline.h"
#include "shared/util/check.h"
#include "shared/util/log.h"
#include "shared/util/random.h"

namespace gleaner::runtime {

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

/// One transaction takes at most this many settlements, so that a commit stays short.
constexpr std::size_t settlements_per_write = 1'000;
constexpr Duration retry_after_failed_write = std::chrono::seconds(2);

std::string failed_body(const core::SettleItem& command, const std::string& engine_error) {
    if (command.cause == core::FailureCause::request_rejected && !engine_error.empty())
        return engine_error;
    json::object error{{"message", command.reason},
                       {"type", "server_error"},
                       {"param", nullptr},
                       {"code", std::string(core::to_string(command.cause))}};
    return json::serialize(json::object{{"error", std::move(error)}});
}

json::object receipt_part(const store::MeterRecord& meter) {
    return {{"device_class", meter.device_class},
            {"prompt_tokens", meter.prompt_tokens},
            {"generated_tokens", meter.generated_tokens},
            {"price_micros", meter.price.micros}};
}

}  // namespace

void Grid::State::execute(const core::SettleItem& command) {
    const auto found = jobs.find(command.job);
    if (found == jobs.end()) return;
    auto& job = found->second;
    store::Acceptance acceptance;
    acceptance.job = command.job;
    auto& outcome = acceptance.outcome;
    outcome.job_number = job.record.number;
    outcome.index = command.item;
    outcome.request = RequestId{random_token("req_", 20)};

    json::array parts;
    Money price;
    for (const auto& produced : command.results) {
        const auto lease = leases.find(produced.lease);
        GLEANER_CHECK(lease != leases.end(), "a settled result belongs to a lease that is known");
        auto held = lease->second.results.extract(produced.index);
        GLEANER_CHECK(!held.empty(), "a settled result has not been discarded");
        auto& result = held.mapped();
        const auto& facts = nodes[produced.node].facts;
        store::MeterRecord meter;
        meter.attempt_key =
            std::to_string(produced.lease.get()) + ":" + std::to_string(produced.index);
        meter.request = outcome.request;
        meter.project = job.record.project;
        meter.customer = job.record.customer;
        meter.node = produced.node;
        meter.site = facts.site;
        meter.owner = facts.owner;
        meter.device_class = facts.device_class;
        meter.model_sha256 = job.record.model_sha256;
        meter.prompt_tokens = result.prompt_tokens;
        meter.generated_tokens = result.generated_tokens;
        meter.device_micros = static_cast<std::int64_t>(result.device_micros);
        meter.price = price_of(job.record.price, meter.prompt_tokens, meter.generated_tokens);
        meter.at = clock.wall();
        price += meter.price;
        parts.push_back(receipt_part(meter));
        counters.prompt_tokens += result.prompt_tokens;
        counters.generated_tokens += result.generated_tokens;
        if (outcome.body.empty()) outcome.body = std::move(result.body);
        acceptance.meters.push_back(std::move(meter));
        forget_if_done(produced.lease);
    }
    outcome.failed = command.results.empty();
    if (outcome.failed) {
        outcome.http_status = command.cause == core::FailureCause::request_rejected ? 400 : 500;
        outcome.body = failed_body(command, rejection);
        ++job.counts.failed;
        ++counters.items_failed;
    } else {
        ++job.counts.completed;
        ++counters.items_accepted;
        const auto model = models.find(job.record.model_sha256);
        acceptance.receipt_json = json::serialize(json::object{
            {"request_id", outcome.request.get()},
            {"batch_id", command.job.get()},
            {"model", job.record.model},
            {"model_sha256", job.record.model_sha256.get()},
            {"quantisation", model == models.end() ? "" : model->second.record.quantisation},
            {"parts", std::move(parts)},
            {"attempts", command.attempts},
            {"verified", command.verified},
            {"price_micros", price.micros}});
    }
    ++job.unsaved;
    unsaved.push_back(std::move(acceptance));
}

void Grid::State::save_settlements() {
    save_standings();
    if (saving || waiting_to_retry || unsaved.empty()) return;
    saving = true;
    std::vector<store::Acceptance> batch;
    if (unsaved.size() <= settlements_per_write) {
        batch.swap(unsaved);
    } else {
        const auto middle = unsaved.begin() + settlements_per_write;
        batch.assign(std::make_move_iterator(unsaved.begin()), std::make_move_iterator(middle));
        unsaved.erase(unsaved.begin(), middle);
    }
    auto shared = std::make_shared<std::vector<store::Acceptance>>(std::move(batch));
    store.post_write(
        [shared](store::Store& target) -> Status {
            GLEANER_TRY(auto accepted, target.accept(*shared));
            (void)accepted;
            return ok();
        },
        [this, shared](const Status& status) { saved(std::move(*shared), status); });
}

void Grid::State::saved(std::vector<store::Acceptance> batch, const Status& status) {
    saving = false;
    if (status.has_error()) {
        // Nothing is lost: the batch goes back to the front. Work that comes in meanwhile waits
        // behind it; when the coordinator stops first, its items are unsettled and are done again.
        waiting_to_retry = true;
        spdlog::error("event=settlements_not_saved items={} why=\"{}\" retry_ms={}", batch.size(),
                      status.error().message(), retry_after_failed_write.count() / 1'000);
        unsaved.insert(unsaved.begin(), std::make_move_iterator(batch.begin()),
                       std::make_move_iterator(batch.end()));
        if (stopping) return;
        retry_timer.expires_after(retry_after_failed_write);
        retry_timer.async_wait([this](const boost::system::error_code& problem) {
            if (problem) return;
            waiting_to_retry = false;
            save_settlements();
        });
        return;
    }
    for (const auto& acceptance : batch) {
        const auto job = jobs.find(acceptance.job);
        if (job == jobs.end()) continue;
        --job->second.unsaved;
        finish_if_ready(job->second);
    }
    save_settlements();
}

void Grid::State::save_standings() {
    if (saving_standings || unsaved_standings.empty()) return;
    const auto now = clock.now();
    if (now - standings_saved < std::chrono::seconds(1) && !stopping) return;
    standings_saved = now;
    saving_standings = true;
    store.post_write(
        [standings = std::exchange(unsaved_standings, {})](store::Store& target) -> Status {
            for (const auto& [key, text] : standings) {
                GLEANER_TRY(target.put_standing(key, text));
            }
            return ok();
        },
        [this](const Status&) { saving_standings = false; });
}

void Grid::State::finish_if_ready(OpenJob& job) {
    if (!job.drained || job.unsaved > 0 || job.finishing || stopping) return;
    job.finishing = true;
    const bool spawned = tasks.spawn(finish_job(job.record.id));
    GLEANER_CHECK(spawned, "the grid's tasks are unbounded");
}

asio::awaitable<void> Grid::State::finish_job(JobId id) {
    const auto& job = jobs.at(id);
    auto state = store::JobState::completed;
    if (job.expired) state = store::JobState::expired;
    if (job.cancelled) state = store::JobState::cancelled;
    const auto record = job.record;
    while (!stopping) {
        auto done = co_await write_job_output(store, blobs, blocking.get_executor(), record, state);
        if (done.has_value()) {
            jobs.erase(id);
            co_return;
        }
        spdlog::error("event=job_output_failed job={} why=\"{}\"", id.get(),
                      done.error().message());
        co_await sleep_for(retry_after_failed_write);
    }
}

asio::awaitable<Status> Grid::State::take_up_job(store::Job record) {
    const auto number = record.number;
    std::function<Result<std::vector<std::int64_t>>(store::Store&)> load =
        [number](store::Store& source) { return source.settled_items(number); };
    auto loaded = co_await store.read(std::move(load));
    if (loaded.has_error()) co_return std::move(loaded).error();
    const auto settled = std::move(loaded).value();
    auto input = JobInput::open(blobs.file_path(record.input_file), record);
    if (input.has_error()) co_return std::move(input).error();

    OpenJob job;
    job.input = std::make_unique<JobInput>(std::move(input).value());
    job.counts = record.counts;
    job.cancelled = record.state == store::JobState::cancelling;
    core::JobOpened event;
    event.job = record.id;
    event.customer = record.customer;
    event.own_sites_of = record.own_sites_of;
    event.model = record.model_sha256;
    event.privacy = record.privacy;
    event.replicas = static_cast<std::uint32_t>(record.replicas);
    event.items = static_cast<std::uint32_t>(record.counts.total);
    event.settled.assign(settled.begin(), settled.end());
    event.deadline = clock.now() + (record.deadline - clock.wall());
    const auto id = record.id;
    const bool cancelled = job.cancelled;
    job.record = std::move(record);
    jobs.emplace(id, std::move(job));
    tell(event);
    if (cancelled) tell(core::JobCancelled{id});
    co_return ok();
}

}  // namespace gleaner::runtime
