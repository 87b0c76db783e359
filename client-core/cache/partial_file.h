#pragma once
/// A download on disk: whole chunks in order, each verified before it is kept. Blocks: for a
/// Worker.

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "shared/artefact/chunk_list.h"
#include "shared/artefact/sha256.h"
#include "shared/util/result.h"

namespace gleaner {

class PartialFile {
public:
    /// Opens or creates `path`. What is there from an earlier run is hashed; it is kept up to the
    /// first chunk that does not hold. Errors: disk_full, io_failed.
    [[nodiscard]] static Result<std::unique_ptr<PartialFile>> open(std::filesystem::path path,
                                                                   ChunkList list);

    /// The chunk wanted next; chunk_count when all are there.
    [[nodiscard]] std::uint64_t next_chunk() const { return next_; }
    [[nodiscard]] std::uint64_t bytes() const;

    /// Verifies and appends chunk next_chunk(). Meanwhile the whole hash takes the one before, on a
    /// thread that has ended when this returns: two hashes of every byte would be slower than the
    /// network. Errors: data_corrupt (nothing is kept), disk_full, io_failed.
    [[nodiscard]] Status append(std::string chunk);

    /// Checks the whole hash and moves the file to `destination`, read-only. Errors: data_corrupt
    /// (the file is removed), disk_full, io_failed.
    [[nodiscard]] Status finish(const std::filesystem::path& destination);

private:
    struct Closer {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };
    PartialFile(std::filesystem::path path, ChunkList list)
        : path_(std::move(path)), list_(std::move(list)) {}
    [[nodiscard]] Status take_up();
    [[nodiscard]] Status verify_and_write(std::string_view chunk);

    std::filesystem::path path_;
    ChunkList list_;
    std::unique_ptr<std::FILE, Closer> file_;
    Sha256Hasher hasher_;
    std::string unhashed_;  ///< the last chunk, while the whole hash is without it
    std::uint64_t next_ = 0;
};

}  // namespace gleaner
