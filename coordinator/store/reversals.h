#pragma once
/// Takes back what meter records charged and shared. Internal to the store.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "coordinator/store/earnings.h"
#include "coordinator/store/journal.h"
#include "shared/model/civil_day.h"

namespace gleaner::store {

/// What one referral brought a partner in a month: all of it, and what of it the cap left.
struct CommissionMonth {
    Money earned;
    Money confirmed;
};

class CommissionMonths {
public:
    explicit CommissionMonths(Store::State& state) : state_(state) {}

    Result<CommissionMonth> read(const PartnerId& partner, const std::string& referral, Month month,
                                 Currency currency);
    Status add(const PartnerId& partner, const std::string& referral, Month month,
               Currency currency, const CommissionMonth& more);
    /// The most that the partner gets in a month from one referral.
    Result<std::optional<Money>> cap(const PartnerId& partner, Currency currency);

private:
    Store::State& state_;
};

/// Inside one transaction, after flush(). Records that were reversed before are passed over.
class Reversals {
public:
    Reversals(Store::State& state, std::string_view by, std::string_view reason)
        : state_(state), by_(by), reason_(reason) {}

    /// All records of a source that were posted on `day` so far.
    Status reverse_day(std::int64_t source, std::int64_t day);
    Status reverse_record(std::int64_t source, std::int64_t number);
    [[nodiscard]] Reversed done() const { return done_; }

private:
    struct Work;  ///< a source's parties
    struct Sums {
        Money price;
        Money owner;
        Money owner_partner;
        Money customer_partner;
    };
    Status reverse(std::int64_t source, std::int64_t day, std::int64_t first, std::int64_t last);
    Result<Work> work(std::int64_t source);
    Status post(const Work& work, std::int64_t day, const Sums& sums, std::int64_t entry,
                const std::string& key);
    /// How much of a commission the partner gives back; the platform, which got the rest, gives
    /// that.
    Result<Money> commission_back(const PartnerId& partner, const std::string& referral,
                                  std::int64_t day, Currency currency, Money share);
    Result<bool> confirmed(const NodeId& node, std::int64_t day);

    Store::State& state_;
    std::string_view by_;
    std::string_view reason_;
    Reversed done_;
};

}  // namespace gleaner::store
