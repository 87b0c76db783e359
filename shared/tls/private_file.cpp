#include "shared/tls/private_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#ifdef _WIN32
#include <io.h>
#else
#include <unistd.h>
#endif

#include <cerrno>
#include <cstdio>
#include <string>

namespace gleaner::tls {

namespace {

constexpr std::size_t size_max = 64 * 1024;

#ifdef _WIN32
constexpr int create_flags = _O_WRONLY | _O_CREAT | _O_EXCL | _O_BINARY;
constexpr int read_flags = _O_RDONLY | _O_BINARY;
int sync_file(int fd) {
    return _commit(fd);
}
/// Windows keeps a folder's entries by itself.
Status sync_folder_of(const std::string& /*path*/) {
    return ok();
}
using IoSize = unsigned int;
#else
constexpr int create_flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
constexpr int read_flags = O_RDONLY | O_CLOEXEC;
int sync_file(int fd) {
    return fsync(fd);
}
using IoSize = std::size_t;
#endif

class OpenFile {
public:
    explicit OpenFile(int fd) : fd_(fd) {}
    OpenFile(const OpenFile&) = delete;
    OpenFile& operator=(const OpenFile&) = delete;
    ~OpenFile() {
        if (fd_ >= 0) close(fd_);
    }
    [[nodiscard]] int get() const { return fd_; }

private:
    int fd_;
};

Error open_error(const std::string& path, int errno_value) {
    switch (errno_value) {
        case EEXIST:
            return {ErrorCode::already_exists,
                    path +
                        " exists already: it is never overwritten; move it away if you mean to "
                        "replace it"};
        case ENOENT:
            return {ErrorCode::not_found, path + " does not exist"};
        case EACCES:
            return {ErrorCode::permission_denied,
                    "no permission to open " + path + ": run as the user that owns it"};
        default:
            return error_from_errno("cannot open " + path, errno_value);
    }
}

#ifndef _WIN32
/// A new name in a folder is on disk only when the folder is.
Status sync_folder_of(const std::string& path) {
    const auto slash = path.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    const OpenFile opened(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (opened.get() < 0) return error_from_errno("cannot open " + folder, errno);
    if (fsync(opened.get()) != 0) return error_from_errno("cannot write " + folder, errno);
    return ok();
}
#endif

}  // namespace

Status create_private_file(const std::string& path, std::string_view content) {
    const OpenFile file(open(path.c_str(), create_flags, 0600));
    if (file.get() < 0) return open_error(path, errno);
    while (!content.empty()) {
        const auto n = write(file.get(), content.data(), static_cast<IoSize>(content.size()));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            const int reason = errno;
            unlink(path.c_str());  // half a key would block the next try
            return error_from_errno("cannot write " + path, reason);
        }
        content.remove_prefix(static_cast<std::size_t>(n));
    }
    if (sync_file(file.get()) != 0) return error_from_errno("cannot write " + path, errno);
    return sync_folder_of(path);
}

Status replace_private_file(const std::string& path, std::string_view content) {
    const std::string fresh = path + ".new";
    unlink(fresh.c_str());  // left by a process that was killed
    GLEANER_TRY(create_private_file(fresh, content));
    if (std::rename(fresh.c_str(), path.c_str()) != 0)
        return error_from_errno("cannot replace " + path, errno);
    return sync_folder_of(path);
}

Result<std::string> read_private_file(const std::string& path) {
    const OpenFile file(open(path.c_str(), read_flags));
    if (file.get() < 0) return open_error(path, errno);
    struct stat info {};
    if (fstat(file.get(), &info) != 0) return error_from_errno("cannot read " + path, errno);
#ifndef _WIN32
    if ((info.st_mode & 077U) != 0) {
        return Error(ErrorCode::permission_denied,
                     path + " can be read by other users of this machine: run chmod 600 " + path +
                         ", and replace the key if someone may have copied it");
    }
#endif
    std::string content(size_max + 1, '\0');
    std::size_t used = 0;
    while (used < content.size()) {
        const auto n =
            read(file.get(), content.data() + used, static_cast<IoSize>(content.size() - used));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return error_from_errno("cannot read " + path, errno);
        if (n == 0) break;
        used += static_cast<std::size_t>(n);
    }
    if (used > size_max) return Error(ErrorCode::too_large, path + " is too large to be a key");
    content.resize(used);
    return content;
}

}  // namespace gleaner::tls
