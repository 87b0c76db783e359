/// A lease on its way to its node: its requests are read and packed on a thread of their own, since
/// a shard of two thousand lines takes longer than the network thread may stand still.

#include "coordinator/openai/request.h"
#include "coordinator/runtime/grid_state.h"
#include "coordinator/runtime/wire_words.h"
#include "shared/async/offload.h"
#include "shared/util/check.h"
#include "shared/util/log.h"
#include "shared/util/random.h"

namespace gleaner::runtime {

namespace asio = boost::asio;

namespace {

/// A frame of a lease stays well under the wire's 8 MiB bound; one item may be bigger than this.
constexpr std::size_t lease_frame_bytes = 1U << 20U;

}  // namespace

/// What packing needs, taken along so that the job may end meanwhile.
struct Grid::State::LeaseDraft {
    core::SendLease command;
    std::shared_ptr<const JobInput> input;
    wire::Endpoint endpoint = wire::ENDPOINT_UNSPECIFIED;
    std::unordered_map<std::uint32_t, std::string> canaries;  ///< their requests, by index
};

struct Grid::State::PackedLease {
    std::vector<wire::ToNode> frames;
    std::vector<std::uint32_t> body_bytes;                          ///< of each item
    std::vector<std::optional<std::int64_t>> seeds;                 ///< of each item
    std::vector<std::pair<std::uint32_t, std::string>> unreadable;  ///< index in the lease, why
};

Result<JobLine> Grid::State::line_of(const LeaseDraft& draft, std::uint32_t index) {
    const auto& wanted = draft.command.items[index];
    if (!wanted.canary) return draft.input->line(wanted.item);
    const auto canary = draft.canaries.find(index);
    if (canary == draft.canaries.end()) return Error(ErrorCode::not_found, "no such known answer");
    auto request = openai::check_canary(canary->second, static_cast<std::uint32_t>(random_seed()));
    if (request.has_error()) return Error(ErrorCode::data_corrupt, request.error().message());
    JobLine line;
    line.body = std::move(request.value().body);
    return line;
}

/// Blocking.
std::shared_ptr<Grid::State::PackedLease> Grid::State::pack(const LeaseDraft& draft) {
    const auto& command = draft.command;
    auto packed = std::make_shared<PackedLease>();
    packed->body_bytes.assign(command.items.size(), 0);
    packed->seeds.resize(command.items.size());
    std::size_t bytes = lease_frame_bytes;  // the first item begins a frame
    const auto begin_frame = [&] {
        auto& frame = *packed->frames.emplace_back().mutable_lease();
        frame.set_lease_id(command.lease.get());
        frame.set_model_sha256(command.model.get());
        frame.set_deadline_ms(static_cast<std::uint32_t>(command.deadline.count() / 1'000));
        bytes = 0;
    };
    for (std::uint32_t index = 0; index < command.items.size(); ++index) {
        const auto& wanted = command.items[index];
        auto line = line_of(draft, index);
        if (line.has_error()) {
            packed->unreadable.emplace_back(index, line.error().message());
            continue;
        }
        std::string body = std::move(line.value().body);
        packed->seeds[index] = line.value().seed;
        if (bytes >= lease_frame_bytes) begin_frame();
        bytes += body.size();
        packed->body_bytes[index] = static_cast<std::uint32_t>(body.size());
        auto& item = *packed->frames.back().mutable_lease()->add_items();
        item.set_index(index);
        item.set_endpoint(wanted.canary ? wire::CHAT_COMPLETIONS : draft.endpoint);
        item.set_body(std::move(body));
    }
    if (packed->frames.empty()) begin_frame();
    packed->frames.back().mutable_lease()->set_last(true);
    return packed;
}

void Grid::State::execute(const core::SendLease& command) {
    const auto job = jobs.find(command.job);
    if (job == jobs.end()) return;
    auto& lease = leases[command.lease];
    lease.node = command.node;
    lease.job = command.job;
    lease.model = command.model;
    lease.items = command.items;
    lease.finished.assign(command.items.size(), false);
    lease.unfinished = static_cast<std::uint32_t>(command.items.size());
    nodes[command.node].leases.insert(command.lease);
    work_changed(command.node, static_cast<std::int64_t>(command.items.size()), 0);
    for (std::uint32_t index = 0; index < command.items.size(); ++index)
        begin_work(command.node, command.model,
                   {core::WorkKey::Kind::item, command.lease.get(), index});
    ++counters.leases_sent;

    auto draft = std::make_shared<LeaseDraft>();
    draft->command = command;
    draft->input = job->second.input;
    draft->endpoint = wire_endpoint(job->second.record.endpoint);
    lease.embeddings = job->second.record.endpoint == "/v1/embeddings";
    lease.replicated = job->second.record.replicas > 1;
    if (const auto model = models.find(command.model); model != models.end()) {
        lease.context_tokens = static_cast<std::uint32_t>(model->second.record.context_tokens);
        const auto& canaries = model->second.canaries;
        for (std::uint32_t index = 0; index < command.items.size(); ++index) {
            const auto& item = command.items[index];
            if (!item.canary || item.item >= canaries.size()) continue;
            draft->canaries.emplace(index, canaries[item.item].request_json);
            lease.expected.emplace(index, canaries[item.item].expect);
        }
    }
    const bool spawned = tasks.spawn(deliver(std::move(draft)));
    GLEANER_CHECK(spawned, "the grid's tasks are unbounded");
}

asio::awaitable<void> Grid::State::deliver(std::shared_ptr<const LeaseDraft> draft) {
    std::function<Result<std::shared_ptr<PackedLease>>()> work =
        [draft]() -> Result<std::shared_ptr<PackedLease>> { return pack(*draft); };
    const auto packed = co_await offload(reading.get_executor(), std::move(work));
    const auto& command = draft->command;
    const auto lease = leases.find(command.lease);
    if (lease == leases.end()) co_return;  // taken back before it was sent
    if (packed.has_error()) {
        spdlog::error("event=lease_not_packed lease={} why=\"{}\"", command.lease.get(),
                      packed.error().message());
        core::LeaseReturned back;
        back.node = command.node;
        back.lease = command.lease;
        for (std::uint32_t index = 0; index < command.items.size(); ++index)
            back.unfinished.push_back(index);
        drop_lease(command.lease, LossCause::waiting);
        tell(back);
        co_return;
    }
    lease->second.body_bytes = std::move(packed.value()->body_bytes);
    lease->second.seeds = std::move(packed.value()->seeds);
    for (const auto& [index, why] : packed.value()->unreadable) {
        lease->second.finished[index] = true;
        --lease->second.unfinished;
    }
    for (const auto& frame : packed.value()->frames) send(command.node, frame);
    for (const auto& [index, why] : packed.value()->unreadable) {
        spdlog::error("event=input_unreadable job={} item={} why=\"{}\"", command.job.get(),
                      command.items[index].item, why);
        work_changed(command.node, -1, 0);
        const core::WorkKey key{core::WorkKey::Kind::item, command.lease.get(), index};
        lose(command.node, end_work(command.node, key), LossCause::waiting);
        core::ItemFinished failed;
        failed.node = command.node;
        failed.lease = command.lease;
        failed.index = index;
        failed.failure = core::FailureCause::artefact_unavailable;
        failed.detail = why;
        tell(failed);
    }
    forget_if_done(command.lease);
}

}  // namespace gleaner::runtime
