#pragma once
/// Prometheus' text format 0.0.4.

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "coordinator/api/metrics/api_metrics.h"

namespace gleaner::api {

class PrometheusText {
public:
    using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

    /// HELP and TYPE lines: before the samples of a metric.
    void describe(std::string_view name, std::string_view type, std::string_view help);
    void sample(std::string_view name, Labels labels, double value);
    void sample(std::string_view name, Labels labels, std::uint64_t value);
    void counter(std::string_view name, std::string_view help, std::uint64_t value);
    void gauge(std::string_view name, std::string_view help, std::uint64_t value);
    void histogram(std::string_view name, std::string_view help, const Histogram& histogram);

    [[nodiscard]] std::string take() { return std::move(text_); }

private:
    void begin(std::string_view name, Labels labels);
    std::string text_;
};

}  // namespace gleaner::api
