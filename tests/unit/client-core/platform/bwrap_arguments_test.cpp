#include "client-core/platform/linux/bwrap_arguments.h"

#include <algorithm>

#include <doctest/doctest.h>

namespace gleaner {
namespace {

using Words = std::vector<std::string>;

BwrapHost debian() {
    BwrapHost host;
    host.bwrap_program = "/usr/bin/bwrap";
    host.prlimit_program = "/usr/bin/prlimit";
    host.links = {{"usr/lib", "/lib"}, {"usr/lib64", "/lib64"}};
    return host;
}

SandboxSpec engine_spec() {
    SandboxSpec spec;
    spec.command = {"/engine/llama-server", "--model", "/model.gguf"};
    spec.read_only = {{"/var/engine", "/engine"}, {"/var/m.gguf", "/model.gguf"}};
    spec.socket_dir = "/run/g/e1";
    spec.limits.processes = 77;
    return spec;
}

Words arguments(const SandboxSpec& spec) {
    Words sources;
    for (const auto& path : spec.read_only) sources.push_back(path.host.string());
    return bwrap_arguments(spec, debian(), sources, spec.socket_dir.string());
}

/// Where `sequence` begins in `words`; words.size() if nowhere.
std::size_t find(const Words& words, const Words& sequence) {
    const auto at = std::search(words.begin(), words.end(), sequence.begin(), sequence.end());
    return static_cast<std::size_t>(at - words.begin());
}

bool has(const Words& words, const Words& sequence) {
    return find(words, sequence) < words.size();
}

TEST_CASE("the engine sees its folder and model read-only and one writable folder") {
    const Words words = arguments(engine_spec());
    CHECK(has(words, {"--ro-bind", "/var/engine", "/engine"}));
    CHECK(has(words, {"--ro-bind", "/var/m.gguf", "/model.gguf"}));
    CHECK(has(words, {"--bind", "/run/g/e1", "/run/engine"}));
    CHECK(std::count(words.begin(), words.end(), "--bind") == 1);
}

TEST_CASE("all namespaces are unshared, all capabilities dropped, and it dies with the node") {
    const Words words = arguments(engine_spec());
    for (const char* const word :
         {"--unshare-user", "--unshare-ipc", "--unshare-uts", "--unshare-pid", "--unshare-net",
          "--unshare-cgroup-try", "--die-with-parent", "--new-session", "--clearenv"}) {
        CAPTURE(word);
        CHECK(has(words, {word}));
    }
    CHECK(has(words, {"--cap-drop", "ALL"}));
    CHECK(has(words, {"--seccomp", "3"}));
}

TEST_CASE("writable folders in memory are bounded and the root is closed last") {
    SandboxSpec spec = engine_spec();
    spec.limits.tmp_bytes = 4096;
    const Words words = arguments(spec);
    CHECK(has(words, {"--size", "4096", "--tmpfs", "/tmp"}));
    CHECK(has(words, {"--size", "4096", "--tmpfs", "/dev/shm"}));
    CHECK(find(words, {"--remount-ro", "/dev"}) > find(words, {"--tmpfs", "/dev/shm"}));
    CHECK(find(words, {"--remount-ro", "/"}) > find(words, {"--bind", "/run/g/e1"}));
}

TEST_CASE("the command comes last, behind the limit on processes") {
    const Words words = arguments(engine_spec());
    const Words end = {"--",      "/usr/bin/prlimit", "--nproc=77:77", "--", "/engine/llama-server",
                       "--model", "/model.gguf"};
    CHECK(find(words, end) == words.size() - end.size());
}

TEST_CASE("GPU nodes and the folders of drivers appear only when a GPU is handed in") {
    CHECK_FALSE(has(arguments(engine_spec()), {"/sys/devices"}));
    SandboxSpec spec = engine_spec();
    spec.device_nodes = {"/dev/nvidia0"};
    const Words words = arguments(spec);
    CHECK(has(words, {"--dev-bind", "/dev/nvidia0", "/dev/nvidia0"}));
    CHECK(has(words, {"--ro-bind-try", "/sys/devices", "/sys/devices"}));
    CHECK(find(words, {"--dev-bind", "/dev/nvidia0"}) > find(words, {"--dev", "/dev"}));
}

TEST_CASE("each weakening takes away exactly its protection") {
    SandboxSpec spec = engine_spec();
    spec.weakening.share_network = true;
    CHECK_FALSE(has(arguments(spec), {"--unshare-net"}));
    CHECK(has(arguments(spec), {"--unshare-pid"}));
    spec.weakening = {};
    spec.weakening.no_syscall_filter = true;
    CHECK_FALSE(has(arguments(spec), {"--seccomp"}));
    CHECK(has(arguments(spec), {"--unshare-net"}));
    spec.weakening = {};
    spec.weakening.no_limits = true;
    CHECK_FALSE(has(arguments(spec), {"/usr/bin/prlimit"}));
}

}  // namespace
}  // namespace gleaner
