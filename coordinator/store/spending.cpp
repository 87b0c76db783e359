#include "coordinator/store/spending.h"

#include "coordinator/store/rows.h"
#include "shared/model/civil_day.h"
#include "shared/util/check.h"
#include "shared/util/log.h"

namespace gleaner::store {

namespace {

constexpr std::int64_t micros_of_hour = 3'600'000'000;
/// Enough for every key at work; more are looked up again.
constexpr std::size_t sources_max = 100'000;

}  // namespace

UsageSums& UsageSums::operator+=(const UsageSums& more) {
    requests += more.requests;
    prompt_tokens += more.prompt_tokens;
    cached_tokens += more.cached_tokens;
    generated_tokens += more.generated_tokens;
    price += more.price;
    return *this;
}

std::string_view to_string(SpenderKind kind) {
    switch (kind) {
        case SpenderKind::key:
            return "key";
        case SpenderKind::project:
            return "project";
        case SpenderKind::customer:
            return "customer";
    }
    return "customer";
}

Result<const UsageSource*> Spending::source(const MeterRecord& record, bool batch,
                                            Currency currency) {
    source_key_.assign(batch ? "b" : "s");
    for (const std::string* part :
         {&record.project.get(), &record.model_sha256.get(), &record.api_key}) {
        source_key_.append(*part).push_back('\0');
    }
    const auto known = sources_.find(source_key_);
    if (known != sources_.end()) return &known->second;
    GLEANER_TRY(const auto loaded, load(record, batch, currency));
    return &sources_.emplace(source_key_, loaded).first->second;
}

Result<UsageSource> Spending::load(const MeterRecord& record, bool batch, Currency currency) {
    GLEANER_TRY(database_.run(sql::insert_usage_source, record.project, record.customer,
                              record.api_key, record.model_sha256,
                              record.model_sha256.get().substr(0, 12), batch));
    Query query(database_, sql::select_usage_source, record.project, record.api_key,
                record.model_sha256, batch);
    GLEANER_TRY(auto found, query.next());
    GLEANER_CHECK(found, "a usage source that was inserted exists");
    UsageSource source;
    source.number = query.integer("number");
    if (!record.api_key.empty()) {
        GLEANER_TRY(source.key, spender(SpenderKind::key, record.api_key, currency));
    }
    GLEANER_TRY(source.project, spender(SpenderKind::project, record.project.get(), currency));
    GLEANER_TRY(source.customer, spender(SpenderKind::customer, record.customer.get(), currency));
    return source;
}

Result<std::int64_t> Spending::spender(SpenderKind kind, std::string_view id, Currency currency) {
    for (const bool first_time : {true, false}) {
        Query query(database_, sql::select_spender, to_string(kind), id, code_of(currency));
        GLEANER_TRY(auto found, query.next());
        if (found) return query.integer("number");
        if (!first_time) break;
        GLEANER_TRY(database_.run(sql::insert_spender, to_string(kind), id, code_of(currency)));
    }
    GLEANER_CHECK(false, "a spender that was inserted exists");
    return 0;
}

void Spending::add(const UsageSource& source, WallTime at, const UsageSums& record) {
    hours_.add((source.number << hour_bits) | (at.micros / micros_of_hour), record);
    if (record.price == Money{}) return;
    const std::int64_t month = month_of(day_of(at)).number;
    for (const std::int64_t spender : {source.key, source.project, source.customer}) {
        if (spender != 0) months_.add((spender << month_bits) | month, record.price.micros);
    }
}

Status Spending::flush() {
    constexpr std::int64_t hour_mask = (std::int64_t{1} << hour_bits) - 1;
    constexpr std::int64_t month_mask = (std::int64_t{1} << month_bits) - 1;
    for (const auto& [key, sums] : hours_.take()) {
        GLEANER_TRY(database_.run(sql::add_usage_hour, key >> hour_bits, key & hour_mask,
                                  sums.requests, sums.prompt_tokens, sums.cached_tokens,
                                  sums.generated_tokens, sums.price));
    }
    for (const auto& [key, micros] : months_.take()) {
        GLEANER_TRY(
            database_.run(sql::add_spend_month, key >> month_bits, key & month_mask, micros));
        GLEANER_TRY(raise_alerts(key >> month_bits, key & month_mask));
    }
    return ok();
}

Status Spending::raise_alerts(std::int64_t spender, std::int64_t month) {
    const WallTime now = clock_.wall();
    GLEANER_TRY(const auto raised, database_.change(sql::raise_alerts, spender, month, now));
    if (raised == 0) return ok();
    Query query(database_, sql::list_alerts_of_spender, spender, month, raised);
    for (;;) {
        GLEANER_TRY(auto more, query.next());
        if (!more) return ok();
        raised_.push_back(
            "event=budget_threshold_crossed " + query.text("kind") + "=" + query.text("id") +
            " month=" + month_text(Month{month}) + " percent=" + query.text("percent") +
            " budget=" + to_decimal(query.money("amount")) +
            " spent=" + to_decimal(query.money("spent")) + " currency=" + query.text("currency"));
    }
}

void Spending::on_savepoint() {
    hours_.mark();
    months_.mark();
    raised_at_.push_back(raised_.size());
}

void Spending::on_release() {
    hours_.release();
    months_.release();
    raised_at_.pop_back();
}

void Spending::on_savepoint_undone() {
    hours_.undo();
    months_.undo();
    raised_.resize(raised_at_.back());
    raised_at_.pop_back();
    sources_.clear();
}

void Spending::on_committed() {
    for (const auto& line : raised_) spdlog::warn("{}", line);
    forget();
    if (sources_.size() > sources_max) sources_.clear();
}

void Spending::on_transaction_undone() {
    forget();
    sources_.clear();
}

void Spending::forget() {
    hours_.clear();
    months_.clear();
    raised_.clear();
    raised_at_.clear();
}

}  // namespace gleaner::store
