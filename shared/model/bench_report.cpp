#include "shared/model/bench_report.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <boost/json.hpp>

#include "shared/util/check.h"

namespace gleaner {

namespace json = boost::json;

namespace {

constexpr std::size_t json_bytes_max = 64 << 10;
constexpr std::size_t text_bytes_max = 200;
constexpr std::size_t list_entries_max = 32;

double median_of(std::vector<double>& values) {
    std::sort(values.begin(), values.end());
    const std::size_t middle = values.size() / 2;
    return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

bool is_word(std::string_view text) {
    return !text.empty() && text.size() <= 32 &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

Error corrupt(std::string_view field, std::string_view what) {
    return Error(ErrorCode::data_corrupt,
                 "benchmark report: " + std::string(field) + " " + std::string(what));
}

/// Reads the fields of one object; the first that is wrong is kept and the rest is of no matter.
class Fields {
public:
    explicit Fields(const json::object& object) : object_(object) {}

    void text(std::string_view name, std::string& out) {
        const json::value* const value = object_.if_contains(name);
        if (value == nullptr) return;
        if (!value->is_string() || value->get_string().size() > text_bytes_max) {
            return fail(name, "is no text of at most 200 bytes");
        }
        out = std::string(value->get_string());
    }

    template <class Number>
    void whole(std::string_view name, Number& out) {
        const json::value* const value = object_.if_contains(name);
        if (value == nullptr) return;
        boost::system::error_code ec;
        const auto number = value->to_number<std::uint64_t>(ec);
        constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<Number>::max());
        if (ec || number > most) return fail(name, "is no whole number in its range");
        out = static_cast<Number>(number);
    }

    void whole(std::string_view name, std::optional<std::uint32_t>& out) {
        if (object_.if_contains(name) != nullptr) whole(name, out.emplace());
    }

    /// Finite, and at least 0 or, when so wanted, above it.
    void real(std::string_view name, double& out, bool above_zero) {
        const json::value* const value = object_.if_contains(name);
        const double number =
            value != nullptr && value->is_number() ? value->to_number<double>() : std::nan("");
        if (!std::isfinite(number) || number < 0 || (above_zero && number <= 0)) {
            return fail(name, above_zero ? "is no positive number" : "is no number");
        }
        out = number;
    }

    void fail(std::string_view name, std::string_view what) {
        if (ok()) error_ = corrupt(name, what);
    }
    [[nodiscard]] bool ok() const { return !error_; }
    [[nodiscard]] Status status() const {
        if (error_) return *error_;
        return gleaner::ok();
    }

private:
    const json::object& object_;
    std::optional<Error> error_;
};

Result<Figure> parse_figure(const json::object& object) {
    Figure parsed;
    Fields fields(object);
    fields.text("name", parsed.name);
    fields.text("unit", parsed.unit);
    fields.text("method", parsed.method);
    fields.real("median", parsed.median, true);
    fields.real("spread", parsed.spread, false);
    fields.whole("repetitions", parsed.repetitions);
    if (parsed.name.empty()) fields.fail("name", "of a figure is missing");
    GLEANER_TRY(fields.status());
    return parsed;
}

Result<BenchFault> parse_fault(const json::object& object) {
    BenchFault parsed;
    Fields fields(object);
    fields.text("figure", parsed.figure);
    fields.whole("checked", parsed.checked);
    fields.whole("wrong", parsed.wrong);
    fields.text("first_mismatch", parsed.first_mismatch);
    if (parsed.wrong == 0 || parsed.wrong > parsed.checked) {
        fields.fail("wrong", "of a fault is not between 1 and the values checked");
    }
    GLEANER_TRY(fields.status());
    return parsed;
}

Result<SoakResult> parse_soak(const json::object& object) {
    SoakResult parsed;
    Fields fields(object);
    fields.whole("seconds", parsed.seconds);
    fields.whole("checked", parsed.checked);
    fields.real("first", parsed.first, false);
    fields.real("last", parsed.last, false);
    GLEANER_TRY(fields.status());
    return parsed;
}

template <class Entry, class Parse>
Status parse_list(const json::object& object, std::string_view name, const Parse& parse,
                  std::vector<Entry>& out) {
    const json::value* const value = object.if_contains(name);
    if (value == nullptr) return ok();
    if (!value->is_array() || value->get_array().size() > list_entries_max) {
        return corrupt(name, "is no list of at most 32 entries");
    }
    for (const json::value& item : value->get_array()) {
        if (!item.is_object()) return corrupt(name, "has an entry that is no object");
        GLEANER_TRY(auto entry, parse(item.get_object()));
        out.push_back(std::move(entry));
    }
    return ok();
}

json::array figures_as_json(const std::vector<Figure>& figures) {
    json::array list;
    for (const Figure& each : figures) {
        list.push_back(json::object{{"name", each.name},
                                    {"unit", each.unit},
                                    {"method", each.method},
                                    {"median", each.median},
                                    {"spread", each.spread},
                                    {"repetitions", each.repetitions}});
    }
    return list;
}

json::array faults_as_json(const std::vector<BenchFault>& faults) {
    json::array list;
    for (const BenchFault& each : faults) {
        list.push_back(json::object{{"figure", each.figure},
                                    {"checked", each.checked},
                                    {"wrong", each.wrong},
                                    {"first_mismatch", each.first_mismatch}});
    }
    return list;
}

}  // namespace

const Figure* BenchReport::find(std::string_view figure_name) const {
    const auto at = std::find_if(figures.begin(), figures.end(),
                                 [&](const Figure& each) { return each.name == figure_name; });
    return at == figures.end() ? nullptr : &*at;
}

Figure figure_of(std::string_view name, std::string_view unit, std::string_view method,
                 std::span<const double> samples) {
    GLEANER_CHECK(!samples.empty(), "a figure needs a sample");
    Figure made{std::string(name), std::string(unit), std::string(method), 0, 0, 0};
    std::vector<double> values(samples.begin(), samples.end());
    made.median = median_of(values);
    for (double& value : values) value = std::abs(value - made.median);
    made.spread = median_of(values);
    made.repetitions = static_cast<std::uint32_t>(samples.size());
    return made;
}

std::string to_json(const BenchReport& report) {
    json::object object{{"version", report.version},
                        {"kind", report.kind},
                        {"node", report.node},
                        {"device", report.device},
                        {"name", report.name},
                        {"uuid", report.uuid},
                        {"driver", report.driver},
                        {"program", report.program},
                        {"model", report.model},
                        {"measured_at_us", report.measured_at.micros},
                        {"memory_total_bytes", report.memory_total_bytes}};
    if (report.celsius_before) object["celsius_before"] = *report.celsius_before;
    if (report.celsius_after) object["celsius_after"] = *report.celsius_after;
    object["figures"] = figures_as_json(report.figures);
    object["faults"] = faults_as_json(report.faults);
    if (report.soak) {
        object["soak"] = json::object{{"seconds", report.soak->seconds},
                                      {"checked", report.soak->checked},
                                      {"first", report.soak->first},
                                      {"last", report.soak->last}};
    }
    return json::serialize(object);
}

Result<BenchReport> parse_bench_report(std::string_view text) {
    if (text.size() > json_bytes_max) {
        return Error(ErrorCode::too_large, "benchmark report: more than 64 KiB");
    }
    boost::system::error_code ec;
    const json::value value = json::parse(text, ec);
    if (ec || !value.is_object()) return corrupt("the text", "is no JSON object");
    const json::object& object = value.get_object();
    BenchReport parsed;
    parsed.version = 0;
    Fields fields(object);
    fields.whole("version", parsed.version);
    if (fields.ok() && parsed.version > bench_report_version) {
        return Error(ErrorCode::unsupported, "benchmark report: version " +
                                                 std::to_string(parsed.version) +
                                                 " is later than this program knows; update it");
    }
    if (parsed.version == 0) fields.fail("version", "is missing");
    fields.text("kind", parsed.kind);
    fields.text("node", parsed.node);
    fields.text("device", parsed.device);
    fields.text("name", parsed.name);
    fields.text("uuid", parsed.uuid);
    fields.text("driver", parsed.driver);
    fields.text("program", parsed.program);
    fields.text("model", parsed.model);
    fields.whole("measured_at_us", parsed.measured_at.micros);
    fields.whole("memory_total_bytes", parsed.memory_total_bytes);
    fields.whole("celsius_before", parsed.celsius_before);
    fields.whole("celsius_after", parsed.celsius_after);
    if (!is_word(parsed.kind)) fields.fail("kind", "is no lower-case word");
    if (parsed.name.empty()) fields.fail("name", "is missing");
    GLEANER_TRY(fields.status());
    GLEANER_TRY(parse_list(object, "figures", parse_figure, parsed.figures));
    GLEANER_TRY(parse_list(object, "faults", parse_fault, parsed.faults));
    if (const json::value* const soak = object.if_contains("soak")) {
        if (!soak->is_object()) return corrupt("soak", "is no object");
        GLEANER_TRY(parsed.soak, parse_soak(soak->get_object()));
    }
    return parsed;
}

}  // namespace gleaner
