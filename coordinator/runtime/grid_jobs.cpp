/// A job's beginning and end: its input is taken up, its output is written.

#include "coordinator/runtime/grid_state.h"
#include "coordinator/runtime/job_output.h"
#include "shared/async/deadline.h"
#include "shared/async/offload.h"
#include "shared/util/check.h"
#include "shared/util/log.h"

namespace gleaner::runtime {

namespace asio = boost::asio;

namespace {

constexpr Duration retry_after_failed_write = std::chrono::seconds(2);
/// Each occupies one of the store's readers while it writes a job's files: one is left for others.
constexpr std::size_t finishers_max = 2;

}  // namespace

void Grid::State::finish_if_ready(OpenJob& job) {
    if (!job.drained || job.unsaved > 0 || job.finishing || stopping) return;
    job.finishing = true;
    to_finish.push_back(job.record.id);
    if (finishers >= finishers_max) return;
    ++finishers;
    const bool spawned = tasks.spawn(finish_jobs());
    GLEANER_CHECK(spawned, "the grid's tasks are unbounded");
}

asio::awaitable<void> Grid::State::finish_jobs() {
    while (!stopping && !to_finish.empty()) {
        const auto id = to_finish.front();
        to_finish.pop_front();
        const bool done = co_await finish_job(id);
        if (done || stopping) continue;
        to_finish.push_back(id);
        co_await sleep_for(retry_after_failed_write);
    }
    --finishers;
}

asio::awaitable<bool> Grid::State::finish_job(JobId id) {
    const auto& job = jobs.at(id);
    auto state = store::JobState::completed;
    if (job.expired) state = store::JobState::expired;
    if (job.cancelled) state = store::JobState::cancelled;
    const auto record = job.record;
    const bool limit_reached = job.limit_reached;
    auto done = co_await write_job_output(store, blobs, blocking.get_executor(), record, state,
                                          limit_reached);
    if (done.has_value()) {
        jobs.erase(id);
        co_return true;
    }
    spdlog::error("event=job_output_failed job={} why=\"{}\"", id.get(), done.error().message());
    co_return false;
}

asio::awaitable<Status> Grid::State::take_up_job(store::Job record) {
    const auto number = record.number;
    const auto path = blobs.file_path(record.input_file);
    auto& cancelled_meanwhile = opening[record.id];
    if (record.state == store::JobState::cancelling) cancelled_meanwhile = true;
    std::function<Result<std::vector<std::int64_t>>(store::Store&)> load =
        [number](store::Store& source) { return source.settled_items(number); };
    const auto loaded = co_await store.read(std::move(load));
    // Finding a large file's lines takes seconds.
    std::function<Result<std::shared_ptr<const JobInput>>()> open =
        [&]() -> Result<std::shared_ptr<const JobInput>> {
        GLEANER_TRY(auto found, JobInput::open(path, record));
        return std::make_shared<const JobInput>(std::move(found));
    };
    auto input = co_await offload(blocking.get_executor(), std::move(open));
    const bool cancelled = opening.extract(record.id).mapped();
    if (loaded.has_error()) co_return loaded.error();
    if (input.has_error()) co_return std::move(input).error();
    const auto& settled = loaded.value();

    OpenJob job;
    job.input = std::move(input).value();
    job.counts = record.counts;
    job.cancelled = cancelled;
    core::JobOpened event;
    event.job = record.id;
    event.customer = record.customer;
    event.weight = static_cast<std::uint32_t>(record.weight);
    event.own_sites_of = record.own_sites_of;
    event.model = record.model_sha256;
    event.privacy = record.privacy;
    event.reservation = record.terms.reservation;
    event.replicas = static_cast<std::uint32_t>(record.replicas);
    event.items = static_cast<std::uint32_t>(record.counts.total);
    event.settled.assign(settled.begin(), settled.end());
    event.deadline = clock.now() + (record.deadline - clock.wall());
    // They are chat completions: anywhere else they would show.
    event.canaries = record.endpoint == "/v1/chat/completions";
    const auto id = record.id;
    job.left = record.held;
    job.record = std::move(record);
    look_at_price(job);
    event.held = job.waits_until.has_value();
    if (job.record.terms.limited())
        event.items_at_once = ledger::items_at_once(job.record.terms, job.left);
    jobs.emplace(id, std::move(job));
    tell(event);
    arm_price_timer();
    if (cancelled) tell(core::JobCancelled{id});
    co_return ok();
}

}  // namespace gleaner::runtime
