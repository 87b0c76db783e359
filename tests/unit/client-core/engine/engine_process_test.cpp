#include "client-core/engine/engine_process.h"

#include <doctest/doctest.h>

namespace gleaner {
namespace {

using Cause = EngineExit::Cause;

ProcessExit exit_with(int code) {
    ProcessExit exit;
    exit.code = code;
    return exit;
}

TEST_CASE("an engine that we stopped is not a crash, whatever it printed") {
    ProcessExit exit = exit_with(137);
    exit.killed_by_us = true;
    CHECK(judge_engine_exit(exit, "E failed to allocate buffer").cause() == Cause::stopped);
}

TEST_CASE("an engine ended at its memory limit is out of memory even if we were stopping it") {
    ProcessExit exit = exit_with(137);
    exit.out_of_memory = true;
    exit.killed_by_us = true;
    CHECK(judge_engine_exit(exit, "").cause() == Cause::out_of_memory);
}

TEST_CASE("an engine's own complaints about memory are recognised") {
    for (const char* const line :
         {"cudaMalloc failed: out of memory", "terminate called: std::bad_alloc",
          "E ggml_vulkan: vk::Device::allocateMemory: ErrorOutOfDeviceMemory",
          "E llama_kv_cache: failed to allocate buffer for kv cache"}) {
        CAPTURE(line);
        CHECK(judge_engine_exit(exit_with(1), line).cause() == Cause::out_of_memory);
    }
}

TEST_CASE("a crash is told with its signal and the last lines of the log") {
    const std::string log = std::string(5000, 'x') + "\nlast words\n";
    const EngineExit exit = judge_engine_exit(exit_with(128 + 11), log);
    CHECK(exit.cause() == Cause::crashed);
    CHECK(exit.reason().find("signal 11") != std::string::npos);
    CHECK(exit.reason().find("last words") != std::string::npos);
    CHECK(exit.reason().size() < 2300);
}

}  // namespace
}  // namespace gleaner
