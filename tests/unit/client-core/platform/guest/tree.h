#pragma once
/// A made-up /proc for the tests of detectors.

#include <filesystem>
#include <string>

#include "tests/support/temporary_folder.h"

namespace gleaner::testing {

struct MadeProcess {
    int pid = 0;
    int parent = 1;
    std::string name;
    std::string executable;  ///< empty: not to be read, as of another user or of the kernel
    unsigned ticks = 0;      ///< each of user, system and those of ended children
    bool kernel = false;
    unsigned started = 100;
};

inline void put_process(const TemporaryFolder& root, const MadeProcess& process) {
    const std::filesystem::path folder = "proc/" + std::to_string(process.pid);
    const std::string ticks = std::to_string(process.ticks);
    root.write(folder / "stat", std::to_string(process.pid) + " (" + process.name + ") S " +
                                    std::to_string(process.parent) + " 1 1 0 -1 " +
                                    (process.kernel ? "2129984" : "4194560") + " 9 9 9 9 " + ticks +
                                    " " + ticks + " " + ticks + " " + ticks + " 20 0 1 0 " +
                                    std::to_string(process.started) + " 1000 10\n");
    if (process.executable.empty()) return;
    std::error_code ec;
    std::filesystem::remove(root.path() / folder / "exe", ec);
    std::filesystem::create_symlink(process.executable, root.path() / folder / "exe");
}

inline void remove_process(const TemporaryFolder& root, int pid) {
    std::filesystem::remove_all(root.path() / "proc" / std::to_string(pid));
}

}  // namespace gleaner::testing
