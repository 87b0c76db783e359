#pragma once
/// The system calls that the sandbox refuses, as a table, and the kernel filter made from it.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "shared/util/result.h"

namespace gleaner {

/// A system call refused whatever its arguments. The names are the kernel's; one that this
/// architecture does not have is skipped.
struct RefusedCall {
    std::string_view name;
    std::string_view why;
};

struct SyscallPolicy {
    /// GPU drivers share buffers through memfd; without a GPU it is refused, since memory behind a
    /// memfd is not counted by RLIMIT_DATA.
    bool allow_memfd = false;
};

/// Refused in every sandbox.
[[nodiscard]] std::span<const RefusedCall> refused_calls();

/// The filter as classic BPF (struct sock_filter[]), the form that `bwrap --seccomp` and
/// seccomp(2) take. Beyond the table: socket() and socketpair() for AF_UNIX only, clone() without
/// new namespaces, clone3() answers ENOSYS (its flags are in memory, where a filter cannot look;
/// the C library then uses clone()), no TIOCSTI or TIOCLINUX (typing into the host's terminal),
/// no foreign system call tables (32-bit, x32: killed).
[[nodiscard]] Result<std::vector<std::uint8_t>> seccomp_program(const SyscallPolicy& policy);

}  // namespace gleaner
