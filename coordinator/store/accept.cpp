/// The hot path: settles items, meters them and posts the money, each at most once.

#include <algorithm>
#include <array>
#include <unordered_map>
#include <utility>

#include "coordinator/ledger/revenue.h"
#include "coordinator/store/state.h"
#include "coordinator/store/store.h"
#include "shared/model/civil_day.h"

namespace gleaner::store {

namespace {

struct OpenJob {
    std::int64_t number = 0;
    std::int64_t total = 0;
    std::int64_t project_number = 0;
    ProjectId project;
    CustomerId customer;
    bool settles = false;  ///< still takes results
    AccountNumber hold;
    Money held;
};

/// The accounts that one answer moves money between; few, so a list.
class Lines {
public:
    void add(AccountNumber account, Money amount) {
        for (auto& line : lines_) {
            if (line.account == account) {
                line.amount += amount;
                return;
            }
        }
        lines_.push_back({account, amount});
    }
    void clear() { lines_.clear(); }
    [[nodiscard]] std::span<const Line> moving() {
        std::erase_if(lines_, [](const Line& line) { return line.amount == Money{}; });
        return lines_;
    }

private:
    std::vector<Line> lines_;
};

class Acceptor {
public:
    explicit Acceptor(Store::State& state) : state_(state), database_(*state.database) {}

    Result<Accepted> accept(const Acceptance& acceptance) {
        GLEANER_TRY(check(acceptance));
        GLEANER_TRY(keep_reply(acceptance));
        return acceptance.job.empty() ? accept_stream(acceptance) : accept_item(acceptance);
    }

private:
    static Status check(const Acceptance& acceptance);
    Result<Accepted> accept_item(const Acceptance& acceptance);
    Result<Accepted> accept_stream(const Acceptance& acceptance);
    Result<OpenJob*> job(const JobId& id);
    /// Bills the parts that were not billed before; returns how many that were.
    Result<std::int64_t> bill(const Acceptance& acceptance, OpenJob* job);
    Result<bool> meter(const MeterRecord& record, std::int64_t number, bool batch);
    void pay(Money total, OpenJob* job, AccountNumber customer);
    Result<const MeterSource*> source(const MeterRecord& record);
    Result<MeterSource> load_source(const MeterRecord& record);
    Status insert_source(const MeterRecord& record);
    Result<MeterSource> accounts_of(const Query& row);
    Result<ledger::Split> split_of(const OwnerId& owner, const std::string& currency_code);
    Status keep_receipt(const Acceptance& acceptance, std::int64_t project_number);
    Status keep_reply(const Acceptance& acceptance);

    Store::State& state_;
    Database& database_;
    std::unordered_map<std::string, OpenJob> jobs_;
    Lines lines_;
    std::string source_key_;
};

Status Acceptor::check(const Acceptance& acceptance) {
    if (std::ssize(acceptance.meters) > meters_per_entry) {
        return Error(ErrorCode::too_large, "an answer has at most 1024 parts");
    }
    if (acceptance.outcome.failed && !acceptance.meters.empty()) {
        return Error(ErrorCode::invalid_argument, "a failed item costs nothing: it has no meter");
    }
    if (acceptance.reply && acceptance.reply->http_status <= 0) {
        return Error(ErrorCode::invalid_argument, "a reply that is kept has an HTTP status");
    }
    for (const auto& meter : acceptance.meters) {
        const bool negative = meter.price < Money{} || meter.prompt_tokens < 0 ||
                              meter.cached_tokens < 0 || meter.generated_tokens < 0 ||
                              meter.device_micros < 0 || meter.reference_micros < 0;
        if (negative || meter.attempt_key.empty()) {
            return Error(ErrorCode::invalid_argument,
                         "a meter record names its attempt and counts nothing below zero");
        }
        if (meter.project != acceptance.meters.front().project) {
            return Error(ErrorCode::invalid_argument, "the parts of an answer have one project");
        }
    }
    return ok();
}

Result<Accepted> Acceptor::accept_item(const Acceptance& acceptance) {
    const ItemOutcome& outcome = acceptance.outcome;
    GLEANER_TRY(auto* const job, this->job(acceptance.job));
    const bool misplaced =
        outcome.index < 0 || outcome.index >= job->total ||
        (outcome.job_number != 0 && outcome.job_number != job->number) ||
        (!acceptance.meters.empty() && acceptance.meters.front().project != job->project);
    if (misplaced) {
        return Error(ErrorCode::invalid_argument,
                     "item " + std::to_string(outcome.index) + " is not one of batch " +
                         acceptance.job.get() + ", which has " + std::to_string(job->total));
    }
    const std::int64_t key = outcome_key(job->number, outcome.index);
    if (!job->settles) {
        GLEANER_TRY(auto settled, state_.exists(sql::select_outcome, key));
        return settled ? Accepted::already_settled : Accepted::job_ended;
    }
    GLEANER_TRY(auto inserted,
                database_.change(sql::insert_outcome, key, outcome.failed, outcome.request,
                                 outcome.http_status, outcome.body));
    if (inserted == 0) return Accepted::already_settled;
    state_.journal.count_items(job->number, outcome.failed ? 0 : 1, outcome.failed ? 1 : 0);
    GLEANER_TRY(bill(acceptance, job));
    GLEANER_TRY(keep_receipt(acceptance, job->project_number));
    return Accepted::accepted;
}

Result<Accepted> Acceptor::accept_stream(const Acceptance& acceptance) {
    if (acceptance.meters.empty()) {
        if (acceptance.receipt_json.empty()) return Accepted::accepted;
        return Error(ErrorCode::invalid_argument,
                     "a stream's receipt without a meter record names no project: use add_receipt");
    }
    GLEANER_TRY(auto billed, bill(acceptance, nullptr));
    if (billed == 0) return Accepted::already_settled;
    if (acceptance.receipt_json.empty()) return Accepted::accepted;
    Query query(database_, sql::select_project_number, acceptance.meters.front().project);
    GLEANER_TRY(auto found, query.next());
    if (!found) return Error(ErrorCode::not_found, "no such project");
    GLEANER_TRY(keep_receipt(acceptance, query.integer("number")));
    return Accepted::accepted;
}

Result<OpenJob*> Acceptor::job(const JobId& id) {
    const auto known = jobs_.find(id.get());
    if (known != jobs_.end()) return &known->second;
    Query query(database_, sql::select_job_for_accept, id);
    GLEANER_TRY(auto found, query.next());
    if (!found) return Error(ErrorCode::not_found, "no such batch");
    OpenJob job;
    job.number = query.integer("number");
    job.total = query.integer("total");
    job.project = query.id<ProjectId>("project");
    job.project_number = query.integer("project_number");
    job.customer = query.id<CustomerId>("customer");
    const JobState state = job_state(query.text("state"));
    job.settles = state == JobState::in_progress || state == JobState::cancelling;
    job.hold = {query.integer("hold_account"), currency(query.text("currency"))};
    job.held = query.money("held") + state_.journal.pending(job.hold);
    return &jobs_.emplace(id.get(), std::move(job)).first->second;
}

Result<std::int64_t> Acceptor::bill(const Acceptance& acceptance, OpenJob* job) {
    if (acceptance.meters.empty()) return 0;
    GLEANER_TRY(const auto number, state_.journal.next_number());
    std::int64_t parts = 0;
    Money total;
    lines_.clear();
    for (const auto& record : acceptance.meters) {
        GLEANER_TRY(auto billed, meter(record, number * meters_per_entry + parts, job != nullptr));
        if (!billed) continue;
        ++parts;
        total += record.price;
    }
    if (total == Money{}) return parts;
    GLEANER_TRY(const auto* const payer, source(acceptance.meters.front()));
    pay(total, job, payer->customer);
    GLEANER_TRY(
        state_.journal.post(number, ledger::EntryKind::charge, std::nullopt, lines_.moving()));
    return parts;
}

Result<bool> Acceptor::meter(const MeterRecord& record, std::int64_t number, bool batch) {
    GLEANER_TRY(const auto* const source, this->source(record));
    GLEANER_TRY(const auto before, state_.journal.billed_before(record.attempt_key));
    if (before) return false;
    GLEANER_TRY(const auto* const usage,
                state_.spending.source(record, batch, source->customer.currency));
    const auto shares =
        ledger::share(record.price, source->split, source->owner_partner.has_value(),
                      source->customer_partner.has_value());
    GLEANER_TRY(auto inserted,
                database_.change(sql::insert_meter, number, source->number, record.attempt_key,
                                 record.request, record.prompt_tokens, record.generated_tokens,
                                 record.device_micros, record.price, shares.owner,
                                 shares.owner_partner, shares.customer_partner,
                                 record.cached_tokens, record.reference_micros, usage->number));
    if (inserted == 0) return false;
    const WallTime accepted{number / meters_per_entry};
    const std::int64_t day = day_of(accepted);
    const std::int64_t requests = number % meters_per_entry == 0 ? 1 : 0;
    state_.grid_days.sold(day, source->device_class, record.device_micros, shares.owner);
    state_.meter_days.add(
        source->number, day,
        {requests, 1, record.prompt_tokens, record.cached_tokens, record.generated_tokens,
         record.device_micros, record.reference_micros, record.price, shares.owner,
         shares.owner_partner, shares.customer_partner});
    state_.spending.add(*usage, accepted,
                        {requests, record.prompt_tokens, record.cached_tokens,
                         record.generated_tokens, record.price});
    lines_.add(source->owner, shares.owner);
    if (source->owner_partner) lines_.add(*source->owner_partner, shares.owner_partner);
    if (source->customer_partner) lines_.add(*source->customer_partner, shares.customer_partner);
    lines_.add(source->platform, shares.platform);
    return true;
}

void Acceptor::pay(Money total, OpenJob* job, AccountNumber customer) {
    Money from_hold;
    if (job != nullptr) {
        from_hold = std::min(total, job->held);
        job->held -= from_hold;
        lines_.add(job->hold, -from_hold);
    }
    lines_.add(customer, from_hold - total);
}

Result<const MeterSource*> Acceptor::source(const MeterRecord& record) {
    // Contracts begin and end with days.
    const std::int64_t today = day_of(state_.clock.wall());
    if (std::exchange(state_.sources_day, today) != today) state_.sources.clear();
    source_key_.clear();
    for (const std::string* part :
         {&record.node.get(), &record.project.get(), &record.model_sha256.get(),
          &record.device_class, &record.owner.get(), &record.site.get(), &record.customer.get()}) {
        source_key_.append(*part).push_back('\0');
    }
    const auto known = state_.sources.find(source_key_);
    if (known != state_.sources.end()) return &known->second;
    GLEANER_TRY(auto loaded, load_source(record));
    loaded.device_class = state_.grid_days.class_number(record.device_class);
    return &state_.sources.emplace(source_key_, loaded).first->second;
}

Result<MeterSource> Acceptor::load_source(const MeterRecord& record) {
    for (const bool first_time : {true, false}) {
        Query query(database_, sql::select_meter_source, record.node, record.project,
                    record.device_class, record.model_sha256);
        GLEANER_TRY(auto found, query.next());
        const bool same = found && query.id<OwnerId>("owner") == record.owner &&
                          query.id<SiteId>("site") == record.site &&
                          query.id<CustomerId>("customer") == record.customer;
        if (same) return accounts_of(query);
        if (found || !first_time) break;
        GLEANER_TRY(insert_source(record));
    }
    return Error(ErrorCode::failed_precondition,
                 "a meter record names node " + record.node.get() +
                     " with a site, owner, project or customer that are not its own");
}

Status Acceptor::insert_source(const MeterRecord& record) {
    Query parties(database_, sql::select_meter_parties, record.node, record.site, record.owner,
                  record.project, record.customer);
    GLEANER_TRY(auto consistent, parties.next());
    if (!consistent) return ok();  // load_source() finds no row and says why
    Query named(database_, sql::select_model_name, record.model_sha256);
    GLEANER_TRY(auto served, named.next());
    const std::string model = served ? named.text("name") : record.model_sha256.get().substr(0, 12);
    return database_.run(sql::insert_meter_source, record.project, record.customer, record.node,
                         record.site, record.owner,
                         unless_empty(parties.id<PartnerId>("owner_partner")),
                         unless_empty(parties.id<PartnerId>("customer_partner")),
                         record.device_class, record.model_sha256, model);
}

Result<MeterSource> Acceptor::accounts_of(const Query& row) {
    Journal& journal = state_.journal;
    MeterSource source;
    source.number = row.integer("number");
    GLEANER_TRY(source.split, split_of(row.id<OwnerId>("owner"), row.text("currency")));
    const Currency money = currency(row.text("currency"));
    GLEANER_TRY(source.platform, journal.account(ledger::platform_account(money)));
    GLEANER_TRY(source.customer,
                journal.account(ledger::customer_account(row.id<CustomerId>("customer"), money)));
    GLEANER_TRY(source.owner,
                journal.account(ledger::pending_account(row.id<OwnerId>("owner"), money)));
    const auto owner_partner = row.id<PartnerId>("owner_partner");
    if (!owner_partner.empty()) {
        GLEANER_TRY(source.owner_partner,
                    journal.account(ledger::pending_account(owner_partner, money)));
    }
    const auto customer_partner = row.id<PartnerId>("customer_partner");
    if (!customer_partner.empty()) {
        GLEANER_TRY(source.customer_partner,
                    journal.account(ledger::pending_account(customer_partner, money)));
    }
    return source;
}

Result<ledger::Split> Acceptor::split_of(const OwnerId& owner, const std::string& currency_code) {
    Query query(database_, sql::select_revenue_contract_in_force, owner, currency_code,
                state_.sources_day);
    GLEANER_TRY(auto found, query.next());
    if (!found) return state_.split;
    GLEANER_TRY(const auto terms, ledger::revenue_terms_from_json(query.text("terms")));
    return terms.split;
}

Status Acceptor::keep_receipt(const Acceptance& acceptance, std::int64_t project_number) {
    if (acceptance.receipt_json.empty()) return ok();
    return database_.run(sql::insert_receipt, project_number, acceptance.outcome.request,
                         acceptance.receipt_json);
}

Status Acceptor::keep_reply(const Acceptance& acceptance) {
    if (!acceptance.reply) return ok();
    const auto& reply = *acceptance.reply;
    return database_.run(sql::finish_idempotency_key, reply.project, reply.key, reply.http_status,
                         reply.body);
}

}  // namespace

Result<std::vector<Accepted>> Store::accept(std::span<const Acceptance> acceptances) {
    return state_->atomically([&]() -> Result<std::vector<Accepted>> {
        std::vector<Accepted> outcomes;
        outcomes.reserve(acceptances.size());
        Acceptor acceptor(*state_);
        for (const auto& acceptance : acceptances) {
            GLEANER_TRY(const auto outcome, acceptor.accept(acceptance));
            outcomes.push_back(outcome);
        }
        return outcomes;
    });
}

}  // namespace gleaner::store
