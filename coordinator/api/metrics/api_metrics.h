#pragma once
/// What the API counts about itself. Single-threaded.

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>

#include "coordinator/api/server.h"
#include "shared/util/clock.h"

namespace gleaner::api {

/// Counts by upper bound, as Prometheus has it.
class Histogram {
public:
    static constexpr std::array<double, 14> bounds_s{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                                     0.25,  0.5,    1,     2.5,  5,     10,   30};
    void add(Duration value);
    [[nodiscard]] const std::array<std::uint64_t, bounds_s.size() + 1>& counts() const {
        return counts_;
    }
    [[nodiscard]] std::uint64_t count() const { return count_; }
    [[nodiscard]] double sum_s() const { return sum_s_; }

private:
    std::array<std::uint64_t, bounds_s.size() + 1> counts_{};  ///< not cumulative; last: above all
    std::uint64_t count_ = 0;
    double sum_s_ = 0;
};

class ApiMetrics {
public:
    using Key = std::tuple<std::string, std::string, int>;  ///< method, route, status

    void request(const RequestRecord& record);
    void first_token_after(Duration d) { first_token_.add(d); }

    [[nodiscard]] const std::map<Key, std::uint64_t>& requests() const { return requests_; }
    [[nodiscard]] const Histogram& request_seconds() const { return request_seconds_; }
    [[nodiscard]] const Histogram& first_token_seconds() const { return first_token_; }

private:
    std::map<Key, std::uint64_t> requests_;
    Histogram request_seconds_;
    Histogram first_token_;
};

}  // namespace gleaner::api
