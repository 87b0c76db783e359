#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <system_error>
#include <utility>

#include "client-core/platform/devices.h"

namespace gleaner {

namespace fs = std::filesystem;

namespace {

std::string trimmed(const std::string& text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

bool has_word(const std::string& line, const std::string& word) {
    std::istringstream in(line);
    std::string read;
    while (in >> read) {
        if (read == word) return true;
    }
    return false;
}

/// "MemTotal:  123 kB" → bytes.
std::uint64_t kilobytes_of(const std::string& value) {
    return std::strtoull(value.c_str(), nullptr, 10) * 1024;
}

void read_processors(const fs::path& root, CpuDevice& cpu) {
    std::ifstream in(root / "proc/cpuinfo");
    std::set<std::pair<std::string, std::string>> cores;  // (socket, core)
    std::string socket;
    std::string line;
    while (std::getline(in, line)) {
        const auto colon = line.find(':');
        if (colon == std::string::npos) continue;
        const std::string name = trimmed(line.substr(0, colon));
        const std::string value = trimmed(line.substr(colon + 1));
        if (name == "processor") ++cpu.threads;
        if (name == "model name" && cpu.model.empty()) cpu.model = value;
        if (name == "physical id") socket = value;
        if (name == "core id") cores.emplace(socket, value);
        if (name == "flags" && cpu.threads == 1) {
            cpu.avx2 = has_word(value, "avx2");
            cpu.avx512 = has_word(value, "avx512f");
        }
    }
    // Machines other than x86 do not tell cores and threads apart here.
    cpu.cores = cores.empty() ? cpu.threads : static_cast<std::uint32_t>(cores.size());
}

void read_memory(const fs::path& root, CpuDevice& cpu) {
    std::ifstream in(root / "proc/meminfo");
    std::string line;
    while (std::getline(in, line)) {
        const auto colon = line.find(':');
        if (colon == std::string::npos) continue;
        const std::string name = line.substr(0, colon);
        if (name == "MemTotal") cpu.memory_total_bytes = kilobytes_of(line.substr(colon + 1));
        if (name == "MemAvailable")
            cpu.memory_available_bytes = kilobytes_of(line.substr(colon + 1));
    }
}

void add_if_there(const fs::path& root, const fs::path& node, std::vector<fs::path>& nodes) {
    std::error_code ec;
    if (fs::exists(root / node.relative_path(), ec)) nodes.push_back(node);
}

}  // namespace

Result<CpuDevice> read_cpu_device(const fs::path& root) {
    CpuDevice cpu;
    read_processors(root, cpu);
    read_memory(root, cpu);
    if (cpu.threads == 0 || cpu.memory_total_bytes == 0) {
        return Error(ErrorCode::io_failed,
                     "devices: " + (root / "proc").string() +
                         " does not tell processors and memory: is /proc mounted?");
    }
    return cpu;
}

std::vector<fs::path> gpu_device_nodes(const GpuAccess& access, const fs::path& root) {
    std::vector<fs::path> nodes;
    switch (access.kind) {
        case GpuAccess::Kind::none:
            break;
        case GpuAccess::Kind::nvidia:
            for (const char* const node : {"/dev/nvidiactl", "/dev/nvidia-uvm",
                                           "/dev/nvidia-uvm-tools", "/dev/nvidia-modeset"}) {
                add_if_there(root, node, nodes);
            }
            add_if_there(root, "/dev/nvidia" + std::to_string(access.minor), nodes);
            break;
        case GpuAccess::Kind::render: {
            if (access.minor != 0) {
                add_if_there(root, "/dev/dri/renderD" + std::to_string(access.minor), nodes);
                add_if_there(root, "/dev/kfd", nodes);
                break;
            }
            std::error_code ec;
            for (const auto& entry : fs::directory_iterator(root / "dev/dri", ec)) {
                const std::string name = entry.path().filename().string();
                if (name.starts_with("renderD")) nodes.push_back(fs::path("/dev/dri") / name);
            }
            std::sort(nodes.begin(), nodes.end());
            add_if_there(root, "/dev/kfd", nodes);
            break;
        }
    }
    return nodes;
}

}  // namespace gleaner
