#include "client-core/engine/device_list.h"

#include <charconv>

#include "client-core/platform/sandboxed_run.h"

namespace gleaner {

namespace asio = boost::asio;

namespace {

constexpr Duration list_limit = 60s;  // a cold CUDA driver takes its time

/// "81000 MiB" at the start of `text` → bytes; false if it is not there.
bool read_mebibytes(std::string_view text, std::uint64_t& bytes) {
    std::uint64_t number = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (ec != std::errc{} || number > (1ULL << 40)) return false;
    bytes = number << 20;
    return text.substr(static_cast<std::size_t>(end - text.data())).starts_with(" MiB");
}

/// The description may hold parentheses, so the sizes are looked for from the end.
bool parse_line(std::string_view line, EngineDevice& device) {
    const auto first = line.find_first_not_of(' ');
    const auto colon = line.find(": ");
    const auto sizes = line.rfind(" (");
    if (first == std::string_view::npos || colon == std::string_view::npos ||
        sizes == std::string_view::npos || sizes <= colon)
        return false;
    const auto comma = line.find(", ", sizes);
    if (comma == std::string_view::npos) return false;
    device.name = line.substr(first, colon - first);
    device.description = line.substr(colon + 2, sizes - colon - 2);
    return read_mebibytes(line.substr(sizes + 2), device.memory_total_bytes) &&
           read_mebibytes(line.substr(comma + 2), device.memory_free_bytes);
}

}  // namespace

Result<std::vector<EngineDevice>> parse_device_list(std::string_view text) {
    constexpr std::string_view heading = "Available devices:";
    const auto start = text.find(heading);
    if (start == std::string_view::npos) {
        return Error(ErrorCode::data_corrupt,
                     "engine: --list-devices printed no list: is this llama-server?");
    }
    text.remove_prefix(start + heading.size());
    std::vector<EngineDevice> devices;
    while (!text.empty()) {
        const auto end = text.find('\n');
        EngineDevice device;
        if (parse_line(text.substr(0, end), device)) devices.push_back(std::move(device));
        if (end == std::string_view::npos) break;
        text.remove_prefix(end + 1);
    }
    return devices;
}

asio::awaitable<Result<std::vector<EngineDevice>>> list_engine_devices(
    Sandbox& sandbox, std::filesystem::path engine_dir,
    std::vector<std::filesystem::path> device_nodes, asio::any_io_executor executor) {
    SandboxSpec spec;
    spec.command = {std::string(sandbox_paths::engine_dir) + "/llama-server", "--list-devices"};
    spec.read_only = {{std::move(engine_dir), std::string(sandbox_paths::engine_dir)}};
    spec.device_nodes = std::move(device_nodes);
    auto run = run_in_sandbox(sandbox, std::move(spec), list_limit, executor);
    auto printed = co_await std::move(run);
    if (!printed) co_return std::move(printed).error();
    co_return parse_device_list(printed.value());
}

}  // namespace gleaner
