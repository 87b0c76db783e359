#pragma once
/// Keys that seal what must lie unreadable in the database: account data of owners and partners.
/// AES-256-GCM with a random nonce for each text. Immutable once made, so that any thread may use
/// it; a change of keys is a new ring.

#include <array>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "shared/util/result.h"

namespace gleaner::vault {

class KeyRing {
public:
    /// One new random key.
    [[nodiscard]] static KeyRing generate();
    /// From what text() gives. data_corrupt for anything else.
    [[nodiscard]] static Result<KeyRing> parse(std::string_view text);

    /// The keys themselves, for a file of mode 0600. Never to be logged.
    [[nodiscard]] std::string text() const;

    /// Base64 with the key's id in front: "1f2e3d4c:…". `context` says whose it is and is needed
    /// to open it: a sealed text that is moved to another row opens nowhere.
    [[nodiscard]] std::string seal(std::string_view plain, std::string_view context) const;
    /// Errors: not_found when its key is not in the ring (names the key and what to do),
    /// data_corrupt when it was changed or sealed for another context.
    [[nodiscard]] Result<std::string> open(std::string_view sealed, std::string_view context) const;

    /// Of the key that seals.
    [[nodiscard]] const std::string& current() const { return keys_.back().id; }
    [[nodiscard]] std::size_t size() const { return keys_.size(); }
    /// The same keys and a new one, which seals from now on.
    [[nodiscard]] KeyRing with_new_key() const;
    /// The current key and those of `ids`.
    [[nodiscard]] KeyRing with_only(const std::set<std::string>& ids) const;

private:
    static constexpr std::size_t key_bytes = 32;
    struct Key {
        std::string id;  ///< 8 hex characters
        std::array<std::uint8_t, key_bytes> secret{};
    };
    explicit KeyRing(std::vector<Key> keys) : keys_(std::move(keys)) {}
    [[nodiscard]] static Key new_key();

    std::vector<Key> keys_;  ///< the last one seals
};

/// The id of the key that sealed it; empty when it is no sealed text.
[[nodiscard]] std::string key_of(std::string_view sealed);

}  // namespace gleaner::vault
