#include <limits>

#include "coordinator/store/allowances.h"
#include "coordinator/store/state.h"
#include "coordinator/store/store.h"
#include "shared/util/random.h"

namespace gleaner::store {

namespace {

Error job_has_ended(const JobId& id, JobState state) {
    return {ErrorCode::failed_precondition,
            "batch " + id.get() + " has ended: it is " + std::string(to_string(state))};
}

Status insert_job(Store::State& state, Job& job) {
    Database& database = *state.database;
    GLEANER_TRY(const auto hold_account,
                state.journal.account(ledger::hold_account(job.id, job.currency)));
    GLEANER_TRY(database.run(
        sql::insert_job, job.id, job.project, job.customer, unless_empty(job.own_sites_of),
        job.endpoint, job.model, job.model_sha256, job.price.prompt_micros_per_million,
        job.price.generated_micros_per_million, job.input_file, to_string(job.state),
        to_string(job.privacy), job.replicas, job.metadata_json, job.errors_json, job.counts.total,
        hold_account.value, job.created, job.deadline, job.started, job.ended,
        ledger::to_text(job.terms), job.api_key));
    job.number = database.last_row();
    return database.run(sql::insert_job_progress, job.number);
}

Status hold_credit(Store::State& state, const Job& job, Money hold) {
    if (hold == Money{}) return ok();
    GLEANER_TRY(const auto allowed, allowance(state, job.customer, job.project, job.api_key));
    GLEANER_TRY(ledger::check_allowance(allowed, {}, hold, "batch"));
    Journal& journal = state.journal;
    GLEANER_TRY(const auto customer,
                journal.account(ledger::customer_account(job.customer, job.currency)));
    GLEANER_TRY(const auto held, journal.account(ledger::hold_account(job.id, job.currency)));
    const Line lines[] = {{customer, -hold}, {held, hold}};
    return journal.post(ledger::EntryKind::hold, "hold:" + job.id.get(), lines);
}

/// Fills what the caller left out; refuses what contradicts the store.
Status complete(Store& store, Job& job, WallTime now) {
    GLEANER_TRY(const auto project, store.project(job.project));
    if (job.customer.empty()) job.customer = project.customer;
    if (job.customer != project.customer) {
        return Error(ErrorCode::invalid_argument,
                     "project " + project.id.get() + " is not this customer's");
    }
    job.currency = project.currency;
    // A job of no tariff has a fixed price.
    if (job.terms.tariff == ledger::Tariff{})
        job.terms.tariff = ledger::fixed_tariff(job.price, job.currency, job.privacy);
    if (job.terms.tariff.currency != job.currency) {
        return Error(ErrorCode::invalid_argument,
                     "a batch is priced in the currency of its project");
    }
    if (job.counts.total < 0 || job.counts.total >= outcome_index_end) {
        return Error(ErrorCode::too_large, "a batch has fewer than 2^32 items");
    }
    if (job.id.empty()) job.id = JobId{random_token("batch_", 20)};
    if (job.created == WallTime{}) job.created = now;
    return ok();
}

}  // namespace

Result<Job> Store::admit_job(Job job, Money hold) {
    if (hold < Money{}) return Error(ErrorCode::invalid_argument, "a hold is not negative");
    return state_->atomically([&]() -> Result<Job> {
        const WallTime now = state_->clock.wall();
        GLEANER_TRY(complete(*this, job, now));
        const auto known = job_by_id(job.id);
        if (known.has_value() && known.value().project == job.project) return known;
        job.state = JobState::in_progress;
        job.ended.reset();
        if (!job.started) job.started = now;
        GLEANER_TRY(insert_job(*state_, job));
        GLEANER_TRY(hold_credit(*state_, job, hold));
        return job_by_id(job.id);
    });
}

Result<Job> Store::add_failed_job(Job job) {
    return state_->atomically([&]() -> Result<Job> {
        const WallTime now = state_->clock.wall();
        GLEANER_TRY(complete(*this, job, now));
        const auto known = job_by_id(job.id);
        if (known.has_value() && known.value().project == job.project) return known;
        job.state = JobState::failed;
        job.started.reset();
        job.ended = now;
        GLEANER_TRY(insert_job(*state_, job));
        return job_by_id(job.id);
    });
}

Result<Job> Store::job(const ProjectId& project, const JobId& id) {
    auto found = job_by_id(id);
    if (found.has_value() && found.value().project != project) {
        return Error(ErrorCode::not_found, "no such batch");
    }
    return found;
}

Result<Job> Store::job_by_id(const JobId& id) {
    GLEANER_TRY(state_->journal.flush());
    return state_->one("batch", job_row, sql::select_job, id);
}

Result<std::vector<Job>> Store::jobs(const ProjectId& project, const JobId& after,
                                     std::int64_t limit) {
    GLEANER_TRY(state_->journal.flush());
    std::int64_t before = std::numeric_limits<std::int64_t>::max();
    if (!after.empty()) {
        Query query(*state_->database, sql::select_job_number, after, project);
        GLEANER_TRY(auto found, query.next());
        if (!found) return Error(ErrorCode::invalid_argument, "'after' names no batch of yours");
        before = query.integer("number");
    }
    return state_->all(job_row, sql::list_jobs, project, before, limit);
}

Result<std::vector<Job>> Store::open_jobs() {
    GLEANER_TRY(state_->journal.flush());
    return state_->all(job_row, sql::list_open_jobs);
}

Result<std::vector<std::int64_t>> Store::settled_items(std::int64_t job_number) {
    std::vector<std::int64_t> indices;
    Query query(*state_->database, sql::list_outcome_keys, outcome_key(job_number, 0),
                outcome_key(job_number + 1, 0));
    for (;;) {
        GLEANER_TRY(auto more, query.next());
        if (!more) return indices;
        indices.push_back(query.integer("key") & (outcome_index_end - 1));
    }
}

Status Store::for_each_outcome(std::int64_t job_number,
                               const std::function<Status(const ItemOutcome&)>& each) {
    Query query(*state_->database, sql::list_outcomes, outcome_key(job_number, 0),
                outcome_key(job_number + 1, 0));
    for (;;) {
        GLEANER_TRY(auto more, query.next());
        if (!more) return ok();
        GLEANER_TRY(each(outcome_row(query)));
    }
}

Status Store::set_job_state(const JobId& id, JobState state) {
    if (ended(state) || state == JobState::validating) {
        return Error(ErrorCode::invalid_argument,
                     "a batch ends by end_job(), which releases its hold");
    }
    return state_->atomically([&]() -> Status {
        GLEANER_TRY(const auto current, job_by_id(id));
        if (ended(current.state)) return job_has_ended(id, current.state);
        std::optional<WallTime> finalizing;
        if (state == JobState::finalizing && !current.finalizing) {
            finalizing = state_->clock.wall();
        }
        return state_->database->run(sql::set_job_state, id, to_string(state), finalizing);
    });
}

Status Store::end_job(const JobId& id, JobState state, const FileId& output, const FileId& error) {
    if (!ended(state)) {
        return Error(ErrorCode::invalid_argument,
                     "a batch ends completed, failed, expired or cancelled");
    }
    return state_->atomically([&]() -> Status {
        GLEANER_TRY(const auto current, job_by_id(id));
        if (ended(current.state)) {
            const bool repeated = current.state == state && current.output_file == output &&
                                  current.error_file == error;
            if (repeated) return ok();
            return job_has_ended(id, current.state);
        }
        GLEANER_TRY(state_->database->run(sql::end_job, id, to_string(state), output, error,
                                          state_->clock.wall()));
        // Those that were never lent, as its maximum price was reached.
        if (state == JobState::completed && current.terms.limited()) {
            GLEANER_TRY(state_->database->run(sql::fail_unsettled_items, current.number,
                                              current.counts.total));
        }
        if (current.held == Money{}) return ok();
        Journal& journal = state_->journal;
        GLEANER_TRY(const auto hold, journal.account(ledger::hold_account(id, current.currency)));
        GLEANER_TRY(const auto customer,
                    journal.account(ledger::customer_account(current.customer, current.currency)));
        const Line lines[] = {{hold, -current.held}, {customer, current.held}};
        return journal.post(ledger::EntryKind::release, "release:" + id.get(), lines);
    });
}

}  // namespace gleaner::store
