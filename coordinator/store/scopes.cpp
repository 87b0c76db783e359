#include "coordinator/store/scopes.h"

#include <algorithm>

namespace gleaner::store {

std::string to_string(Scopes scopes) {
    std::string text;
    for (const auto& [scope, name] : scope_names) {
        if (!scopes.has(scope)) continue;
        if (!text.empty()) text += ' ';
        text += name;
    }
    return text;
}

Result<Scopes> parse_scopes(std::string_view text) {
    Scopes scopes;
    while (!text.empty()) {
        const auto end = std::min(text.find_first_of(" ,"), text.size());
        const auto name = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (name.empty()) continue;
        const auto known = std::ranges::find(scope_names, name, &ScopeName::name);
        if (known == scope_names.end()) {
            return Error(ErrorCode::invalid_argument,
                         "there is no scope \"" + std::string(name.substr(0, 64)) +
                             "\": a key's scopes are inference, batches, files, usage and admin");
        }
        scopes.add(known->scope);
    }
    return scopes;
}

}  // namespace gleaner::store
