#include "shared/artefact/chunk_list.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>

#include "shared/artefact/sha256.h"

namespace gleaner {

std::uint64_t chunk_count(std::uint64_t size_bytes) {
    return size_bytes / chunk_size_bytes + (size_bytes % chunk_size_bytes != 0 ? 1 : 0);
}

std::uint64_t chunk_length(std::uint64_t size_bytes, std::uint64_t index) {
    if (index >= chunk_count(size_bytes)) return 0;
    return std::min(chunk_size_bytes, size_bytes - index * chunk_size_bytes);
}

Result<ChunkList> hash_chunks(const std::string& path) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"),
                                                               &std::fclose);
    if (!file) {
        if (errno == ENOENT) return Error(ErrorCode::not_found, path + ": no such file");
        return error_from_errno("cannot read " + path, errno);
    }
    ChunkList list;
    Sha256Hasher whole;
    std::vector<std::uint8_t> buffer(chunk_size_bytes);
    while (true) {
        const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), file.get());
        if (std::ferror(file.get()) != 0) return error_from_errno("cannot read " + path, errno);
        if (count == 0) break;
        const std::span<const std::uint8_t> chunk(buffer.data(), count);
        whole.update(chunk);
        list.chunks.push_back(hash_bytes(chunk));
        list.size_bytes += count;
        if (count < buffer.size()) break;
    }
    list.whole = whole.finish();
    return list;
}

Status verify_chunk(const ChunkList& list, std::uint64_t index,
                    std::span<const std::uint8_t> bytes) {
    const std::string name = "chunk " + std::to_string(index);
    if (index >= list.chunks.size()) {
        return Error(ErrorCode::invalid_argument,
                     name + " does not exist: the file has " + std::to_string(list.chunks.size()));
    }
    const std::uint64_t expected = chunk_length(list.size_bytes, index);
    if (bytes.size() != expected) {
        return Error(ErrorCode::data_corrupt, name + " has " + std::to_string(bytes.size()) +
                                                  " bytes instead of " + std::to_string(expected) +
                                                  ": fetch it again");
    }
    if (hash_bytes(bytes) != list.chunks[index]) {
        return Error(ErrorCode::data_corrupt,
                     name + " of " + list.whole.get() + " has a wrong hash: fetch it again");
    }
    return ok();
}

Status check_chunk_list(const ChunkList& list) {
    if (list.chunks.size() != chunk_count(list.size_bytes)) {
        return Error(ErrorCode::invalid_argument,
                     "chunk list: " + std::to_string(list.size_bytes) + " bytes need " +
                         std::to_string(chunk_count(list.size_bytes)) + " chunks, not " +
                         std::to_string(list.chunks.size()));
    }
    GLEANER_TRY(parse_sha256(list.whole.get()));
    for (const Sha256& chunk : list.chunks) {
        GLEANER_TRY(parse_sha256(chunk.get()));
    }
    return ok();
}

}  // namespace gleaner
