// gleaner-gpu-bench: measures one CUDA device and prints a benchmark report as one line of JSON. A
// program of its own, so that a driver that crashes takes no node along. Writes no file and handles
// no signal: killed at any moment it leaves nothing, and the driver takes the memory back.
//
// stdout: the report, or nothing. stderr: one JSON object a line, progress and errors.
// Exit status: 0 report; 1 failed; 2 wrong command line; 3 no CUDA driver or device to measure; 4
// the device failed while it was measured.

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <sys/prctl.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "client-core/bench/cuda/measures.h"

namespace {

using namespace gleaner;
namespace json = boost::json;

enum ExitStatus { done = 0, failed = 1, wrong_arguments = 2, no_device = 3, device_failed = 4 };

/// One write a line: the reader never sees half of one.
void print_line(std::FILE* stream, const std::string& text) {
    const std::string line = text + "\n";
    std::fwrite(line.data(), 1, line.size(), stream);
    std::fflush(stream);
}

void print_progress(std::string_view stage, std::uint32_t now, std::uint32_t of) {
    print_line(stderr, json::serialize(json::object{
                           {"event", "progress"}, {"stage", stage}, {"done", now}, {"of", of}}));
}

int fail(const Error& error, ExitStatus status) {
    print_line(stderr, json::serialize(json::object{{"event", "error"},
                                                    {"code", to_string(error.code())},
                                                    {"message", error.message()}}));
    return status;
}

struct Options {
    int device = 0;
    std::uint32_t soak_seconds = 0;
    std::uint64_t leave_mib = 256;
    bool quick = false;
};

int run(const Options& options) {
    const auto device = cuda::open_device(options.device);
    if (!device) {
        const bool none = device.error().code() == ErrorCode::not_found;
        return fail(device.error(), none ? no_device : device_failed);
    }
    cuda::Wishes wishes;
    wishes.soak_seconds = options.soak_seconds;
    wishes.leave_bytes = options.leave_mib << 20;
    if (options.quick) wishes.repetition = {3, 0.005};
    const SystemClock clock;
    auto report = cuda::measure(device.value(), wishes, clock, print_progress);
    if (!report) return fail(report.error(), device_failed);
    report.value().program = "gleaner-gpu-bench " GLEANER_VERSION;
    print_line(stdout, to_json(report.value()));
    return std::ferror(stdout) == 0 ? done : failed;
}

}  // namespace

int main(int argc, char** argv) {
    // A node that is killed must not leave a busy GPU behind.
    (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
    Options options;
    CLI::App app("Measures one CUDA device and prints a report as JSON");
    app.set_version_flag("--version", "gleaner-gpu-bench " GLEANER_VERSION);
    app.add_option("--device", options.device, "Number of the device as CUDA counts")
        ->check(CLI::Range(0, 255));
    app.add_option("--soak-seconds", options.soak_seconds, "Then load it so long; 600 is usual")
        ->check(CLI::Range(0, 3600));
    app.add_option("--leave-mib", options.leave_mib, "Device memory that is not tested")
        ->check(CLI::Range(64, 65536));
    app.add_flag("--quick", options.quick, "Few and short repetitions: a coarse result");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? done : wrong_arguments;
    }
    return run(options);
}
