/// Batches with a maximum price: what is left of it, whether they wait for cheaper hours.

#include <algorithm>

#include "coordinator/runtime/grid_state.h"
#include "coordinator/runtime/job_output.h"
#include "shared/model/civil_day.h"
#include "shared/util/log.h"

namespace gleaner::runtime {

namespace {

constexpr Duration review_at_least_every = std::chrono::minutes(1);  // clocks are set
constexpr double typical_weight = 0.05;
constexpr double prompt_token_weight = 0.125;  // as the scheduler counts work

std::string amount(Money money, Currency currency) {
    return to_decimal(money) + " " + std::string(code_of(currency));
}

std::string waiting_text(const ledger::PriceOutlook& outlook, Money left, Currency currency) {
    const std::string band = outlook.band.empty() ? std::string("cheaper hours")
                                                  : "the time band \"" + outlook.band + "\"";
    return "The batch waits until " + local_time_text(*outlook.wait_until) + " (Shanghai) for " +
           band + ": at the present price the rest is expected to cost " +
           amount(outlook.now, currency) + ", at that price " + amount(outlook.then, currency) +
           ", and " + amount(left, currency) + " are left of max_price.";
}

}  // namespace

bool Grid::State::spend(OpenJob& job, Money price) {
    if (!job.record.terms.limited()) return true;
    if (price > job.left) return false;
    job.left -= price;
    if (!std::exchange(job.spending, true)) spending.push_back(job.record.id);
    return true;
}

void Grid::State::tell_limits() {
    for (const auto& id : std::exchange(spending, {})) {
        const auto found = jobs.find(id);
        if (found == jobs.end()) continue;
        auto& job = found->second;
        job.spending = false;
        events.emplace_back(
            core::JobLimited{id, ledger::items_at_once(job.record.terms, job.left)});
    }
}

void Grid::State::look_at_price(OpenJob& job) {
    const auto& record = job.record;
    job.waits_until.reset();
    job.note.clear();
    if (!record.terms.limited() || job.drained) return;
    const auto& counts = job.counts;
    ledger::JobStanding standing;
    standing.left = job.left;
    standing.items = counts.total;
    standing.items_left = counts.total - counts.completed - counts.failed;
    standing.now = clock.wall();
    standing.deadline = record.deadline;
    core::ForecastQuestion question;
    question.model = record.model_sha256;
    question.privacy = record.privacy;
    question.own_sites_of = record.own_sites_of;
    question.items = static_cast<std::uint64_t>(std::max<std::int64_t>(standing.items_left, 0) *
                                                record.replicas);
    const auto all = static_cast<double>(std::max<std::int64_t>(counts.total, 1) * record.replicas);
    question.tokens_per_item =
        (static_cast<double>(record.terms.expected_generated_tokens) +
         prompt_token_weight * static_cast<double>(record.terms.expected_prompt_tokens)) /
        all;
    const auto forecast = scheduler->forecast(question);
    // Nobody is here to ask: a quarter of the window must do.
    standing.needed =
        forecast.possible() ? forecast.finish_latest : (record.deadline - record.created) / 4;
    const auto outlook = ledger::price_outlook(record.terms, standing);
    if (outlook.wait_until) {
        job.waits_until = outlook.wait_until;
        job.note = waiting_text(outlook, job.left, record.currency);
    } else if (outlook.now > job.left) {
        job.note = "The rest is expected to cost " + amount(outlook.now, record.currency) +
                   ", and " + amount(job.left, record.currency) +
                   " are left of max_price: it is worked on as far as that goes. What is not "
                   "done then fails with max_price_reached and costs nothing.";
    }
}

void Grid::State::review_prices() {
    std::vector<core::Event> told;
    for (auto& [id, job] : jobs) {
        if (!job.record.terms.limited() || job.drained) continue;
        const bool waited = job.waits_until.has_value();
        look_at_price(job);
        const bool waits = job.waits_until.has_value();
        if (waits && !waited) told.emplace_back(core::JobHeld{id});
        if (!waits && waited) told.emplace_back(core::JobReleased{id});
    }
    for (const auto& event : told) tell(event);
}

void Grid::State::arm_price_timer() {
    if (stopping || price_timer_runs) return;
    const WallTime now = clock.wall();
    std::optional<WallTime> next;
    for (const auto& [id, job] : jobs) {
        const auto& bands = job.record.terms.tariff.bands;
        if (!job.record.terms.limited() || job.drained || bands.empty()) continue;
        const auto horizon = now + review_at_least_every;
        const auto changes = ledger::band_changes(bands, now, horizon);
        const WallTime at = changes.empty() ? horizon : changes.front();
        if (!next || at < *next) next = at;
    }
    if (!next) return;
    price_timer_runs = true;
    price_timer.expires_after(*next - now);
    price_timer.async_wait([this](const boost::system::error_code& problem) {
        price_timer_runs = false;
        if (problem || stopping) return;
        review_prices();
        arm_price_timer();
    });
}

void Grid::State::note_answer(const Sha256& model, std::uint32_t generated_tokens) {
    const auto found = models.find(model);
    if (found == models.end() || generated_tokens == 0) return;
    auto& typical = found->second.typical_answer;
    const double tokens = generated_tokens;
    typical = typical <= 0 ? tokens : typical + (tokens - typical) * typical_weight;
}

std::optional<JobNote> Grid::job_note(const JobId& id) const {
    const auto found = state_->jobs.find(id);
    if (found == state_->jobs.end()) return std::nullopt;
    const auto& job = found->second;
    if (job.limit_reached) return JobNote{"max_price_reached", std::string(max_price_sentence)};
    return JobNote{job.waits_until ? "waiting_for_price" : "running", job.note};
}

core::Forecast Grid::forecast(const core::ForecastQuestion& question) const {
    return state_->scheduler->forecast(question);
}

std::map<Sha256, double> Grid::typical_answers() const {
    std::map<Sha256, double> typical;
    for (const auto& [id, model] : state_->models)
        if (model.typical_answer > 0) typical.emplace(id, model.typical_answer);
    return typical;
}

}  // namespace gleaner::runtime
