#include "coordinator/instance_lock.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/file.h>
#include <unistd.h>

namespace gleaner {

Result<InstanceLock> InstanceLock::take(const std::filesystem::path& data_folder) {
    const auto path = (data_folder / "lock").string();
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return error_from_errno("cannot open " + path, errno);
    InstanceLock lock(fd);
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return error_from_errno("cannot lock " + path, errno);
        std::array<char, 32> text{};
        const auto length = ::read(fd, text.data(), text.size() - 1);
        const std::string holder(text.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
        return Error(ErrorCode::failed_precondition,
                     "another coordinator (process " + holder + ") uses " + data_folder.string() +
                         ": stop it first, or give this one its own data_folder");
    }
    const auto own = std::to_string(::getpid());
    if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, own.data(), own.size(), 0) < 0)
        return error_from_errno("cannot write " + path, errno);
    return lock;
}

InstanceLock::~InstanceLock() {
    if (fd_ >= 0) ::close(fd_);
}

}  // namespace gleaner
