#pragma once
/// What owners give and what it brings them, by node and day: how their devices were used, what
/// they earned, what electricity that took. Days are Shanghai's (shared/model/civil_day.h).

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coordinator/store/records.h"
#include "shared/model/device_use.h"

namespace gleaner::store {

class Store;

/// Whose nodes; all of them when nothing is named.
struct NodeScope {
    enum class Kind : std::uint8_t { all, owner, site, node };
    Kind kind = Kind::all;
    std::string id;
};
/// How rows are summed.
enum class GroupBy : std::uint8_t { day, node, site, owner };

/// Days from <= day < to.
struct DayRange {
    std::int64_t from = 0;
    std::int64_t to = 0;
};

struct UseRow {
    std::string key;   ///< "2026-11-25", or the id
    std::string name;  ///< of the owner, site or host; empty for a day
    DeviceUse use;
};

/// What a site pays for electricity, from a day on.
struct ElectricityPrice {
    std::int64_t day = 0;
    Money per_kwh;
    Currency currency = Currency::cny;
    friend bool operator==(const ElectricityPrice&, const ElectricityPrice&) = default;
};
inline constexpr Money electricity_price_max{1'000'000'000};

/// In one currency: what work brought the owner, what electricity cost, in that currency.
struct Earned {
    Money revenue;
    Money electricity;
    std::int64_t items = 0;
    std::int64_t device_micros = 0;     ///< sold
    std::int64_t reference_micros = 0;  ///< weighed by speed
    std::int64_t watt_seconds = 0;      ///< that `electricity` paid for, above idle

    Earned& operator+=(const Earned& more);
    [[nodiscard]] Money profit() const { return revenue - electricity; }
    /// Revenue of an hour of a reference device; nothing where none was given.
    [[nodiscard]] std::optional<Money> per_reference_hour() const;
    friend bool operator==(const Earned&, const Earned&) = default;
};

struct EarningsRow {
    std::string key;  ///< as UseRow's
    std::string name;
    std::map<Currency, Earned> earned;
    std::int64_t unpriced_watt_seconds = 0;  ///< above idle, on days without a price
};

/// An owner's accounts now.
struct OwnerBalance {
    Currency currency = Currency::cny;
    Money pending;  ///< held back until checks have passed
    Money payable;  ///< confirmed and not paid out
};

/// Newest benchmark reports by which speeds are compared, in thousandths; too_good ones are left
/// out, and of what is in no table (unknown) only the figures of other owners tell.
struct SpeedReport {
    std::int64_t fp32_milli = 0;  ///< of GFLOPS
    std::int64_t copy_milli = 0;  ///< of GB/s; 0: not measured
};
struct SpeedReports {
    std::optional<SpeedReport> own;
    std::vector<SpeedReport> others;  ///< of this name, of nodes of other owners; at most 200
};

/// Each verb is one transaction.
class Metering {
public:
    explicit Metering(Store& store) : store_(store) {}

    /// Adds to the nodes' day; rows of unknown nodes are passed over. invalid_argument below zero.
    Status add_use(std::int64_t day, std::span<const std::pair<NodeId, DeviceUse>> rows);
    /// By key; those without anything are left out.
    Result<std::vector<UseRow>> use(const NodeScope& scope, DayRange days, GroupBy by);

    /// From today on. Errors: not_found (site), invalid_argument (negative, or above
    /// electricity_price_max).
    Status set_electricity(const SiteId& site, Money per_kwh, Currency currency);
    /// In force on a day; nothing: not told.
    Result<std::optional<ElectricityPrice>> electricity(const SiteId& site, std::int64_t day);

    /// What was earned and what electricity it took, by key. An estimate: energy is measured or
    /// reckoned above what the machine would have drawn idle, at the price of its day.
    Result<std::vector<EarningsRow>> earnings(const NodeScope& scope, DayRange days, GroupBy by);
    /// In every currency in which the owner has an account.
    Result<std::vector<OwnerBalance>> balances(const OwnerId& owner);

    Result<SpeedReports> speed_reports(const NodeId& node, std::string_view device_name);

private:
    Store& store_;
};

}  // namespace gleaner::store
