#pragma once
/// What a project's key may do. Named like the groups of OpenAI's restricted keys.

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "shared/util/result.h"

namespace gleaner::store {

enum class Scope : std::uint8_t {
    inference,  ///< chat completions, completions, embeddings
    batches,
    files,
    usage,  ///< the key's own project's usage, costs and receipts
    admin,  ///< the whole customer: projects, keys, caps, budgets, usage
};

struct ScopeName {
    Scope scope;
    std::string_view name;
};
inline constexpr std::array scope_names{
    ScopeName{Scope::inference, "inference"}, ScopeName{Scope::batches, "batches"},
    ScopeName{Scope::files, "files"}, ScopeName{Scope::usage, "usage"},
    ScopeName{Scope::admin, "admin"}};

/// A set of scopes.
class Scopes {
public:
    constexpr Scopes() = default;
    constexpr Scopes(std::initializer_list<Scope> scopes) {
        for (const Scope scope : scopes) bits_ |= bit(scope);
    }

    [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }
    [[nodiscard]] constexpr bool has(Scope scope) const { return (bits_ & bit(scope)) != 0; }
    [[nodiscard]] constexpr bool has_one_of(Scopes others) const {
        return (bits_ & others.bits_) != 0;
    }
    constexpr void add(Scope scope) { bits_ |= bit(scope); }
    friend constexpr bool operator==(Scopes, Scopes) = default;

private:
    [[nodiscard]] static constexpr unsigned bit(Scope scope) {
        return 1U << static_cast<unsigned>(scope);
    }
    unsigned bits_ = 0;
};

/// What a key has when nobody says otherwise: all but admin.
inline constexpr Scopes usual_scopes{Scope::inference, Scope::batches, Scope::files, Scope::usage};

/// "inference batches".
[[nodiscard]] std::string to_string(Scopes scopes);
/// Names separated by spaces or commas; invalid_argument names the one that is not known. No name
/// at all is no scope.
[[nodiscard]] Result<Scopes> parse_scopes(std::string_view text);

}  // namespace gleaner::store
