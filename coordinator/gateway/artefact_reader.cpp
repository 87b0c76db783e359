#include "coordinator/gateway/artefact_reader.h"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace gleaner::gateway {

Result<ArtefactReader> ArtefactReader::open(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd >= 0) return ArtefactReader(fd);
    if (errno == ENOENT) {
        return Error(ErrorCode::not_found, "this coordinator has no such artefact");
    }
    return error_from_errno("cannot open an artefact", errno);
}

ArtefactReader::~ArtefactReader() {
    if (fd_ >= 0) ::close(fd_);
}

Status ArtefactReader::read_at(std::uint64_t offset, std::vector<char>& piece) const {
    std::size_t used = 0;
    while (used < piece.size()) {
        const auto n = ::pread(fd_, piece.data() + used, piece.size() - used,
                               static_cast<off_t>(offset + used));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return error_from_errno("cannot read an artefact", errno);
        if (n == 0) return Error(ErrorCode::data_corrupt, "an artefact's file has been cut short");
        used += static_cast<std::size_t>(n);
    }
    return ok();
}

}  // namespace gleaner::gateway
