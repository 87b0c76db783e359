#pragma once
/// Reads pieces of one file at given offsets. Blocking: for the blocking executor. Internal.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "shared/util/result.h"

namespace gleaner::gateway {

class ArtefactReader {
public:
    /// Errors: not_found, permission_denied, io_failed.
    [[nodiscard]] static Result<ArtefactReader> open(const std::string& path);
    ArtefactReader(ArtefactReader&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    ArtefactReader& operator=(ArtefactReader&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~ArtefactReader();

    /// Fills `piece` from `offset`. Errors: io_failed, data_corrupt (the file is shorter).
    [[nodiscard]] Status read_at(std::uint64_t offset, std::vector<char>& piece) const;

private:
    explicit ArtefactReader(int fd) : fd_(fd) {}
    int fd_;
};

}  // namespace gleaner::gateway
