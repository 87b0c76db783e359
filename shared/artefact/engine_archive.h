#pragma once
/// Reading and writing .tar.zst through libarchive, for engine_package only. Knows nothing of
/// manifests; refuses everything that is not a plain file or directory with a safe path.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "shared/util/result.h"

namespace gleaner {

/// One regular file's header, as the archive claims it.
struct ArchiveEntry {
    std::string path;
    std::uint64_t size_bytes = 0;
    bool executable = false;
};

/// Reads tar + zstd, nothing else. Entries in archive order.
class ArchiveReader {
public:
    [[nodiscard]] static Result<ArchiveReader> open(const std::string& path);
    ~ArchiveReader();
    ArchiveReader(ArchiveReader&&) noexcept;

    /// The next regular file; nothing at the end. data_corrupt for links, devices, unsafe paths
    /// and damaged archives.
    [[nodiscard]] Result<std::optional<ArchiveEntry>> next();
    /// Bytes of the current entry; 0 at its end.
    [[nodiscard]] Result<std::size_t> read(std::span<std::uint8_t> buffer);

private:
    struct State;
    explicit ArchiveReader(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// Writes a reproducible .tar.zst: no times, no owners, modes 0644 and 0755.
class ArchiveWriter {
public:
    [[nodiscard]] static Result<ArchiveWriter> create(const std::string& path);
    ~ArchiveWriter();
    ArchiveWriter(ArchiveWriter&&) noexcept;

    [[nodiscard]] Status add_text(const std::string& name, std::string_view text);
    /// Copies `source`, which must have exactly `size_bytes` bytes.
    [[nodiscard]] Status add_file(const ArchiveEntry& entry, const std::string& source);
    [[nodiscard]] Status finish();

private:
    struct State;
    explicit ArchiveWriter(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// Unpacks any archive libarchive knows (upstream ships .zip and .tar.gz) below `directory`, which
/// exists. Symbolic links may only point inside; devices, hard links and `..` are refused; at most
/// 32 GiB and 65,536 entries. What comes out is untrusted until it was packed and signed.
[[nodiscard]] Status unpack_foreign_archive(const std::string& path, const std::string& directory);

}  // namespace gleaner
