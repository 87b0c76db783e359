// gleaner-gpu-bench as a process: where there is no card it must say so with status 3 and print no
// report; where there is one it must print a report that can be read.

#include <array>
#include <cstdio>
#include <filesystem>
#include <string>
#include <sys/wait.h>

#include <doctest/doctest.h>

#include "client-core/bench/gpu_bench.h"

namespace gleaner {
namespace {

struct Ended {
    int status = -1;
    std::string output;
};

/// Its standard output, or with `errors` its standard error instead.
Ended run_program(const std::string& arguments, bool errors) {
    const std::string command = std::string(GPU_BENCH_PROGRAM) + " " + arguments +
                                (errors ? " 2>&1 >/dev/null" : " 2>/dev/null");
    Ended ended;
    std::FILE* const pipe = ::popen(command.c_str(), "r");
    REQUIRE(pipe != nullptr);
    std::array<char, 4096> block{};
    while (const std::size_t count = std::fread(block.data(), 1, block.size(), pipe)) {
        ended.output.append(block.data(), count);
    }
    const int status = ::pclose(pipe);
    if (WIFEXITED(status)) ended.status = WEXITSTATUS(status);
    return ended;
}

bool has_driver() {
    return std::filesystem::exists("/dev/nvidiactl") ||
           std::filesystem::exists("/proc/driver/nvidia");
}

TEST_CASE("without a driver it says so with status 3 and prints no report" *
          doctest::skip(has_driver())) {
    const Ended printed = run_program("", false);
    CHECK(printed.status == 3);
    CHECK(printed.output.empty());
    const Ended said = run_program("--quick", true);
    const Error error = gpu_bench_failure(said.status, said.output);
    CHECK(error.code() == ErrorCode::not_found);
    CHECK(error.message() == "no CUDA driver on this machine");
}

TEST_CASE("with a card it prints a report" * doctest::skip(!has_driver())) {
    const Ended printed = run_program("--quick --leave-mib 512", false);
    REQUIRE(printed.status == 0);
    const auto report = parse_gpu_bench(printed.output);
    REQUIRE(report);
    CHECK(report.value().faults.empty());
    for (const char* const name :
         {"memory_copy", "upload", "download", "usable_memory", "fp32", "fp16_tensor", "int8"}) {
        CAPTURE(name);
        CHECK(report.value().find(name) != nullptr);
    }
}

TEST_CASE("a wrong command line is refused with status 2") {
    CHECK(run_program("--soak-seconds 9999", true).status == 2);
    CHECK(run_program("--no-such-option", true).status == 2);
    CHECK(run_program("--version", false).output.find("gleaner-gpu-bench ") == 0);
}

}  // namespace
}  // namespace gleaner
