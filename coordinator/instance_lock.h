#pragma once
/// One coordinator per data folder: a second one would bill and lease the same work again.

#include <filesystem>
#include <utility>

#include "shared/util/result.h"

namespace gleaner {

/// Holds an advisory lock on `<data folder>/lock` while it lives; the system frees it at any death.
class InstanceLock {
public:
    /// Errors: failed_precondition when another process holds it (names its process id).
    [[nodiscard]] static Result<InstanceLock> take(const std::filesystem::path& data_folder);
    InstanceLock(InstanceLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    InstanceLock& operator=(InstanceLock&&) = delete;
    ~InstanceLock();

private:
    explicit InstanceLock(int fd) : fd_(fd) {}
    int fd_;
};

}  // namespace gleaner
