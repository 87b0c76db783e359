#include "client-core/runtime/earnings_desk.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <utility>

#include "shared/model/civil_day.h"
#include "shared/proto/control.pb.h"
#include "shared/util/log.h"
#include "shared/util/replace_file.h"

namespace gleaner {

namespace fs = std::filesystem;

namespace {

constexpr std::int64_t promised_days = 7;

/// A date that has passed the wire's check and is none ("2026-13-40") counts as long ago.
std::int64_t day_at(const std::string& date) {
    return day_of_date(date).value_or(0);
}

const NodeDevice* device_of(const EarningSide& side, const wire::NodeMoney::DeviceClass& kind) {
    for (const NodeDevice& device : side.devices)
        if (std::ranges::find(kind.devices(), device.id) != kind.devices().end()) return &device;
    return nullptr;
}

DeviceWatts watts_of(const EarningSide& side, const wire::NodeMoney::DeviceClass& kind) {
    const NodeDevice* const device = device_of(side, kind);
    if (device == nullptr) return device_watts("cpu", kind.name(), 0, side.gpu_power_percent);
    return device_watts(device->kind, device->name, device->memory_bytes, side.gpu_power_percent);
}

OwnerSide owner_of(const EarningSide& side, std::int64_t watts) {
    return {side.idle_seconds, watts_at_the_plug(watts), side.electricity_per_kwh};
}

}  // namespace

EarningsDesk::EarningsDesk(const fs::path& folder, const Clock& clock)
    : file_(folder / "earnings_estimates.json"), clock_(clock) {
    std::ifstream in(file_, std::ios::binary);
    if (!in) return;
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    auto read = EstimateHistory::parse(text);
    if (read.has_value()) {
        history_ = std::move(read).value();
        return;
    }
    damaged_ = true;
    std::error_code ignored;
    fs::rename(file_, file_.string() + ".damaged", ignored);
}

void EarningsDesk::told(wire::NodeMoney money, const EarningSide& side) {
    money_ = std::move(money);
    told_at_ = clock_.now();
    keep_promises(side);
}

bool EarningsDesk::knows(std::uint32_t days, Duration age) const {
    if (!money_ || clock_.now() - told_at_ > age) return false;
    const std::int64_t reach = day_at(money_->today()) - day_at(money_->since()) + 1;
    return reach >= std::min(days, days_max);
}

EarningsDesk::Reckoning EarningsDesk::reckon(const EarningSide& side) const {
    Reckoning reckoning;
    for (const auto& kind : money_->classes()) {
        std::vector<GridDay> days;
        for (const auto& day : kind.days())
            days.push_back({static_cast<std::int64_t>(day.offered_seconds()),
                            static_cast<std::int64_t>(day.sold_seconds()),
                            Money{static_cast<std::int64_t>(day.paid_micros())}});
        const DeviceWatts draws = watts_of(side, kind);
        if (draws.assumed) reckoning.assumed_watts = draws.watts;
        const Estimate one = estimate_month(days, owner_of(side, draws.watts));
        const Estimate all = times(one, kind.devices_size());
        reckoning.estimate = together(reckoning.estimate, all);
    }
    return reckoning;
}

std::optional<Money> EarningsDesk::brought(std::int64_t first_day, std::int64_t days,
                                           const EarningSide& side) const {
    if (first_day < day_at(money_->since()) || first_day + days > day_at(money_->today()))
        return std::nullopt;
    Money paid;
    std::int64_t seconds = 0;
    for (const auto& day : money_->days()) {
        const std::int64_t at = day_at(day.date());
        if (at < first_day || at >= first_day + days) continue;
        paid += Money{day.pending_micros() + day.confirmed_micros()};
        seconds += static_cast<std::int64_t>(day.sold_seconds());
    }
    std::int64_t watts = 0;
    if (money_->classes_size() > 0) watts = watts_of(side, money_->classes(0)).watts;
    return paid - electricity_cost(seconds, owner_of(side, watts));
}

void EarningsDesk::forget() {
    money_.reset();
    history_ = {};
    std::error_code ignored;
    std::filesystem::remove(file_, ignored);
}

void EarningsDesk::keep_promises(const EarningSide& side) {
    const std::string before = history_.to_json();
    const std::vector<EstimateRecord> records = history_.records();
    for (const EstimateRecord& record : records) {
        if (record.actual) continue;
        const auto actual = brought(record.first_day, record.days, side);
        if (actual) (void)history_.settle(record.first_day, *actual);
    }
    // A week at a time, from its first whole day.
    const std::int64_t tomorrow = day_at(money_->today()) + 1;
    if (records.empty() || tomorrow >= records.back().first_day + records.back().days)
        history_.promise(tomorrow, promised_days, reckon(side).estimate);
    const std::string after = history_.to_json();
    if (after == before) return;
    const Status written = replace_file(file_, after);
    if (written.has_error())
        spdlog::warn("event=estimates_not_kept why=\"{}\"", written.error().message());
}

std::string EarningsDesk::in_words(const Reckoning& reckoning, Language language) const {
    const std::string& currency = money_->currency();
    std::string text = sentence_of(reckoning.estimate, language, currency);
    const std::string gap = language == Language::english ? " " : "";
    const auto append = [&](const std::string& sentence) {
        if (!sentence.empty()) text += gap + sentence;
    };
    const bool priced = reckoning.estimate.outlook == Outlook::earns ||
                        reckoning.estimate.outlook == Outlook::loses;
    if (priced && reckoning.assumed_watts > 0)
        append(assumption_of(reckoning.assumed_watts, language));
    append(sentence_of(history_.accuracy(), language, currency));
    return text;
}

void EarningsDesk::answer(std::uint32_t days, const EarningSide& side,
                          control::Earnings& out) const {
    out.set_known(money_.has_value());
    if (!money_) return;
    out.set_currency(money_->currency());
    out.set_payout_account(money_->payout_account());
    const Reckoning reckoning = reckon(side);
    out.mutable_estimate()->set_en(in_words(reckoning, Language::english));
    out.mutable_estimate()->set_zh(in_words(reckoning, Language::chinese));
    std::map<std::int64_t, const wire::NodeMoney::Day*> told;
    for (const auto& day : money_->days()) told[day_at(day.date())] = &day;
    const std::int64_t today = day_at(money_->today());
    const std::int64_t wanted = today - static_cast<std::int64_t>(std::min(days, days_max)) + 1;
    for (auto day = std::max(wanted, day_at(money_->since())); day <= today; ++day) {
        auto& said = *out.add_days();
        said.set_date(date_text(day));
        const auto found = told.find(day);
        if (found == told.end()) continue;
        said.set_pending_micros(found->second->pending_micros());
        said.set_confirmed_micros(found->second->confirmed_micros());
    }
}

}  // namespace gleaner
