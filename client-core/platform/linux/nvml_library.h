#pragma once
/// NVIDIA's management library, loaded at run time: what all its users in this folder share. The
/// part of its binary interface used (nvml.h, stable since driver 319) is declared by hand, so that
/// building needs no NVIDIA package.

#include <cstdint>
#include <memory>
#include <string>

#include "client-core/platform/devices.h"
#include "shared/util/result.h"

namespace gleaner::nvml {

using Device = struct NvmlDeviceOpaque*;
using Return = int;
inline constexpr Return success = 0;
inline constexpr Return no_permission = 4;
inline constexpr Return not_found = 6;
inline constexpr Return insufficient_size = 7;
inline constexpr Return gpu_is_lost = 15;
inline constexpr Return reset_required = 16;
inline constexpr unsigned temperature_gpu = 0;

struct Memory {  // nvmlMemory_t
    unsigned long long total;
    unsigned long long free;
    unsigned long long used;
};

struct Utilization {  // nvmlUtilization_t
    unsigned gpu;
    unsigned memory;
};

/// Single-threaded; holds some megabytes while it lives.
class Library {
public:
    /// not_found: no NVIDIA driver. unsupported: a driver, but its library is missing, too old or
    /// refuses; the message has its words.
    [[nodiscard]] static Result<std::unique_ptr<Library>> open(
        const NvidiaManagement::Places& places);
    Library(const Library&) = delete;
    Library& operator=(const Library&) = delete;
    ~Library();

    /// False, and null, if this driver's library lacks it.
    template <class Function>
    bool find(const char* symbol, Function& function) const {
        function = reinterpret_cast<Function>(address_of(symbol));
        return function != nullptr;
    }
    /// An unsupported with NVML's own words.
    [[nodiscard]] Error refusal(const char* what, Return code) const;

    // What all users need; never null.
    Return (*count)(unsigned*) = nullptr;
    Return (*by_index)(unsigned, Device*) = nullptr;
    Return (*minor_number)(Device, unsigned*) = nullptr;

private:
    Library() = default;
    [[nodiscard]] void* address_of(const char* symbol) const;

    void* handle_ = nullptr;
    bool started_ = false;
    Return (*init_)() = nullptr;
    Return (*shutdown_)() = nullptr;
    const char* (*error_string_)(Return) = nullptr;
};

}  // namespace gleaner::nvml
