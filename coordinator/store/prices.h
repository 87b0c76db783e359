#pragma once
/// Versions of the price book: published, withdrawn, in force.

#include <cstdint>
#include <optional>
#include <vector>

#include "coordinator/ledger/price_book.h"
#include "coordinator/store/store.h"

namespace gleaner::store {

struct PriceVersion {
    ledger::PriceBook book;
    WallTime published;
    std::optional<WallTime> withdrawn;
};

/// A book and when it is to be in force.
struct PriceOffer {
    ledger::PriceBook book;        ///< its version and times are not looked at
    std::optional<WallTime> from;  ///< unset: at once
    std::optional<WallTime> until;
};

class Prices {
public:
    explicit Prices(Store& store) : store_(store) {}

    /// Publishes a version; the same offer again changes nothing and returns the version that it
    /// made, as long as that one was not withdrawn or, for one that began at once, succeeded.
    /// Errors: ledger::check's and ledger::check_validity's; nothing is published.
    Result<PriceVersion> publish(const PriceOffer& offer);
    /// What publish() would say and return; its version is 0 when it would be a new one.
    Result<PriceVersion> rehearse(const PriceOffer& offer);
    /// All that were ever published, by number.
    Result<std::vector<PriceVersion>> versions();
    Result<PriceVersion> version(std::int64_t number);
    /// Nothing when no version is in force then.
    Result<std::optional<ledger::PriceBook>> in_force(WallTime at);
    /// The next moment after `at` at which another version is in force; nothing: none is known.
    Result<std::optional<WallTime>> next_change(WallTime at);
    /// Errors: not_found, failed_precondition (it is or was in force).
    Result<PriceVersion> withdraw(std::int64_t number);

private:
    Result<std::optional<PriceVersion>> same(const PriceOffer& offer, const std::string& content);

    Store& store_;
};

/// Charges each project for what it stores at the end of `day`, once: files that are there now and
/// came before the day's end, at the price in force at its end, in the project's currency. A day's
/// part of a micro-unit or less costs nothing. Errors: failed_precondition (the day is not over).
Status charge_storage(Store& store, std::int64_t day);

}  // namespace gleaner::store
