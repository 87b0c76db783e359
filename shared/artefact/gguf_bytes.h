#pragma once
/// Bounded little-endian reading for the GGUF parser: from memory or a file, never past the end,
/// never more memory than asked for. Internal to shared/artefact.

#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "shared/util/result.h"

namespace gleaner {

/// Where the bytes come from. `size()` is fixed at opening.
class GgufSource {
public:
    virtual ~GgufSource() = default;
    [[nodiscard]] virtual std::uint64_t size() const = 0;
    /// Reads exactly `out.size()` bytes; the caller has checked that they exist.
    [[nodiscard]] virtual Status read(std::uint64_t offset, std::span<std::uint8_t> out) = 0;
};

[[nodiscard]] std::unique_ptr<GgufSource> gguf_source_from_bytes(
    std::span<const std::uint8_t> bytes);
[[nodiscard]] Result<std::unique_ptr<GgufSource>> gguf_source_from_file(const std::string& path);

/// A position in a source. Each read names what it wanted, for the error of a truncated file.
class GgufCursor {
public:
    explicit GgufCursor(GgufSource& source) : source_(source) {}

    [[nodiscard]] std::uint64_t position() const { return position_; }
    [[nodiscard]] std::uint64_t remaining() const { return source_.size() - position_; }
    [[nodiscard]] Result<std::uint64_t> unsigned_integer(std::size_t bytes, std::string_view what);
    /// A 64-bit length and that many bytes, at most `bytes_max`.
    [[nodiscard]] Result<std::string> text(std::size_t bytes_max, std::string_view what);
    [[nodiscard]] Status skip(std::uint64_t bytes, std::string_view what);

private:
    [[nodiscard]] Status need(std::uint64_t bytes, std::string_view what) const;
    [[nodiscard]] Status copy(std::span<std::uint8_t> out);

    GgufSource& source_;
    std::uint64_t position_ = 0;
    std::vector<std::uint8_t> window_;  ///< bytes read ahead: metadata is many small reads
    std::uint64_t window_at_ = 0;
};

}  // namespace gleaner
