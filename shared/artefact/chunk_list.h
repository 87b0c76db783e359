#pragma once
/// A large artefact as fixed chunks, each with its hash: what makes downloads resumable, and
/// copies from a neighbour verifiable before the last byte has come.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "shared/model/ids.h"
#include "shared/util/result.h"

namespace gleaner {

/// Every chunk has this size but the last, which may be shorter. Bytes.
inline constexpr std::uint64_t chunk_size_bytes = 4ull << 20;

/// A file's size, whole hash, and chunk hashes in order. An empty file has no chunk.
struct ChunkList {
    std::uint64_t size_bytes = 0;
    Sha256 whole;
    std::vector<Sha256> chunks;

    friend bool operator==(const ChunkList&, const ChunkList&) = default;
};

/// Number of chunks of a file of `size_bytes`.
[[nodiscard]] std::uint64_t chunk_count(std::uint64_t size_bytes);
/// Size of chunk `index`; 0 past the end.
[[nodiscard]] std::uint64_t chunk_length(std::uint64_t size_bytes, std::uint64_t index);

/// Reads the file once (blocking). not_found or io_failed with the path.
[[nodiscard]] Result<ChunkList> hash_chunks(const std::string& path);

/// Is `bytes` chunk `index` of the list? data_corrupt naming the chunk, or invalid_argument when
/// there is no such chunk.
[[nodiscard]] Status verify_chunk(const ChunkList& list, std::uint64_t index,
                                  std::span<const std::uint8_t> bytes);

/// A list received from elsewhere: count and hash forms must fit the size. invalid_argument.
[[nodiscard]] Status check_chunk_list(const ChunkList& list);

}  // namespace gleaner
