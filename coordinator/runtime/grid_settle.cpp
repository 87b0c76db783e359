#include <boost/json.hpp>

#include "coordinator/core/metering/reference_speed.h"
#include "coordinator/openai/receipt.h"
#include "coordinator/runtime/grid_state.h"
#include "coordinator/runtime/job_output.h"
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

/// Would fail the next time, too: the settlement is at fault and not the store.
bool contradicts(const Error& error) {
    const auto code = error.code();
    return code == ErrorCode::invalid_argument || code == ErrorCode::not_found ||
           code == ErrorCode::already_exists || code == ErrorCode::failed_precondition ||
           code == ErrorCode::too_large || code == ErrorCode::data_corrupt;
}

std::string error_body(std::string_view message, std::string_view type, json::value param,
                       std::string_view code) {
    return json::serialize(json::object{
        {"error",
         {{"message", message}, {"type", type}, {"param", std::move(param)}, {"code", code}}}});
}

std::string failed_body(const core::SettleItem& command, const std::string& engine_error) {
    if (command.cause == core::FailureCause::request_rejected && !engine_error.empty())
        return engine_error;
    return error_body(command.reason, "server_error", nullptr, core::to_string(command.cause));
}

/// All but what the settled results say: parts, seed.
openai::Receipt receipt_of(const core::SettleItem& command, const store::Job& job,
                           const RequestId& request, WallTime at) {
    openai::Receipt receipt;
    receipt.request = request;
    receipt.batch = job.id;
    receipt.created = at;
    receipt.endpoint = job.endpoint;
    receipt.model = job.model;
    receipt.model_sha256 = job.model_sha256;
    receipt.privacy = job.privacy;
    receipt.reservation = job.terms.reservation;
    receipt.price_book = job.terms.tariff.version;
    receipt.time_band = job.terms.tariff.band_name(at);
    receipt.currency = job.currency;
    receipt.attempts = command.attempts;
    receipt.verified = command.verified;
    return receipt;
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

    auto receipt = receipt_of(command, job.record, outcome.request, clock.wall());
    // A batch's answer is priced by the moment at which it is accepted.
    const auto price = job.record.terms.tariff.at(receipt.created);
    Money cost;
    for (const auto& produced : command.results) {
        const auto lease = leases.find(produced.lease);
        GLEANER_CHECK(lease != leases.end(), "a settled result belongs to a lease that is known");
        auto held = lease->second.results.extract(produced.index);
        GLEANER_CHECK(!held.empty(), "a settled result has not been discarded");
        auto& result = held.mapped();
        // Each attempt at an item has the same.
        receipt.seed = lease->second.seeds.at(produced.index);
        const auto& facts = nodes[produced.node].facts;
        store::MeterRecord meter;
        meter.attempt_key =
            std::to_string(produced.lease.get()) + ":" + std::to_string(produced.index);
        meter.request = outcome.request;
        meter.project = job.record.project;
        meter.customer = job.record.customer;
        meter.api_key = job.record.api_key;
        meter.node = produced.node;
        meter.site = facts.site;
        meter.owner = facts.owner;
        meter.device_class = facts.device_class;
        meter.model_sha256 = job.record.model_sha256;
        meter.prompt_tokens = result.prompt_tokens;
        meter.cached_tokens = result.cached_tokens;
        meter.generated_tokens = result.generated_tokens;
        // The time of reserved machines is billed by the hour, not by what was done in it.
        if (job.record.terms.reservation.empty()) {
            meter.device_micros = static_cast<std::int64_t>(result.device_micros);
            meter.reference_micros =
                core::reference_micros(result.credited_micros, facts.reference_permille);
        }
        use_settled(acceptance.meters.empty(), produced.node, result);
        meter.price =
            price_of(price, meter.prompt_tokens, meter.generated_tokens, meter.cached_tokens);
        cost += meter.price;
        meter.at = receipt.created;
        receipt.parts.push_back({meter.device_class, meter.prompt_tokens, meter.cached_tokens,
                                 meter.generated_tokens, meter.price});
        note_answer(job.record.model_sha256, result.generated_tokens);
        counters.prompt_tokens += result.prompt_tokens;
        counters.generated_tokens += result.generated_tokens;
        if (outcome.body.empty()) outcome.body = std::move(result.body);
        acceptance.meters.push_back(std::move(meter));
        forget_if_done(produced.lease);
    }
    const bool too_dear = !spend(job, cost);
    if (too_dear) acceptance.meters.clear();
    outcome.failed = command.results.empty() || too_dear;
    if (outcome.failed) {
        outcome.http_status = command.cause == core::FailureCause::request_rejected ? 400 : 500;
        outcome.body = too_dear ? error_body(max_price_sentence, "invalid_request_error",
                                             "max_price", "max_price_reached")
                                : failed_body(command, rejection);
        ++job.counts.failed;
        ++counters.items_failed;
    } else {
        ++job.counts.completed;
        ++counters.items_accepted;
        const auto model = models.find(job.record.model_sha256);
        if (model != models.end()) receipt.quantisation = model->second.record.quantisation;
        acceptance.receipt_json = openai::to_json(receipt);
    }
    ++job.unsaved;
    unsaved.push_back(std::move(acceptance));
    backlog.queued(1);
    note_backlog();
}

void Grid::State::save_settlements() {
    save_standings();
    if (saving || waiting_to_retry || unsaved.empty()) return;
    saving = true;
    std::vector<store::Acceptance> batch;
    const std::size_t most = save_singly > 0 ? 1 : settlements_per_write;
    if (save_singly > 0) --save_singly;
    if (unsaved.size() <= most) {
        batch.swap(unsaved);
    } else {
        const auto middle = unsaved.begin() + static_cast<std::ptrdiff_t>(most);
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
    if (status.has_error() && contradicts(status.error())) {
        isolate(std::move(batch), status.error());
        return;
    }
    if (status.has_error()) {
        // Nothing is lost: the batch goes back to the front. Work that comes in meanwhile waits
        // behind it; when the coordinator stops first, its items are unsettled and are done again.
        waiting_to_retry = true;
        spdlog::error("event=settlements_not_saved items={} why=\"{}\" retry_ms={}", batch.size(),
                      status.error().message(), retry_after_failed_write.count() / 1'000);
        unsaved.insert(unsaved.begin(), std::make_move_iterator(batch.begin()),
                       std::make_move_iterator(batch.end()));
        backlog.failed();
        note_backlog();
        if (stopping) return;
        retry_timer.expires_after(retry_after_failed_write);
        retry_timer.async_wait([this](const boost::system::error_code& problem) {
            if (problem) return;
            waiting_to_retry = false;
            save_settlements();
        });
        return;
    }
    backlog.saved(batch.size());
    for (const auto& acceptance : batch) settled_for_good(acceptance.job);
    note_backlog();
    save_settlements();
}

void Grid::State::settled_for_good(const JobId& id) {
    const auto job = jobs.find(id);
    if (job == jobs.end()) return;
    --job->second.unsaved;
    finish_if_ready(job->second);
}

/// One settlement that the store refuses must not hold up all others: each is saved alone, and the
/// one at fault becomes a failed item, which costs nobody anything.
void Grid::State::isolate(std::vector<store::Acceptance> batch, const Error& error) {
    if (batch.size() > 1) {
        save_singly = batch.size();
    } else {
        auto& refused = batch.front();
        spdlog::error("event=settlement_refused job={} item={} why=\"{}\"", refused.job.get(),
                      refused.outcome.index, error.message());
        if (std::exchange(refused.outcome.failed, true)) {
            backlog.dropped(1);
            settled_for_good(refused.job);
            batch.clear();
        } else {
            core::SettleItem failed;
            failed.reason = "the answer could not be settled";
            refused.outcome.http_status = 500;
            refused.outcome.body = failed_body(failed, {});
            refused.meters.clear();
            refused.receipt_json.clear();
            save_singly += 1;
            if (const auto job = jobs.find(refused.job); job != jobs.end()) {
                --job->second.counts.completed;
                ++job->second.counts.failed;
            }
        }
    }
    unsaved.insert(unsaved.begin(), std::make_move_iterator(batch.begin()),
                   std::make_move_iterator(batch.end()));
    note_backlog();
    save_settlements();
}

void Grid::State::note_backlog() {
    if (backlog.stalled() == told_stalled) return;
    told_stalled = backlog.stalled();
    if (told_stalled) {
        ++counters.store_stalls;
        spdlog::error("event=store_stalled unsaved={} failing={}: nothing new is lent or admitted",
                      backlog.unsaved(), backlog.failing());
        tell(core::StoreStalled{});
    } else {
        spdlog::info("event=store_recovered unsaved={}", backlog.unsaved());
        tell(core::StoreRecovered{});
    }
}

void Grid::State::save_standings() {
    if (saving_standings || unsaved_standings.empty()) return;
    const auto now = clock.now();
    if (now - standings_saved < std::chrono::seconds(1) && !stopping) return;
    standings_saved = now;
    saving_standings = true;
    auto shared =
        std::make_shared<std::map<std::string, std::string>>(std::exchange(unsaved_standings, {}));
    store.post_write(
        [shared](store::Store& target) -> Status {
            for (const auto& [key, text] : *shared) {
                GLEANER_TRY(target.put_standing(key, text));
            }
            return ok();
        },
        [this, shared](const Status& status) {
            saving_standings = false;
            if (status.has_error()) unsaved_standings.merge(*shared);  // newer ones stay
        });
}

void Grid::settlement_queued() {
    state_->backlog.queued(1);
    state_->note_backlog();
}

void Grid::settlement_saved() {
    state_->backlog.saved(1);
    state_->note_backlog();
}

void Grid::settlement_failed(bool tried_again) {
    if (tried_again)
        state_->backlog.failed();
    else
        state_->backlog.dropped(1);
    state_->note_backlog();
}

std::optional<std::string> Grid::stalled() const {
    const auto& backlog = state_->backlog;
    if (!backlog.stalled()) return std::nullopt;
    const auto waiting = std::to_string(backlog.unsaved()) + " results wait to be saved";
    return backlog.failing() ? "the store cannot write (is its disk full?): " + waiting : waiting;
}

std::size_t Grid::unsaved() const {
    return state_->backlog.unsaved();
}

}  // namespace gleaner::runtime
