#pragma once
/// SHA-256, the name of every artefact. OpenSSL stays in the .cpp.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "shared/model/ids.h"
#include "shared/util/result.h"

namespace gleaner {

/// Hashes bytes as they come. Not thread-safe; movable.
class Sha256Hasher {
public:
    Sha256Hasher();
    ~Sha256Hasher();
    Sha256Hasher(Sha256Hasher&&) noexcept;
    Sha256Hasher& operator=(Sha256Hasher&&) noexcept;

    void update(std::span<const std::uint8_t> bytes);
    void update(std::string_view bytes);
    /// The hash of everything so far; the hasher then starts anew.
    [[nodiscard]] Sha256 finish();

private:
    struct Context;
    std::unique_ptr<Context> context_;
};

[[nodiscard]] Sha256 hash_bytes(std::string_view bytes);
[[nodiscard]] Sha256 hash_bytes(std::span<const std::uint8_t> bytes);

/// Reads the whole file (blocking, 1 MiB at a time). not_found, or io_failed with the path.
[[nodiscard]] Result<Sha256> hash_file(const std::string& path);

/// 64 lower-case hex characters, or invalid_argument.
[[nodiscard]] Result<Sha256> parse_sha256(std::string_view text);

}  // namespace gleaner
