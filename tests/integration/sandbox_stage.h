#pragma once
/// What the tests of the sandbox and of the engine in it share. The engine and the model come from
/// the environment: GLEANER_TEST_ENGINE_DIR (a folder with llama-server and its libraries) and
/// GLEANER_TEST_MODEL (a GGUF). Tests fail without them: one skipped in silence protects nobody.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <sys/stat.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include "client-core/engine/engine_process.h"
#include "client-core/platform/linux/sandbox_bwrap.h"
#include "tests/support/temporary_folder.h"

namespace gleaner {

namespace asio = boost::asio;
namespace fs = std::filesystem;

inline fs::path from_environment(const std::string& name, const std::string& how) {
    const char* const value = std::getenv(name.c_str());
    if (value == nullptr || !fs::exists(value)) {
        FAIL(name << " must name an existing path. " << how);
    }
    return value;
}

inline fs::path engine_dir() {
    return from_environment("GLEANER_TEST_ENGINE_DIR",
                            "Build the engine with installer/engine and name its bin folder.");
}

inline fs::path model_file() {
    return from_environment("GLEANER_TEST_MODEL",
                            "Take installer/model/demo-arith.gguf, or make one with "
                            "installer/model/random_model.py.");
}

/// A sandbox, an event loop and a folder for sockets.
class Stage {
public:
    Stage() {
        auto made = BwrapSandbox::create({});
        if (!made) FAIL(made.error().message());
        sandbox = std::move(made.value());
        ::chmod(folder.path().c_str(), 0755);
    }

    void run(asio::awaitable<void> work) {
        asio::co_spawn(io, std::move(work), [](const std::exception_ptr& exception) {
            if (exception) std::rethrow_exception(exception);
        });
        io.run();
        io.restart();
    }

    [[nodiscard]] EngineSpec engine_spec() const {
        EngineSpec spec;
        spec.engine_dir = engine_dir();
        spec.model_file = model_file();
        spec.runtime_dir = folder.path();
        spec.options.slots = 4;
        spec.options.context_per_slot = 256;
        spec.limits.memory_bytes = 1ULL << 30;
        return spec;
    }

    testing::TemporaryFolder folder;
    asio::io_context io{1};
    std::unique_ptr<BwrapSandbox> sandbox;
};

/// Whether a process exists that is not a mere zombie.
inline bool alive(int pid) {
    std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
    std::string line;
    std::getline(in, line);
    const auto end = line.rfind(')');
    return end != std::string::npos && line[end + 2] != 'Z';
}

}  // namespace gleaner
