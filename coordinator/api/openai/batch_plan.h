#pragma once
/// What a batch would cost and when it would be done, before anything is admitted: what a quote
/// shows and what a batch is then held to.

#include <cstdint>
#include <optional>
#include <string_view>

#include "coordinator/api/openai/batch_check.h"
#include "coordinator/api/openai/batch_request.h"
#include "coordinator/api/openai/services.h"
#include "coordinator/core/scheduler/forecast.h"
#include "coordinator/ledger/job_terms.h"

namespace gleaner::api {

struct BatchPlan {
    BatchCheck check;
    WallTime now;
    WallTime deadline;
    std::int64_t price_book = 0;            ///< the version in force; 0: none
    std::optional<WallTime> prices_change;  ///< when another one will be, if that is known
    // Of a file without faults:
    ledger::JobTerms terms;
    Money hold;
    core::Forecast forecast;
    ledger::PriceOutlook outlook;

    /// What it is expected to cost at the prices of the time at which it would run.
    [[nodiscard]] Money expected() const {
        return outlook.wait_until ? outlook.then : check.estimate->expected();
    }
    [[nodiscard]] WallTime start_earliest() const;
    [[nodiscard]] WallTime start_latest() const;
    [[nodiscard]] WallTime finish_earliest() const;
    [[nodiscard]] WallTime finish_latest() const;
    /// "yes", "uncertain", "no".
    [[nodiscard]] std::string_view meets_deadline() const;
};

/// Puts it on the reserved machines that it names or that its project has: their privacy class is
/// the batch's, and a maximum price means nothing there. Errors: choose_reservation()'s.
[[nodiscard]] boost::asio::awaitable<ApiStatus> place_batch(const Services& services,
                                                            const Caller& caller,
                                                            BatchRequest& batch);

/// Of a batch that was placed. Errors: 400 (the input file, a model that is not sold), 5xx.
[[nodiscard]] boost::asio::awaitable<ApiResult<BatchPlan>> plan_batch(const Services& services,
                                                                      const Caller& caller,
                                                                      const BatchRequest& batch);

/// Errors: 409 prices_changed (another version of the price book than the one that was quoted),
/// 400 max_price_too_low (not even the lowest price, or one request alone, is within it).
[[nodiscard]] ApiStatus accepts(const BatchPlan& plan, const BatchRequest& batch);

}  // namespace gleaner::api
