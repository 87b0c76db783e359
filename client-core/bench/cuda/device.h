#pragma once
/// One CUDA device as this program uses it: what it is, memory that frees itself, time between two
/// points of its work. Errors of the runtime become gleaner::Error here and nowhere else.

#include <cstddef>
#include <cstdint>
#include <cuda_runtime_api.h>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/util/result.h"

namespace gleaner::cuda {

struct Device {
    int index = 0;
    std::string name;
    std::string uuid;    ///< "GPU-…"
    std::string driver;  ///< "CUDA 13.0": the latest that the driver speaks
    std::uint64_t memory_total_bytes = 0;
    std::uint32_t multiprocessors = 0;
    int compute_major = 0;
};

/// ok, or io_failed with the runtime's words and, when the device is lost or an earlier kernel
/// failed, that nothing more can be measured.
[[nodiscard]] Status checked(cudaError_t error, std::string_view what);

/// Makes device `index` this thread's. Errors: not_found, with the sentence for the person: no CUDA
/// driver, one too old for this program, no device, no such device.
[[nodiscard]] Result<Device> open_device(int index);

/// Device memory, or pinned host memory. Movable; freed when destroyed.
class Buffer {
public:
    Buffer() = default;
    /// resource_exhausted when there is not so much.
    [[nodiscard]] static Result<Buffer> on_device(std::size_t bytes);
    [[nodiscard]] static Result<Buffer> pinned(std::size_t bytes);
    ~Buffer();
    Buffer(Buffer&& other) noexcept;
    Buffer& operator=(Buffer&& other) noexcept;

    template <class T = void>
    [[nodiscard]] T* as() const {
        return static_cast<T*>(data_);
    }
    [[nodiscard]] std::size_t bytes() const { return bytes_; }

private:
    Buffer(void* data, std::size_t bytes, bool on_host)
        : data_(data), bytes_(bytes), on_host_(on_host) {}
    void* data_ = nullptr;
    std::size_t bytes_ = 0;
    bool on_host_ = false;
};

struct Repetition {
    std::uint32_t count = 9;
    double seconds = 0.025;  ///< each runs at least about so long
};

/// Starts work once on the default stream.
using Launch = std::function<Status()>;

/// Seconds for one launch, `repetition.count` times over. First it finds how many launches fill a
/// repetition, and runs some unmeasured, so that the clocks are up.
[[nodiscard]] Result<std::vector<double>> time_launches(const Launch& launch,
                                                        const Repetition& repetition);

/// Seconds that `launches` launches took together.
[[nodiscard]] Result<double> time_batch(const Launch& launch, std::uint32_t launches);

}  // namespace gleaner::cuda
