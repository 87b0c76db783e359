#pragma once
/// Method and path → route. Pure.

#include <string_view>
#include <vector>

#include "coordinator/api/http.h"

namespace gleaner::api {

class Router {
public:
    /// Later routes win over earlier ones only by being more exact: literal before "{id}" before
    /// "{rest...}". The same method and pattern twice is a bug (checked).
    void add(Route route);

    struct Match {
        const Route* route = nullptr;  ///< null: no route of this path and method
        std::vector<Header> params;
        std::vector<Method> allowed;  ///< when the path exists under other methods
    };
    /// `path`: decoded. HEAD finds a GET route.
    [[nodiscard]] Match match(Method method, std::string_view path) const;

private:
    struct Entry {
        Route route;
        std::vector<std::string> segments;
    };
    std::vector<Entry> entries_;
};

/// "%41" → "A"; nothing for a malformed escape or a zero byte. `plus_is_space`: in a query.
[[nodiscard]] std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_space);
/// "a=1&b=x%20y" → pairs; nothing for malformed escapes or more than 64 pairs.
[[nodiscard]] std::optional<std::vector<Header>> parse_query(std::string_view text);

}  // namespace gleaner::api
