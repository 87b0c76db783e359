#include "coordinator/api/router.h"

#include <algorithm>

#include "shared/util/check.h"

namespace gleaner::api {

namespace {

constexpr std::size_t query_pairs_max = 64;

std::vector<std::string_view> split(std::string_view path) {
    std::vector<std::string_view> segments;
    if (path.starts_with('/')) path.remove_prefix(1);
    while (true) {
        const auto slash = path.find('/');
        segments.push_back(path.substr(0, slash));
        if (slash == std::string_view::npos) return segments;
        path.remove_prefix(slash + 1);
    }
}

enum class Part : std::uint8_t { literal, one, rest };

Part part_of(std::string_view segment) {
    if (segment.size() < 3 || segment.front() != '{' || segment.back() != '}') return Part::literal;
    return segment.ends_with("...}") ? Part::rest : Part::one;
}

std::string name_of(std::string_view segment) {
    auto name = segment.substr(1, segment.size() - 2);
    if (name.ends_with("...")) name.remove_suffix(3);
    return std::string(name);
}

bool fits(const std::vector<std::string>& pattern, const std::vector<std::string_view>& path,
          std::vector<Header>& params) {
    params.clear();
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        const auto part = part_of(pattern[i]);
        if (i >= path.size()) return false;
        if (part == Part::rest) {
            const auto* begin = path[i].data();
            const auto* end = path.back().data() + path.back().size();
            params.emplace_back(name_of(pattern[i]), std::string(begin, end));
            return true;
        }
        if (part == Part::literal && path[i] != pattern[i]) return false;
        if (part == Part::one) {
            if (path[i].empty()) return false;
            params.emplace_back(name_of(pattern[i]), path[i]);
        }
    }
    return pattern.size() == path.size();
}

/// Literal segments sort before parameters, place by place.
bool more_exact(const std::vector<std::string>& a, const std::vector<std::string>& b) {
    return std::ranges::lexicographical_compare(
        a, b, [](const auto& x, const auto& y) { return part_of(x) < part_of(y); });
}

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

}  // namespace

void Router::add(Route route) {
    Entry entry;
    for (const auto segment : split(route.pattern)) entry.segments.emplace_back(segment);
    for (const auto& other : entries_) {
        GLEANER_CHECK(other.route.method != route.method || other.route.pattern != route.pattern,
                      "a route was added twice");
    }
    entry.route = std::move(route);
    const auto place =
        std::ranges::upper_bound(entries_, entry.segments, more_exact, &Entry::segments);
    entries_.insert(place, std::move(entry));
}

Router::Match Router::match(Method method, std::string_view path) const {
    Match match;
    const auto segments = split(path);
    std::vector<Header> params;
    const auto wanted = method == Method::head ? Method::get : method;
    for (const auto& entry : entries_) {
        if (!fits(entry.segments, segments, params)) continue;
        if (entry.route.method == wanted) {
            match.route = &entry.route;
            match.params = std::move(params);
            return match;
        }
        match.allowed.push_back(entry.route.method);
    }
    return match;
}

std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_space) {
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == '+' && plus_is_space) c = ' ';
        if (c == '%') {
            if (i + 2 >= text.size()) return std::nullopt;
            const int high = hex_value(text[i + 1]);
            const int low = hex_value(text[i + 2]);
            if (high < 0 || low < 0) return std::nullopt;
            c = static_cast<char>(high * 16 + low);
            i += 2;
        }
        if (c == '\0') return std::nullopt;
        decoded.push_back(c);
    }
    return decoded;
}

std::optional<std::vector<Header>> parse_query(std::string_view text) {
    std::vector<Header> pairs;
    while (!text.empty()) {
        const auto end = text.find('&');
        const auto pair = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (pair.empty()) continue;
        if (pairs.size() >= query_pairs_max) return std::nullopt;
        const auto equals = pair.find('=');
        auto name = percent_decoded(pair.substr(0, equals), true);
        auto value = equals == std::string_view::npos
                         ? std::optional<std::string>(std::in_place)
                         : percent_decoded(pair.substr(equals + 1), true);
        if (!name || !value) return std::nullopt;
        pairs.emplace_back(std::move(*name), std::move(*value));
    }
    return pairs;
}

}  // namespace gleaner::api
