#include "coordinator/store/blobs.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/statvfs.h>
#include <system_error>
#include <unistd.h>

#include "shared/util/random.h"

namespace gleaner::store {

namespace fs = std::filesystem;

namespace {

Status sync_folder(const fs::path& folder) {
    const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return error_from_errno("cannot open " + folder.string(), errno);
    const int rc = ::fsync(fd);
    const int problem = errno;
    ::close(fd);
    if (rc != 0) return error_from_errno("cannot flush " + folder.string(), problem);
    return ok();
}

}  // namespace

PartialBlob::PartialBlob(int fd, fs::path path) : fd_(fd), path_(std::move(path)) {}

PartialBlob::PartialBlob(PartialBlob&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), size_(other.size_), path_(std::move(other.path_)) {}

PartialBlob::~PartialBlob() {
    if (fd_ < 0) return;
    ::close(fd_);
    ::unlink(path_.c_str());
}

Status PartialBlob::write(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto written = ::write(fd_, bytes.data(), bytes.size());
        if (written < 0) {
            if (errno == EINTR) continue;
            return error_from_errno("cannot write " + path_.string(), errno);
        }
        size_ += written;
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return ok();
}

Status PartialBlob::commit(const fs::path& target) {
    if (::fsync(fd_) != 0) return error_from_errno("cannot flush " + path_.string(), errno);
    if (::rename(path_.c_str(), target.c_str()) != 0)
        return error_from_errno("cannot rename to " + target.string(), errno);
    ::close(std::exchange(fd_, -1));
    return sync_folder(target.parent_path());
}

Result<Blobs> Blobs::open(const fs::path& data_folder) {
    std::error_code problem;
    for (const auto* name : {"files", "artefacts", "partial"}) {
        fs::create_directories(data_folder / name, problem);
        if (problem)
            return Error(ErrorCode::io_failed,
                         "cannot make " + (data_folder / name).string() + ": " + problem.message());
    }
    for (const auto& entry : fs::directory_iterator(data_folder / "partial", problem))
        fs::remove(entry.path(), problem);
    return Blobs(data_folder);
}

fs::path Blobs::file_path(const FileId& id) const {
    return root_ / "files" / id.get();
}

fs::path Blobs::artefact_path(const Sha256& id) const {
    return root_ / "artefacts" / id.get();
}

Result<PartialBlob> Blobs::create() const {
    auto path = root_ / "partial" / random_token("", 20);
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return error_from_errno("cannot create " + path.string(), errno);
    return PartialBlob(fd, std::move(path));
}

Result<std::int64_t> Blobs::free_bytes() const {
    struct statvfs stat {};
    if (::statvfs(root_.c_str(), &stat) != 0)
        return error_from_errno("cannot ask for the free space of " + root_.string(), errno);
    return static_cast<std::int64_t>(stat.f_bavail) * static_cast<std::int64_t>(stat.f_frsize);
}

Status Blobs::remove(const FileId& id) const {
    std::error_code problem;
    fs::remove(file_path(id), problem);
    if (problem) return Error(ErrorCode::io_failed, "cannot remove a file: " + problem.message());
    return ok();
}

}  // namespace gleaner::store
