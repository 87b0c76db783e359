#include "coordinator/api/metrics/prometheus_text.h"

#include <fmt/format.h>

namespace gleaner::api {

namespace {

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\n') {
            out += "\\n";
            continue;
        }
        if (c == '\\' || c == '"') out += '\\';
        out += c;
    }
    return out;
}

}  // namespace

void PrometheusText::describe(std::string_view name, std::string_view type, std::string_view help) {
    text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

void PrometheusText::begin(std::string_view name, Labels labels) {
    text_ += name;
    if (labels.size() == 0) return;
    char separator = '{';
    for (const auto& [label, value] : labels) {
        text_ += fmt::format("{}{}=\"{}\"", separator, label, escaped(value));
        separator = ',';
    }
    text_ += '}';
}

void PrometheusText::sample(std::string_view name, Labels labels, double value) {
    begin(name, labels);
    text_ += fmt::format(" {}\n", value);
}

void PrometheusText::sample(std::string_view name, Labels labels, std::uint64_t value) {
    begin(name, labels);
    text_ += fmt::format(" {}\n", value);
}

void PrometheusText::counter(std::string_view name, std::string_view help, std::uint64_t value) {
    describe(name, "counter", help);
    sample(name, {}, value);
}

void PrometheusText::gauge(std::string_view name, std::string_view help, std::uint64_t value) {
    describe(name, "gauge", help);
    sample(name, {}, value);
}

void PrometheusText::histogram(std::string_view name, std::string_view help,
                               const Histogram& histogram) {
    describe(name, "histogram", help);
    const auto bucket = std::string(name) + "_bucket";
    std::uint64_t cumulative = 0;
    for (std::size_t i = 0; i < Histogram::bounds_s.size(); ++i) {
        cumulative += histogram.counts()[i];
        sample(bucket, {{"le", fmt::format("{}", Histogram::bounds_s[i])}}, cumulative);
    }
    sample(bucket, {{"le", "+Inf"}}, histogram.count());
    sample(std::string(name) + "_sum", {}, histogram.sum_s());
    sample(std::string(name) + "_count", {}, histogram.count());
}

}  // namespace gleaner::api
