#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <signal.h>
#include <string>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client-core/platform/probe/attempts.h"

namespace gleaner::probe {

namespace {

constexpr std::uint64_t mebibyte = 1ULL << 20;

std::string in_mebibytes(std::uint64_t bytes) {
    return std::to_string(bytes / mebibyte) + " MiB";
}

/// Reserves writable memory, without touching it, until refused or past `limit`.
void attempt_memory(const char* name, int sharing, std::uint64_t limit, Attempts& attempts) {
    const std::uint64_t piece = limit > (64ULL << 30) ? 1024 * mebibyte : 16 * mebibyte;
    std::vector<void*> pieces;
    std::uint64_t total = 0;
    while (total <= limit) {
        void* const memory = mmap(nullptr, piece, PROT_READ | PROT_WRITE,
                                  sharing | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (memory == MAP_FAILED) break;
        pieces.push_back(memory);
        total += piece;
    }
    for (void* const memory : pieces) munmap(memory, piece);
    attempts.record(name, total > limit, "got " + in_mebibytes(total));
}

void attempt_open_files(const HostFacts& host, Attempts& attempts) {
    std::vector<int> files;
    while (files.size() <= host.open_files) {
        const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (fd < 0) break;
        files.push_back(fd);
    }
    attempts.record("limits_open_files", files.size() > host.open_files,
                    "got " + std::to_string(files.size()));
    for (const int fd : files) close(fd);
}

void attempt_processes_bound(const HostFacts& host, Attempts& attempts) {
    std::vector<pid_t> children;
    while (children.size() <= host.processes) {
        const pid_t child = fork();
        if (child < 0) break;
        if (child == 0) {
            pause();
            _exit(0);
        }
        children.push_back(child);
    }
    const std::size_t count = children.size();
    for (const pid_t child : children) ::kill(child, SIGKILL);
    for (const pid_t child : children) waitpid(child, nullptr, 0);
    attempts.record("limits_processes", count > host.processes, "got " + std::to_string(count));
}

void attempt_file_size(const HostFacts& host, Attempts& attempts) {
    signal(SIGXFSZ, SIG_IGN);
    const int fd = open("/tmp/gleaner-large", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    const int rc = fd < 0 ? -1 : ftruncate(fd, static_cast<off_t>(host.file_bytes + mebibyte));
    attempts.record_failure("limits_file_size", rc);
    if (fd >= 0) close(fd);
    unlink("/tmp/gleaner-large");
}

/// Fills a folder with files until refused or past its size.
void attempt_fill(const char* name, const std::string& folder, const HostFacts& host,
                  Attempts& attempts) {
    const std::uint64_t piece = std::min(host.file_bytes, 4 * mebibyte);
    std::uint64_t total = 0;
    std::vector<std::string> made;
    while (total <= host.tmp_bytes) {
        const std::string path = folder + "/gleaner-fill-" + std::to_string(made.size());
        const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0) break;
        made.push_back(path);
        const bool full = posix_fallocate(fd, 0, static_cast<off_t>(piece)) != 0;
        close(fd);
        if (full) break;
        total += piece;
    }
    for (const auto& path : made) unlink(path.c_str());
    attempts.record(name, total > host.tmp_bytes, "got " + in_mebibytes(total));
}

}  // namespace

void attempt_limits(const HostFacts& host, Attempts& attempts) {
    attempt_memory("limits_memory", MAP_PRIVATE, host.private_bytes_max, attempts);
    if (host.address_bytes_max > 0) {
        attempt_memory("limits_address_space", MAP_SHARED, host.address_bytes_max, attempts);
    }
    rlimit core{};
    getrlimit(RLIMIT_CORE, &core);
    attempts.record("limits_core_dump", core.rlim_max != 0,
                    "at most " + std::to_string(core.rlim_max) + " bytes");
    attempt_open_files(host, attempts);
    attempt_file_size(host, attempts);
    attempt_fill("limits_tmp", "/tmp", host, attempts);
    attempt_fill("limits_shared_folder", "/dev/shm", host, attempts);
    attempt_processes_bound(host, attempts);
}

}  // namespace gleaner::probe
