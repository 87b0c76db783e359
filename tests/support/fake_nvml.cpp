// Stands in for libnvidia-ml.so.1 in tests: two GPUs, of which the second has no sensors, and no
// power limit. Tests read and set the first one's through fake_nvml_power().
#include <cstring>

extern "C" {

struct memory_type {
    unsigned long long total, free, used;
};
struct utilization_type {
    unsigned gpu, memory;
};
static int gpus[2];
static unsigned power_limit = 115000;
static bool power_forbidden = false;

int nvmlInit_v2() {
    return 0;
}
int nvmlShutdown() {
    return 0;
}
const char* nvmlErrorString(int code) {
    return code == 3 ? "Not Supported" : "Unknown Error";
}
int nvmlSystemGetDriverVersion(char* text, unsigned size) {
    std::strncpy(text, "550.54.15", size);
    return 0;
}
int nvmlDeviceGetCount_v2(unsigned* count) {
    *count = 2;
    return 0;
}
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void** device) {
    *device = &gpus[index];
    return 0;
}
int nvmlDeviceGetName(void* device, char* text, unsigned size) {
    std::strncpy(text, device == &gpus[0] ? "NVIDIA GeForce RTX 4060" : "NVIDIA GeForce GT 1030",
                 size);
    return 0;
}
int nvmlDeviceGetUUID(void* device, char* text, unsigned size) {
    std::strncpy(text, device == &gpus[0] ? "GPU-aaaa" : "GPU-bbbb", size);
    return 0;
}
int nvmlDeviceGetMemoryInfo(void* device, memory_type* memory) {
    memory->total = device == &gpus[0] ? 8ULL << 30 : 2ULL << 30;
    memory->free = memory->total / 2;
    memory->used = memory->total / 2;
    return 0;
}
int nvmlDeviceGetMinorNumber(void* device, unsigned* number) {
    *number = device == &gpus[0] ? 1 : 0;
    return 0;
}
int nvmlDeviceGetCudaComputeCapability(void* device, int* major, int* minor) {
    *major = device == &gpus[0] ? 8 : 6;
    *minor = device == &gpus[0] ? 9 : 1;
    return 0;
}
int nvmlDeviceGetTemperature(void* device, unsigned, unsigned* degrees) {
    *degrees = 61;
    return device == &gpus[0] ? 0 : 3;
}
int nvmlDeviceGetUtilizationRates(void* device, utilization_type* rates) {
    rates->gpu = 37;
    rates->memory = 5;
    return device == &gpus[0] ? 0 : 3;
}
int nvmlDeviceGetPowerUsage(void* device, unsigned* milliwatts) {
    *milliwatts = 95500;
    return device == &gpus[0] ? 0 : 3;
}
int nvmlDeviceGetPowerManagementLimit(void* device, unsigned* milliwatts) {
    *milliwatts = power_limit;
    return device == &gpus[0] ? 0 : 3;
}
int nvmlDeviceGetPowerManagementDefaultLimit(void* device, unsigned* milliwatts) {
    *milliwatts = 115000;
    return device == &gpus[0] ? 0 : 3;
}
int nvmlDeviceGetPowerManagementLimitConstraints(void* device, unsigned* min, unsigned* max) {
    *min = 70000;
    *max = 120000;
    return device == &gpus[0] ? 0 : 3;
}
int nvmlDeviceSetPowerManagementLimit(void* device, unsigned milliwatts) {
    if (power_forbidden) return 4;
    if (device != &gpus[0]) return 3;
    power_limit = milliwatts;
    return 0;
}
/// Returns the limit; 0 leaves it as it is.
unsigned fake_nvml_power(unsigned set_to, int forbidden) {
    power_forbidden = forbidden != 0;
    if (set_to != 0) power_limit = set_to;
    return power_limit;
}
}  // extern "C"
