#include "client-core/bench/cuda/device.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <span>
#include <utility>

#include "shared/util/hex.h"

namespace gleaner::cuda {

namespace {

constexpr double launches_most = 100'000;

struct EventDeleter {
    void operator()(cudaEvent_t event) const { cudaEventDestroy(event); }
};
using Event = std::unique_ptr<CUevent_st, EventDeleter>;

Result<Event> new_event() {
    cudaEvent_t event = nullptr;
    GLEANER_TRY(checked(cudaEventCreate(&event), "cannot time the device"));
    return Event(event);
}

std::string version_text(int version) {
    return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

/// The form that NVML and CUDA_VISIBLE_DEVICES use.
std::string uuid_text(const cudaUUID_t& uuid) {
    std::string text =
        to_hex(std::span(reinterpret_cast<const std::uint8_t*>(uuid.bytes), sizeof uuid.bytes));
    for (const std::size_t place : {20U, 16U, 12U, 8U}) text.insert(place, "-");
    return "GPU-" + text;
}

/// What the driver library speaks; not_found says why nothing can be measured.
Result<int> driver_version() {
    int version = 0;
    if (cudaDriverGetVersion(&version) != cudaSuccess || version == 0) {
        return Error(ErrorCode::not_found, "no CUDA driver on this machine");
    }
    // Within one major version old drivers run new programs; never across.
    if (version / 1000 < CUDART_VERSION / 1000) {
        return Error(ErrorCode::not_found, "the NVIDIA driver speaks CUDA " +
                                               version_text(version) + ", this benchmark needs " +
                                               version_text(CUDART_VERSION / 1000 * 1000) +
                                               ": update the driver");
    }
    return version;
}

}  // namespace

Status checked(cudaError_t error, std::string_view what) {
    if (error == cudaSuccess) return ok();
    const bool no_memory = error == cudaErrorMemoryAllocation;
    if (no_memory) (void)cudaGetLastError();  // this one is not for ever
    return Error(no_memory ? ErrorCode::resource_exhausted : ErrorCode::io_failed,
                 std::string(what) + ": " + cudaGetErrorString(error) + " (" +
                     cudaGetErrorName(error) + ")");
}

Result<Device> open_device(int index) {
    GLEANER_TRY(const int driver, driver_version());
    int count = 0;
    const cudaError_t counted = cudaGetDeviceCount(&count);
    if (counted == cudaErrorNoDevice || (counted == cudaSuccess && count == 0)) {
        return Error(ErrorCode::not_found, "a CUDA driver, but no CUDA device on this machine");
    }
    GLEANER_TRY(checked(counted, "cannot count the CUDA devices"));
    if (index < 0 || index >= count) {
        return Error(ErrorCode::not_found, "no CUDA device " + std::to_string(index) + ": there " +
                                               (count == 1 ? "is 1" : "are ") +
                                               (count == 1 ? "" : std::to_string(count)));
    }
    GLEANER_TRY(checked(cudaSetDevice(index), "cannot use the device"));
    cudaDeviceProp facts{};
    GLEANER_TRY(checked(cudaGetDeviceProperties(&facts, index), "cannot ask the device"));
    Device device;
    device.index = index;
    device.name = facts.name;
    device.uuid = uuid_text(facts.uuid);
    device.driver = "CUDA " + version_text(driver);
    device.memory_total_bytes = facts.totalGlobalMem;
    device.multiprocessors = static_cast<std::uint32_t>(std::max(facts.multiProcessorCount, 1));
    device.compute_major = facts.major;
    return device;
}

Result<Buffer> Buffer::on_device(std::size_t bytes) {
    void* data = nullptr;
    GLEANER_TRY(checked(cudaMalloc(&data, bytes),
                        "no " + std::to_string(bytes >> 20) + " MiB of device memory"));
    return Buffer(data, bytes, false);
}

Result<Buffer> Buffer::pinned(std::size_t bytes) {
    void* data = nullptr;
    GLEANER_TRY(checked(cudaMallocHost(&data, bytes),
                        "no " + std::to_string(bytes >> 20) + " MiB of pinned memory"));
    return Buffer(data, bytes, true);
}

Buffer::~Buffer() {
    if (data_ == nullptr) return;
    // Of a lost device nothing can be freed, and this process ends anyway.
    (void)(on_host_ ? cudaFreeHost(data_) : cudaFree(data_));
}

Buffer::Buffer(Buffer&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      bytes_(std::exchange(other.bytes_, 0)),
      on_host_(other.on_host_) {}

Buffer& Buffer::operator=(Buffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
    std::swap(on_host_, other.on_host_);
    return *this;
}

Result<double> time_batch(const Launch& launch, std::uint32_t launches) {
    GLEANER_TRY(const Event begin, new_event());
    GLEANER_TRY(const Event end, new_event());
    GLEANER_TRY(checked(cudaEventRecord(begin.get()), "cannot time the device"));
    for (std::uint32_t i = 0; i < launches; ++i) {
        GLEANER_TRY(launch());
    }
    GLEANER_TRY(checked(cudaEventRecord(end.get()), "cannot time the device"));
    GLEANER_TRY(checked(cudaEventSynchronize(end.get()), "the device failed while it worked"));
    float milliseconds = 0;
    GLEANER_TRY(checked(cudaEventElapsedTime(&milliseconds, begin.get(), end.get()),
                        "cannot time the device"));
    // The clock of events ticks every half microsecond.
    return std::max(static_cast<double>(milliseconds) / 1e3, 5e-7);
}

Result<std::vector<double>> time_launches(const Launch& launch, const Repetition& repetition) {
    GLEANER_TRY(time_batch(launch, 1));  // loads the kernel
    std::uint32_t launches = 1;
    // Thrice: each time the clocks are higher and the estimate is better.
    for (int step = 0; step < 3; ++step) {
        GLEANER_TRY(const double took, time_batch(launch, launches));
        const double wanted = std::ceil(repetition.seconds * launches / took);
        launches = static_cast<std::uint32_t>(std::clamp(wanted, 1.0, launches_most));
    }
    std::vector<double> seconds;
    for (std::uint32_t i = 0; i < repetition.count; ++i) {
        GLEANER_TRY(const double took, time_batch(launch, launches));
        seconds.push_back(took / launches);
    }
    return seconds;
}

}  // namespace gleaner::cuda
