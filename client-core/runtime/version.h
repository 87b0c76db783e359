#pragma once
/// What this program calls itself on the wire.

#include <string_view>

namespace gleaner {

inline constexpr std::string_view software_version = "0.1.0";

/// "linux", "windows", "macos".
[[nodiscard]] constexpr std::string_view system_name() {
#if defined(_WIN32)
    return "windows";
#elif defined(__APPLE__)
    return "macos";
#else
    return "linux";
#endif
}

/// "x86_64", "aarch64", …
[[nodiscard]] constexpr std::string_view machine_architecture() {
#if defined(__x86_64__) || defined(_M_X64)
    return "x86_64";
#elif defined(__aarch64__) || defined(_M_ARM64)
    return "aarch64";
#elif defined(__riscv) && __riscv_xlen == 64
    return "riscv64";
#elif defined(__loongarch64)
    return "loongarch64";
#else
    return "unknown";
#endif
}

}  // namespace gleaner
