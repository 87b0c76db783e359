#include "shared/config/option.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <numeric>

#include "shared/config/toml_text.h"
#include "shared/config/value_text.h"
#include "shared/util/check.h"

namespace gleaner::config {

namespace {

using Values = std::vector<std::string>;

Error out_of_bounds(std::string_view text, const std::string& bounds) {
    return {ErrorCode::invalid_argument,
            "\"" + std::string(text) + "\" is out of bounds: allowed is " + bounds};
}

std::string number_text(double value) {
    std::array<char, 32> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
    std::string text(buffer.data(), end);
    if (text.find_first_of(".en") == std::string::npos) text += ".0";  // TOML: a float has a point
    return text;
}

/// A setter for a single bounded value: `parse` a text, compare, keep.
template <class Value, class Target, class Parse>
auto bounded_setter(Target& target, Value min, Value max, std::string bounds, Parse parse) {
    return [&target, min, max, bounds = std::move(bounds), parse](const Values& values) -> Status {
        GLEANER_TRY(const Value value, parse(values.at(0)));
        if (value < min || value > max) return out_of_bounds(values.at(0), bounds);
        target = static_cast<Target>(value);
        return ok();
    };
}

std::string joined(const Values& values, std::string_view separator) {
    std::string text;
    for (const std::string& value : values) {
        if (!text.empty()) text += separator;
        text += value;
    }
    return text;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
        }
    }
    return row.back();
}

}  // namespace

void OptionSet::add(Option option) {
    GLEANER_CHECK(find(option.text.name) == nullptr, "option declared twice: " + option.text.name);
    GLEANER_CHECK(option.text.sentence.ends_with('.'), "no sentence for " + option.text.name);
    options_.push_back(std::move(option));
}

void OptionSet::text(OptionText text, std::string& target) {
    auto set = [&target](const Values& values) -> Status {
        target = values.at(0);
        return ok();
    };
    add({std::move(text), OptionKind::text, "", toml_string(target), set});
}

void OptionSet::choice(OptionText text, std::string& target, std::vector<std::string> choices) {
    const std::string bounds = joined(choices, ", ");
    auto set = [&target, choices = std::move(choices), bounds](const Values& values) -> Status {
        if (std::find(choices.begin(), choices.end(), values.at(0)) == choices.end()) {
            return out_of_bounds(values.at(0), bounds);
        }
        target = values.at(0);
        return ok();
    };
    add({std::move(text), OptionKind::text, bounds, toml_string(target), set});
}

void OptionSet::list(OptionText text, std::vector<std::string>& target) {
    auto set = [&target](const Values& values) -> Status {
        target = values;
        return ok();
    };
    Values quoted;
    for (const std::string& value : target) quoted.push_back(toml_string(value));
    add({std::move(text), OptionKind::list, "", "[" + joined(quoted, ", ") + "]", set});
}

void OptionSet::boolean(OptionText text, bool& target) {
    auto set = [&target](const Values& values) -> Status {
        GLEANER_TRY(target, parse_boolean(values.at(0)));
        return ok();
    };
    add({std::move(text), OptionKind::boolean, "", target ? "true" : "false", set});
}

void OptionSet::integer(OptionText text, std::int64_t& target, std::int64_t min, std::int64_t max) {
    const std::string bounds = std::to_string(min) + ".." + std::to_string(max);
    add({std::move(text), OptionKind::integer, bounds, std::to_string(target),
         bounded_setter(target, min, max, bounds, parse_integer)});
}

void OptionSet::integer(OptionText text, std::uint32_t& target, std::uint32_t min,
                        std::uint32_t max) {
    const std::string bounds = std::to_string(min) + ".." + std::to_string(max);
    add({std::move(text), OptionKind::integer, bounds, std::to_string(target),
         bounded_setter(target, std::int64_t{min}, std::int64_t{max}, bounds, parse_integer)});
}

void OptionSet::number(OptionText text, double& target, double min, double max) {
    const std::string bounds = number_text(min) + ".." + number_text(max);
    add({std::move(text), OptionKind::number, bounds, number_text(target),
         bounded_setter(target, min, max, bounds, parse_number)});
}

void OptionSet::duration(OptionText text, Duration& target, Duration min, Duration max) {
    const std::string bounds = duration_text(min) + ".." + duration_text(max);
    add({std::move(text), OptionKind::duration, bounds, toml_string(duration_text(target)),
         bounded_setter(target, min, max, bounds, parse_duration)});
}

void OptionSet::bytes(OptionText text, std::uint64_t& target, std::uint64_t min,
                      std::uint64_t max) {
    const std::string bounds = bytes_text(min) + ".." + bytes_text(max);
    add({std::move(text), OptionKind::bytes, bounds, toml_string(bytes_text(target)),
         bounded_setter(target, min, max, bounds, parse_bytes)});
}

const Option* OptionSet::find(std::string_view name) const {
    const auto it = std::find_if(options_.begin(), options_.end(),
                                 [&](const Option& o) { return o.text.name == name; });
    return it == options_.end() ? nullptr : &*it;
}

std::vector<std::string> OptionSet::names() const {
    std::vector<std::string> names;
    for (const Option& option : options_) names.push_back(option.text.name);
    return names;
}

Error OptionSet::unknown(std::string_view kind, const std::string& name,
                         const std::vector<std::string>& known) const {
    std::string message = "unknown " + std::string(kind) + " \"" + name + "\"";
    const std::string near = nearest(name, known);
    if (!near.empty()) message += ": did you mean \"" + near + "\"?";
    return {ErrorCode::invalid_argument, std::move(message)};
}

std::string OptionSet::nearest(std::string_view name, const std::vector<std::string>& names) {
    std::string best;
    // A third of the letters may be wrong; beyond that a suggestion only confuses.
    std::size_t best_distance = std::max<std::size_t>(2, name.size() / 3) + 1;
    for (const std::string& candidate : names) {
        const std::size_t distance = edit_distance(name, candidate);
        if (distance < best_distance) {
            best_distance = distance;
            best = candidate;
        }
    }
    return best;
}

std::string OptionSet::flag_name(const std::string& option_name) {
    std::string flag = option_name;
    std::replace_if(
        flag.begin(), flag.end(), [](char c) { return c == '.' || c == '_'; }, '-');
    return flag;
}

std::string OptionSet::variable_name(const std::string& option_name) const {
    std::string name = environment_prefix_;
    for (const char c : option_name) {
        const bool lower = c >= 'a' && c <= 'z';
        name += c == '.' ? '_' : lower ? static_cast<char>(c - 'a' + 'A') : c;
    }
    return name;
}

Status OptionSet::load_environment(const Environment& environment) {
    std::vector<std::string> variables;
    for (const Option& option : options_) variables.push_back(variable_name(option.text.name));
    for (const auto& [name, value] : environment) {
        if (!name.starts_with(environment_prefix_)) continue;
        const auto it = std::find(variables.begin(), variables.end(), name);
        if (it == variables.end()) {
            const bool resembles =
                std::any_of(variables.begin(), variables.end(),
                            [&name = name](const auto& v) { return edit_distance(name, v) <= 2; });
            if (resembles) return unknown("environment variable", name, variables);
            continue;
        }
        const Option& option = options_[static_cast<std::size_t>(it - variables.begin())];
        const Status status = option.set(split_for(option.kind, value));
        if (!status) return status.error().within(name);
    }
    return ok();
}

Status OptionSet::load_flags(const FlagValues& flags) {
    for (const auto& [name, value] : flags) {
        const Option* option = find(name);
        if (option == nullptr) return unknown("option", name, names());
        const Status status = option->set(split_for(option->kind, value));
        if (!status) return status.error().within("--" + flag_name(name));
    }
    return ok();
}

std::string OptionSet::describe(const Option& option) const {
    std::string text = option.text.sentence + " [";
    if (!option.text.unit.empty()) text += option.text.unit + "; ";
    if (!option.bounds.empty()) text += option.bounds + "; ";
    if (!option.text.secret) text += "default " + option.default_toml + "; ";
    return text + variable_name(option.text.name) + "]";
}

}  // namespace gleaner::config
