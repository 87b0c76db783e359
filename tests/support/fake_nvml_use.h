#pragma once
/// The state of fake_nvml_use.cpp, for the tests that set it.

struct FakeNvmlUser {
    unsigned pid = 0;  ///< 0: nobody
    unsigned long long memory = 0;
    bool graphics = false;
    unsigned long long sampled_at = 0;
    unsigned compute = 0;
    unsigned decoder = 0;
};

struct FakeNvmlGpu {
    int error = 0;  ///< of every call about this GPU
    bool tells_shares = true;
    unsigned utilization = 0;
    FakeNvmlUser users[100];
};

using FakeNvmlGpuOf = FakeNvmlGpu* (*)(unsigned index);
using FakeNvmlFail = void (*)(int code);
