// Stands in for libnvidia-ml.so.1 in tests of who uses a GPU. The test sets the state through
// fake_nvml_gpu(), which it finds in the library as the client finds NVML's functions.
#include "tests/support/fake_nvml_use.h"

#include <cstring>

namespace {
FakeNvmlGpu gpus[2];
int library_error = 0;

FakeNvmlGpu* of(void* device) {
    return static_cast<FakeNvmlGpu*>(device);
}

struct process_type {
    unsigned pid;
    unsigned long long memory;
    unsigned gpu_instance, compute_instance;
};
struct sample_type {
    unsigned pid;
    unsigned long long micros;
    unsigned compute, memory, encoder, decoder;
};
struct memory_type {
    unsigned long long total, free, used;
};
struct utilization_type {
    unsigned gpu, memory;
};

int list(void* device, unsigned* size, process_type* out, bool graphics) {
    const FakeNvmlGpu& gpu = *of(device);
    if (gpu.error != 0) return gpu.error;
    unsigned count = 0;
    for (const FakeNvmlUser& user : gpu.users) {
        if (user.pid == 0 || user.graphics != graphics) continue;
        if (count < *size) out[count] = {user.pid, user.memory, 0, 0};
        ++count;
    }
    const bool fits = count <= *size;
    *size = count;
    return fits ? 0 : 7;
}
}  // namespace

extern "C" {
FakeNvmlGpu* fake_nvml_gpu(unsigned index) {
    return &gpus[index];
}
void fake_nvml_fail(int code) {
    library_error = code;
}
int nvmlInit_v2() {
    return library_error;
}
int nvmlShutdown() {
    return 0;
}
const char* nvmlErrorString(int code) {
    return code == 9 ? "Driver Not Loaded" : "Unknown Error";
}
int nvmlDeviceGetCount_v2(unsigned* count) {
    *count = 2;
    return library_error;
}
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void** device) {
    *device = &gpus[index];
    return gpus[index].error;
}
int nvmlDeviceGetMinorNumber(void* device, unsigned* number) {
    *number = device == &gpus[0] ? 1 : 0;
    return 0;
}
int nvmlDeviceGetTemperature(void* device, unsigned, unsigned* degrees) {
    *degrees = 61;
    return device == &gpus[0] ? 0 : 3;
}
int nvmlDeviceGetUtilizationRates(void* device, utilization_type* rates) {
    *rates = {of(device)->utilization, 0};
    return 0;
}
int nvmlDeviceGetPowerUsage(void* device, unsigned* milliwatts) {
    *milliwatts = 151'500;
    return device == &gpus[0] ? 0 : 3;
}
int nvmlDeviceGetMemoryInfo(void* device, memory_type* memory) {
    *memory = {1000, 400, 600};
    return device == &gpus[0] ? 0 : 3;
}
int nvmlDeviceGetComputeRunningProcesses_v3(void* device, unsigned* size, process_type* out) {
    return list(device, size, out, false);
}
int nvmlDeviceGetGraphicsRunningProcesses_v3(void* device, unsigned* size, process_type* out) {
    return list(device, size, out, true);
}
int nvmlDeviceGetProcessUtilization(void* device, sample_type* out, unsigned* size,
                                    unsigned long long since) {
    const FakeNvmlGpu& gpu = *of(device);
    if (!gpu.tells_shares) return 3;
    unsigned count = 0;
    for (const FakeNvmlUser& user : gpu.users) {
        if (user.pid == 0 || user.sampled_at <= since) continue;
        if (out != nullptr && count < *size)
            out[count] = {user.pid, user.sampled_at, user.compute, 0, 0, user.decoder};
        ++count;
    }
    const bool fits = out != nullptr && count <= *size;
    *size = count;
    return count == 0 ? 6 : fits ? 0 : 7;
}
}  // extern "C"
