#include "client-core/platform/linux/guest/render_use.h"

#include <algorithm>
#include <system_error>

#include "client-core/platform/linux/guest/system_file.h"

namespace gleaner::guest {

namespace fs = std::filesystem;

namespace {

/// "12 KiB" in bytes.
std::uint64_t bytes_of(std::string_view value) {
    const auto number = leading_number<std::uint64_t>(value).value_or(0);
    if (value.ends_with("KiB")) return number << 10;
    if (value.ends_with("MiB")) return number << 20;
    return number;
}

bool on_gpu(std::string_view region) {
    return region.starts_with("vram") || region.starts_with("local");
}

/// Memory by the three names that drivers use; what is resident counts, where it is told.
struct Memory {
    std::uint64_t resident = 0;
    std::uint64_t plain = 0;
    std::uint64_t total = 0;
    [[nodiscard]] std::uint64_t best() const {
        return resident != 0 ? resident : plain != 0 ? plain : total;
    }
};

bool cut(std::string_view& key, std::string_view prefix) {
    if (!key.starts_with(prefix)) return false;
    key.remove_prefix(prefix.size());
    return true;
}

void take(std::string_view key, std::string_view value, RenderClient& client, Memory& memory) {
    const auto number = [&] { return leading_number<std::uint64_t>(value).value_or(0); };
    if (!cut(key, "drm-")) return;
    if (key == "pdev") client.gpu = value;
    if (key == "client-id") client.client = value;
    if (cut(key, "engine-capacity-")) {
        client.capacity[std::string(key)] = number();
    } else if (cut(key, "engine-")) {
        client.engines[std::string(key)] = number();
    } else if (cut(key, "total-cycles-")) {
        client.total_cycles[std::string(key)] = number();
    } else if (cut(key, "cycles-")) {
        client.engines[std::string(key)] = number();
    } else if (cut(key, "resident-")) {
        if (on_gpu(key)) memory.resident += bytes_of(value);
    } else if (cut(key, "memory-")) {
        if (on_gpu(key)) memory.plain += bytes_of(value);
    } else if (cut(key, "total-")) {
        if (on_gpu(key)) memory.total += bytes_of(value);
    }
}

/// The share of one engine that a client used between two readings, 0 to 1.
double share(const RenderClient& now, const RenderClient& before, const std::string& engine,
             Duration passed) {
    const auto used_before = before.engines.find(engine);
    const std::uint64_t used = now.engines.at(engine);
    if (used_before == before.engines.end() || used <= used_before->second) return 0;
    const auto delta = static_cast<double>(used - used_before->second);
    const auto cycles = now.total_cycles.find(engine);
    const auto cycles_before = before.total_cycles.find(engine);
    double all = static_cast<double>(passed.count()) * 1000;
    if (cycles != now.total_cycles.end() && cycles_before != before.total_cycles.end())
        all = static_cast<double>(cycles->second) - static_cast<double>(cycles_before->second);
    const auto capacity = now.capacity.find(engine);
    if (capacity != now.capacity.end() && capacity->second > 1)
        all *= static_cast<double>(capacity->second);
    return all > 0 ? std::min(1.0, delta / all) : 0;
}

std::uint32_t percent_of(double part) {
    return static_cast<std::uint32_t>(std::min(1.0, part) * 100 + 0.5);
}

}  // namespace

std::optional<RenderClient> parse_render_client(std::string_view text) {
    RenderClient client;
    Memory memory;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const auto colon = line.find(':');
        if (colon == std::string_view::npos) continue;
        const auto value = line.find_first_not_of(" \t", colon + 1);
        if (value == std::string_view::npos) continue;
        take(line.substr(0, colon), line.substr(value), client, memory);
    }
    if (client.client.empty()) return std::nullopt;
    client.memory_bytes = memory.best();
    return client;
}

std::string render_address(const fs::path& root, std::uint32_t minor) {
    std::error_code ec;
    return fs::read_symlink(root / "sys/class/drm" / ("renderD" + std::to_string(minor)) / "device",
                            ec)
        .filename()
        .string();
}

std::map<RenderUse::ClientKey, RenderUse::Owned> RenderUse::read_all(
    const ProcessTable& processes) const {
    std::map<ClientKey, Owned> clients;
    for (const auto& [pid, process] : processes.all()) {
        if (!process.opened_gpu || process.own) continue;
        const fs::path folder = root_ / "proc" / std::to_string(pid);
        for (const std::string& name : names_in(folder / "fd")) {
            std::error_code ec;
            const auto target = fs::read_symlink(folder / "fd" / name, ec).native();
            if (!target.starts_with("/dev/dri/")) continue;
            const auto text = read_system_file(folder / "fdinfo" / name, 16UL << 10);
            auto client = text ? parse_render_client(*text) : std::nullopt;
            if (!client) continue;
            ClientKey key(client->gpu, client->client);
            clients.try_emplace(std::move(key), Owned{std::move(*client), pid});
        }
    }
    return clients;
}

void RenderUse::add(const Owned& owned, Duration passed, DeviceUse& use,
                    std::map<std::string, double>& engines) const {
    double most = 0;
    const auto before = before_.find({owned.client.gpu, owned.client.client});
    if (before != before_.end() && passed > Duration::zero()) {
        for (const auto& [engine, used] : owned.client.engines) {
            const double part = share(owned.client, before->second.client, engine, passed);
            engines[engine] += part;
            most = std::max(most, part);
        }
    }
    double busiest = 0;
    for (const auto& [engine, part] : engines) busiest = std::max(busiest, part);
    use.percent = percent_of(busiest);
    use.others.push_back({owned.pid, percent_of(most), owned.client.memory_bytes});
}

std::map<std::string, DeviceUse> RenderUse::sample(const ProcessTable& processes, Time now) {
    auto clients = read_all(processes);
    const Duration passed = read_at_ ? now - *read_at_ : Duration::zero();
    std::map<std::string, DeviceUse> uses;
    std::map<std::string, std::map<std::string, double>> engines;
    for (const auto& [key, owned] : clients) {
        add(owned, passed, uses[key.first], engines[key.first]);
    }
    DeviceUse all;
    for (const auto& [gpu, use] : uses) {
        all.percent = std::max(all.percent.value_or(0), use.percent.value_or(0));
        all.others.insert(all.others.end(), use.others.begin(), use.others.end());
    }
    uses[""] = std::move(all);
    before_ = std::move(clients);
    read_at_ = now;
    return uses;
}

}  // namespace gleaner::guest
