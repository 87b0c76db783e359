#pragma once
/// What a customer used, in buckets of time. Buckets are UTC's, as OpenAI's are: a day of 24 hours
/// from midnight in UTC, which is 08:00 in Shanghai. Accounts go by Shanghai's days instead; both
/// begin at whole hours, so hours are what is summed here and nothing is split.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/store/spending.h"
#include "coordinator/store/store.h"

namespace gleaner::store {

enum class BucketWidth : std::uint8_t { minute, hour, day };

/// Of one bucket: what one key of one project used of one model.
struct UsageRow {
    WallTime bucket;  ///< its first moment
    ProjectId project;
    std::string api_key;  ///< empty: not known
    std::string model;
    bool batch = false;
    bool embeddings = false;
    Currency currency = Currency::cny;
    UsageSums sums;
};

class Usage {
public:
    explicit Usage(Store& store) : state_(store.state()) {}

    /// Buckets that begin in [from, to), both on bucket bounds; by time, then project, key, model.
    /// Without `project` all of the customer's. At most rows_max + 1 rows: more is too much to ask
    /// for at once. Errors: invalid_argument (bounds).
    Result<std::vector<UsageRow>> buckets(const CustomerId& customer,
                                          const std::optional<ProjectId>& project, WallTime from,
                                          WallTime to, BucketWidth width);

    static constexpr std::size_t rows_max = 100'000;

private:
    Store::State& state_;
};

[[nodiscard]] Duration length_of(BucketWidth width);

}  // namespace gleaner::store
