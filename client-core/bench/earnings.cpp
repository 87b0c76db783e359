#include "client-core/bench/earnings.h"

#include <algorithm>
#include <limits>

#include <boost/json.hpp>

namespace gleaner {

namespace json = boost::json;

namespace {

__extension__ using Wide = __int128;

constexpr std::int64_t days_of_month = 30;
constexpr std::int64_t days_of_week = 7;
constexpr std::int64_t watt_seconds_of_kwh = 3'600'000;
constexpr std::uint32_t days_least = 3;
constexpr std::size_t days_for_inner_range = 5;
constexpr std::size_t json_bytes_max = 64 << 10;

Money saturated(Wide micros) {
    constexpr Wide most = std::numeric_limits<std::int64_t>::max() / 4;
    return {static_cast<std::int64_t>(std::clamp(micros, -most, most))};
}

/// Away from zero at one half, so that a loss is not made smaller than a gain is.
Wide rounded_quotient(Wide dividend, Wide divisor) {
    const Wide half = divisor / 2;
    return (dividend + (dividend < 0 ? -half : half)) / divisor;
}

bool is_day(const GridDay& day) {
    return day.connected_idle_seconds > 0 && day.sold_seconds >= 0 &&
           day.sold_seconds <= day.connected_idle_seconds && day.paid.micros >= 0;
}

/// Electricity of `seconds` at work, in micros. Bounded, so that no input overflows: no device
/// draws 100 kW, and no kilowatt-hour costs a million.
Wide electricity_micros(Wide seconds, const OwnerSide& owner) {
    const Wide watts = std::clamp<std::int64_t>(owner.watts, 0, 100'000);
    const Wide price =
        std::clamp<std::int64_t>(owner.electricity_per_kwh.micros, 0, 1'000'000'000'000);
    return rounded_quotient(seconds * watts * price, watt_seconds_of_kwh);
}

/// Idle seconds that this machine offers in a month; at most all of them.
std::int64_t idle_of_month(const OwnerSide& owner) {
    std::int64_t week = 0;
    for (const std::int64_t seconds : owner.idle_seconds) {
        week += std::clamp<std::int64_t>(seconds, 0, 86'400);
    }
    return week * days_of_month / days_of_week;
}

/// A month that pays like this day, after its electricity.
Wide net_of_month(const GridDay& day, std::int64_t idle, const OwnerSide& owner) {
    const Wide paid = rounded_quotient(Wide{day.paid.micros} * idle, day.connected_idle_seconds);
    const Wide sold = rounded_quotient(Wide{day.sold_seconds} * idle, day.connected_idle_seconds);
    return paid - electricity_micros(sold, owner);
}

/// "12.34": hundredths are what people pay in; more would be false precision.
std::string amount(Money money, std::string_view currency) {
    const Wide hundredths = rounded_quotient(money.micros, 10'000);
    const auto size = static_cast<std::int64_t>(hundredths < 0 ? -hundredths : hundredths);
    // From ten on "about" has no fractions.
    std::string text = std::to_string(size / 100);
    if (size < 1000) {
        text += size % 100 < 10 ? ".0" : ".";
        text += std::to_string(size % 100);
    } else if (size % 100 >= 50) {
        text = std::to_string(size / 100 + 1);
    }
    return (hundredths < 0 ? "-" : "") + std::string(currency) + text;
}

std::string in_english(const Estimate& estimate, std::string_view currency) {
    const std::string electricity = amount(estimate.electricity, currency);
    switch (estimate.outlook) {
        case Outlook::too_few_days:
            return "There are not enough days yet with such a GPU on the grid to say what it "
                   "earns.";
        case Outlook::no_idle_hours:
            return "This PC has no idle hours in which it may work, so it earns nothing.";
        case Outlook::no_work:
            return "There is no work for this GPU at present.";
        case Outlook::loses:
            return "At present this PC would earn less than the electricity costs, about " +
                   electricity + " a month: better let it rest.";
        case Outlook::earns:
            return "This PC can earn about " + amount(estimate.low, currency) + " to " +
                   amount(estimate.high, currency) + " a month at your idle hours, after about " +
                   electricity + " of electricity.";
    }
    return {};
}

std::string in_chinese(const Estimate& estimate, std::string_view currency) {
    const std::string electricity = amount(estimate.electricity, currency);
    switch (estimate.outlook) {
        case Outlook::too_few_days:
            return "平台上同型号显卡的数据还不够，暂时无法估算收益。";
        case Outlook::no_idle_hours:
            return "这台电脑没有可用的空闲时段，因此没有收益。";
        case Outlook::no_work:
            return "目前没有适合这块显卡的任务。";
        case Outlook::loses:
            return "按目前的行情，收益不够支付电费（每月约 " + electricity +
                   "），建议暂时不要运行。";
        case Outlook::earns:
            return "按您的空闲时段，这台电脑每月大约能赚 " + amount(estimate.low, currency) +
                   " 到 " + amount(estimate.high, currency) + "，已扣除约 " + electricity +
                   " 的电费。";
    }
    return {};
}

Money middle_of(const EstimateRecord& record) {
    return saturated(rounded_quotient(Wide{record.low.micros} + record.high.micros, 2));
}

Error corrupt_history() {
    return Error(ErrorCode::data_corrupt, "the history of earnings estimates is damaged");
}

std::optional<std::int64_t> whole_at(const json::object& object, std::string_view name) {
    const json::value* const value = object.if_contains(name);
    if (value == nullptr || !value->is_int64()) return std::nullopt;
    return value->get_int64();
}

std::optional<EstimateRecord> parse_record(const json::value& value) {
    const json::object* const object = value.if_object();
    if (object == nullptr) return std::nullopt;
    const auto first_day = whole_at(*object, "first_day");
    const auto days = whole_at(*object, "days");
    const auto low = whole_at(*object, "low_micros");
    const auto high = whole_at(*object, "high_micros");
    if (!first_day || !days || *days <= 0 || !low || !high || *low > *high) return std::nullopt;
    EstimateRecord record{*first_day, *days, Money{*low}, Money{*high}, std::nullopt};
    if (object->if_contains("actual_micros") != nullptr) {
        const auto actual = whole_at(*object, "actual_micros");
        if (!actual) return std::nullopt;
        record.actual = Money{*actual};
    }
    return record;
}

}  // namespace

Estimate estimate_month(std::span<const GridDay> days, const OwnerSide& owner) {
    Estimate estimate;
    const std::int64_t idle = idle_of_month(owner);
    std::vector<Wide> nets;
    Wide offered = 0;
    Wide sold = 0;
    for (const GridDay& day : days) {
        if (!is_day(day)) continue;
        nets.push_back(net_of_month(day, idle, owner));
        offered += day.connected_idle_seconds;
        sold += day.sold_seconds;
    }
    estimate.days = static_cast<std::uint32_t>(nets.size());
    if (estimate.days < days_least) return estimate;
    std::sort(nets.begin(), nets.end());
    const std::size_t inset = nets.size() >= days_for_inner_range ? 1 : 0;
    estimate.low = saturated(nets[inset]);
    estimate.high = saturated(nets[nets.size() - 1 - inset]);
    estimate.electricity =
        saturated(electricity_micros(rounded_quotient(sold * idle, offered), owner));
    if (sold == 0) {
        estimate.outlook = Outlook::no_work;
    } else if (idle == 0) {
        estimate.outlook = Outlook::no_idle_hours;
    } else {
        estimate.outlook = estimate.high.micros > 0 ? Outlook::earns : Outlook::loses;
    }
    return estimate;
}

Money electricity_cost(std::int64_t seconds, const OwnerSide& owner) {
    return saturated(electricity_micros(std::max<std::int64_t>(0, seconds), owner));
}

Estimate times(Estimate estimate, std::int64_t devices) {
    for (Money* const money : {&estimate.low, &estimate.high, &estimate.electricity})
        *money = saturated(Wide{money->micros} * devices);
    return estimate;
}

Estimate together(const Estimate& a, const Estimate& b) {
    if (a.outlook == Outlook::too_few_days) return b;
    if (b.outlook == Outlook::too_few_days) return a;
    Estimate sum;
    sum.low = saturated(Wide{a.low.micros} + b.low.micros);
    sum.high = saturated(Wide{a.high.micros} + b.high.micros);
    sum.electricity = saturated(Wide{a.electricity.micros} + b.electricity.micros);
    sum.days = std::min(a.days, b.days);
    if (a.outlook == b.outlook) {
        sum.outlook = a.outlook;
    } else {
        sum.outlook = sum.high.micros > 0 ? Outlook::earns : Outlook::loses;
    }
    return sum;
}

std::string assumption_of(std::int64_t watts, Language language) {
    const std::string number = std::to_string(watts);
    if (language == Language::chinese) return "电费按 " + number + " 瓦的假定功率计算。";
    return "The electricity is reckoned with " + number + " W, which is an assumption.";
}

std::string sentence_of(const Estimate& estimate, Language language, std::string_view currency) {
    return language == Language::chinese ? in_chinese(estimate, currency)
                                         : in_english(estimate, currency);
}

void EstimateHistory::promise(std::int64_t first_day, std::int64_t days, const Estimate& estimate) {
    if (estimate.outlook == Outlook::too_few_days || days <= 0) return;
    const auto part = [&](Money month) {
        return saturated(rounded_quotient(Wide{month.micros} * days, days_of_month));
    };
    std::erase_if(records_, [&](const auto& known) { return known.first_day == first_day; });
    EstimateRecord record{first_day, days, part(estimate.low), part(estimate.high), std::nullopt};
    const auto place = std::find_if(records_.begin(), records_.end(),
                                    [&](const auto& known) { return known.first_day > first_day; });
    records_.insert(place, record);
    if (records_.size() > records_max) records_.erase(records_.begin());
}

bool EstimateHistory::settle(std::int64_t first_day, Money actual) {
    for (EstimateRecord& record : records_) {
        if (record.first_day != first_day) continue;
        record.actual = actual;
        return true;
    }
    return false;
}

EstimateAccuracy EstimateHistory::accuracy() const {
    EstimateAccuracy accuracy;
    Wide sum = 0;
    Wide absolute = 0;
    for (const EstimateRecord& record : records_) {
        if (!record.actual) continue;
        const Wide error = Wide{record.actual->micros} - middle_of(record).micros;
        sum += error;
        absolute += error < 0 ? -error : error;
        ++accuracy.count;
        if (*record.actual >= record.low && *record.actual <= record.high) ++accuracy.inside;
    }
    if (accuracy.count == 0) return accuracy;
    accuracy.mean_error = saturated(rounded_quotient(sum, accuracy.count));
    accuracy.mean_absolute_error = saturated(rounded_quotient(absolute, accuracy.count));
    return accuracy;
}

std::string EstimateHistory::to_json() const {
    json::array list;
    for (const EstimateRecord& record : records_) {
        json::object object{{"first_day", record.first_day},
                            {"days", record.days},
                            {"low_micros", record.low.micros},
                            {"high_micros", record.high.micros}};
        if (record.actual) object["actual_micros"] = record.actual->micros;
        list.push_back(std::move(object));
    }
    return json::serialize(list);
}

Result<EstimateHistory> EstimateHistory::parse(std::string_view text) {
    boost::system::error_code ec;
    if (text.size() > json_bytes_max) return corrupt_history();
    const json::value value = json::parse(text, ec);
    if (ec || !value.is_array() || value.get_array().size() > records_max) {
        return corrupt_history();
    }
    EstimateHistory history;
    for (const json::value& item : value.get_array()) {
        const auto record = parse_record(item);
        const bool in_order = history.records_.empty() ||
                              (record && record->first_day > history.records_.back().first_day);
        if (!record || !in_order) return corrupt_history();
        history.records_.push_back(*record);
    }
    return history;
}

std::string sentence_of(const EstimateAccuracy& accuracy, Language language,
                        std::string_view currency) {
    if (accuracy.count == 0) return {};
    const std::string error = amount(accuracy.mean_absolute_error, currency);
    const std::string count = std::to_string(accuracy.count);
    const std::string inside = std::to_string(accuracy.inside);
    if (language == Language::chinese) {
        return "到目前为止，估算与实际平均相差 " + error + "；" + count + " 次中有 " + inside +
               " 次落在估算范围内。";
    }
    return "So far the estimates were off by " + error + " on average; " + inside + " of " + count +
           " held.";
}

}  // namespace gleaner
