#include "coordinator/api/openai/contract_request.h"

#include <algorithm>
#include <array>
#include <limits>

#include <boost/json.hpp>

#include "coordinator/openai/json_text.h"
#include "shared/model/civil_time.h"

namespace gleaner::api {

namespace json = boost::json;
using openai::as_integer;
using openai::member;
using openai::string_member;

namespace {

constexpr std::int64_t devices_max = 100'000;
constexpr std::int64_t deposit_days_max = 90;
constexpr std::int64_t basis_points_max = 10'000;
constexpr std::int64_t seconds_max = 253'402'300'800;  // the year 10000
constexpr std::array clause_names{"deposit_days", "reprice_threshold", "reprice_fee",
                                  "termination_penalty"};

Error wrong(std::string_view name, std::string_view must) {
    return {ErrorCode::invalid_argument,
            "'" + std::string(name) + "' must be " + std::string(must) + "."};
}

Status only(const json::object& object, std::initializer_list<std::string_view> known,
            std::string_view where) {
    for (const auto& pair : object) {
        if (std::ranges::find(known, std::string_view(pair.key())) != known.end()) continue;
        const std::string shown(std::string_view(pair.key()).substr(0, 64));
        return Error(ErrorCode::invalid_argument,
                     "Unrecognized request argument supplied: " + std::string(where) + shown);
    }
    return ok();
}

/// Nothing when the member is absent.
Result<std::optional<std::int64_t>> whole_number(const json::object& body, std::string_view name,
                                                 std::int64_t min, std::int64_t max) {
    const auto* value = member(body, name);
    if (value == nullptr) return std::optional<std::int64_t>();
    const auto number = as_integer(*value);
    if (number && *number >= min && *number <= max) return number;
    return wrong(name, "a whole number from " + std::to_string(min) + " to " + std::to_string(max));
}

Result<std::optional<WallTime>> time_of(const json::object& body, std::string_view name) {
    const auto* value = member(body, name);
    if (value == nullptr) return std::optional<WallTime>();
    const auto form = wrong(name,
                            "a time: seconds since 1970, \"2027-01-01\" (Shanghai) or "
                            "\"2027-01-01T08:00:00Z\"");
    if (const auto seconds = as_integer(*value)) {
        if (*seconds < 0 || *seconds >= seconds_max) return form;
        return std::optional(WallTime{*seconds * 1'000'000});
    }
    const auto time = parse_time(string_member(body, name));
    if (time.has_error()) return form;
    return std::optional(time.value());
}

Result<store::ReservedDevices> reserved_of(const json::value& value) {
    if (!value.is_object())
        return wrong("reserve", "an object with \"device_class\" and \"devices\"");
    const auto& members = value.get_object();
    GLEANER_TRY(only(members, {"device_class", "devices", "privacy"}, "reserve."));
    store::ReservedDevices reserved;
    reserved.device_class = string_member(members, "device_class");
    if (reserved.device_class.empty() || reserved.device_class.size() > 200)
        return wrong("reserve.device_class",
                     "the name of a class of devices that are on offer: GET /v1/device-classes "
                     "lists them");
    GLEANER_TRY(const auto devices, whole_number(members, "devices", 1, devices_max));
    if (!devices) return wrong("reserve.devices", "the number of devices");
    reserved.devices = static_cast<std::int32_t>(*devices);
    if (member(members, "privacy") == nullptr) return reserved;
    const auto privacy = parse_privacy(string_member(members, "privacy"));
    // What runs on a customer's own machines needs no reservation.
    if (!privacy || *privacy == PrivacyClass::own)
        return wrong("reserve.privacy", "\"any\" or \"certified\": on whose machines");
    reserved.privacy = *privacy;
    return reserved;
}

Result<bool> renews_of(const json::object& body) {
    const auto* value = member(body, "renews");
    if (value == nullptr) return false;
    if (value->is_bool()) return value->get_bool();
    return wrong("renews", "true or false");
}

/// Either until a time, or for months which may renew.
Status read_term(const json::object& body, store::ContractWish& wish) {
    GLEANER_TRY(const auto from, time_of(body, "from"));
    if (!from) return wrong("from", "given: the whole hour at which it begins");
    wish.from = *from;
    GLEANER_TRY(wish.to, time_of(body, "to"));
    GLEANER_TRY(const auto months, whole_number(body, "months", 1, store::reserved_months_max));
    wish.months = static_cast<std::int32_t>(months.value_or(0));
    GLEANER_TRY(wish.renews, renews_of(body));
    if (wish.to.has_value() == months.has_value())
        return Error(ErrorCode::invalid_argument,
                     "Say how long with 'to' (machines by the hour) or with 'months' (a term of 1 "
                     "to " +
                         std::to_string(store::reserved_months_max) + "), and not with both.");
    if (wish.to && wish.renews)
        return Error(ErrorCode::invalid_argument,
                     "'renews' is for terms of months: what is reserved by the hour ends with "
                     "'to'.");
    return ok();
}

Result<store::ContractClauses> clauses_of(const json::object& body, store::ContractClauses usual) {
    GLEANER_TRY(const auto days, whole_number(body, "deposit_days", 0, deposit_days_max));
    GLEANER_TRY(const auto threshold, whole_number(body, "reprice_threshold", 0, basis_points_max));
    // With a fee of all that is saved nobody would ever reprice.
    GLEANER_TRY(const auto fee, whole_number(body, "reprice_fee", 0, basis_points_max - 1));
    GLEANER_TRY(const auto penalty, whole_number(body, "termination_penalty", 0, basis_points_max));
    const auto set = [](std::int32_t& clause, const std::optional<std::int64_t>& given) {
        if (given) clause = static_cast<std::int32_t>(*given);
    };
    set(usual.deposit_days, days);
    set(usual.reprice_threshold, threshold);
    set(usual.reprice_fee, fee);
    set(usual.termination_penalty, penalty);
    return usual;
}

}  // namespace

Result<ContractRequest> read_contract_request(const json::object& body,
                                              const store::ContractClauses& usual,
                                              bool own_clauses) {
    for (const auto* name : clause_names) {
        if (own_clauses || member(body, name) == nullptr) continue;
        return Error(ErrorCode::invalid_argument,
                     "'" + std::string(name) +
                         "' is a clause that only an operator sets: ask for an offer with others "
                         "than the usual ones.");
    }
    GLEANER_TRY(only(body,
                     {"project", "reserve", "monthly", "from", "to", "months", "renews",
                      clause_names[0], clause_names[1], clause_names[2], clause_names[3]},
                     ""));
    ContractRequest request;
    auto& wish = request.wish;
    wish.project = ProjectId{std::string(string_member(body, "project"))};
    if (member(body, "project") != nullptr && wish.project.empty())
        return wrong("project", "a project's id");
    const auto* reserve = member(body, "reserve");
    const auto* monthly = member(body, "monthly");
    if ((reserve == nullptr) == (monthly == nullptr))
        return Error(ErrorCode::invalid_argument,
                     "Ask either for machines with 'reserve' or for work at locked prices with "
                     "'monthly'.");
    if (reserve != nullptr) {
        GLEANER_TRY(wish.reserved, reserved_of(*reserve));
    } else {
        // A text, so that no amount passes through a floating-point number.
        const auto amount = parse_decimal(string_member(body, "monthly"));
        if (!amount || *amount <= Money{})
            return wrong("monthly",
                         "an amount above zero of the project's currency, as a string with at "
                         "most six decimals: \"20000\"");
        wish.monthly = *amount;
    }
    GLEANER_TRY(read_term(body, wish));
    if (wish.to && !wish.reserved)
        return Error(ErrorCode::invalid_argument,
                     "Work at locked prices is agreed for 'months', not until 'to'.");
    GLEANER_TRY(request.clauses, clauses_of(body, usual));
    return request;
}

Result<Money> read_agreed_amount(const json::object& body, std::string_view name) {
    GLEANER_TRY(only(body, {name}, ""));
    const auto amount = parse_decimal(string_member(body, name));
    if (amount && *amount >= Money{}) return *amount;
    return Error(ErrorCode::invalid_argument,
                 "Say with '" + std::string(name) +
                     "' that you have seen what it costs: the amount that GET /v1/contracts/{id} "
                     "shows, as a string like \"12.5\".");
}

}  // namespace gleaner::api
