#include "client-core/platform/hardware_facts.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <system_error>

#include "shared/artefact/sha256.h"

namespace gleaner {

namespace fs = std::filesystem;

namespace {

/// In lower case, without surrounding blanks. Each was found in real machines.
constexpr std::array<std::string_view, 30> placeholders = {"to be filled by o.e.m.",
                                                           "to be filled by o.e.m",
                                                           "to be filled by oem",
                                                           "default string",
                                                           "default",
                                                           "system serial number",
                                                           "system product name",
                                                           "base board serial number",
                                                           "chassis serial number",
                                                           "serial number",
                                                           "not specified",
                                                           "not applicable",
                                                           "not available",
                                                           "not present",
                                                           "none",
                                                           "n/a",
                                                           "na",
                                                           "null",
                                                           "empty",
                                                           "unknown",
                                                           "invalid",
                                                           "undefined",
                                                           "o.e.m.",
                                                           "oem",
                                                           "0123456789",
                                                           "123456789",
                                                           "1234567890",
                                                           "03000200-0400-0500-0006-000700080009",
                                                           "00020003-0004-0005-0006-000700080009",
                                                           "12345678-1234-5678-90ab-cddeefaabbcc"};

std::string trimmed_lower(const std::string& text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string::npos) return {};
    const auto last = text.find_last_not_of(std::string_view(" \t\r\n\0", 5));
    std::string result = text.substr(first, last - first + 1);
    std::transform(result.begin(), result.end(), result.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return result;
}

/// The first line, bounded; empty if there is none.
std::string first_line(const fs::path& path) {
    std::ifstream in(path);
    std::string line;
    std::getline(in, line);
    if (line.size() > 256) line.resize(256);
    return line;
}

std::string known_value(const fs::path& path) {
    const std::string value = trimmed_lower(first_line(path));
    return is_placeholder(value) ? std::string() : value;
}

std::string cpu_model(const fs::path& root) {
    std::ifstream in(root / "proc/cpuinfo");
    std::string line;
    for (int lines = 0; lines < 200 && std::getline(in, line); ++lines) {
        const auto colon = line.find(':');
        if (colon == std::string::npos) continue;
        const std::string name = trimmed_lower(line.substr(0, colon));
        if (name == "model name" || name == "hardware" || name == "cpu model")
            return trimmed_lower(line.substr(colon + 1));
    }
    return {};
}

/// Adapters that are part of the machine: on a bus, but not on USB, with an address of their own.
std::vector<std::string> built_in_macs(const fs::path& root) {
    std::vector<std::string> macs;
    std::error_code ec;
    for (const auto& entry : fs::directory_iterator(root / "sys/class/net", ec)) {
        const fs::path device = fs::canonical(entry.path() / "device", ec);
        if (ec || device.string().find("/usb") != std::string::npos) continue;
        constexpr const char* permanent = "0";
        if (trimmed_lower(first_line(entry.path() / "addr_assign_type")) != permanent) continue;
        const std::string mac = trimmed_lower(first_line(entry.path() / "address"));
        if (mac.size() == 17 && !is_placeholder(mac)) macs.push_back(mac);
    }
    std::sort(macs.begin(), macs.end());
    macs.erase(std::unique(macs.begin(), macs.end()), macs.end());
    return macs;
}

/// From the driver's own files: no library needs to be loaded for it.
std::vector<std::string> nvidia_uuids(const fs::path& root) {
    std::vector<std::string> uuids;
    std::error_code ec;
    for (const auto& entry : fs::directory_iterator(root / "proc/driver/nvidia/gpus", ec)) {
        std::ifstream in(entry.path() / "information");
        std::string line;
        while (std::getline(in, line)) {
            if (!line.starts_with("GPU UUID:")) continue;
            const std::string uuid = trimmed_lower(line.substr(line.find(':') + 1));
            // "GPU-????????-…" while the driver has not yet looked.
            if (uuid.find('?') == std::string::npos && !is_placeholder(uuid)) uuids.push_back(uuid);
        }
    }
    std::sort(uuids.begin(), uuids.end());
    return uuids;
}

}  // namespace

bool is_placeholder(const std::string& value) {
    const std::string text = trimmed_lower(value);
    if (std::find(placeholders.begin(), placeholders.end(), text) != placeholders.end())
        return true;
    // Nothing but one character over and over, whatever separates it: 0000-…, ff:ff:…, xxxx.
    char only = '\0';
    for (const char c : text) {
        if (std::isalnum(static_cast<unsigned char>(c)) == 0) continue;
        if (only != '\0' && c != only) return false;
        only = c;
    }
    return true;
}

HardwareFacts read_hardware_facts(const fs::path& root) {
    HardwareFacts facts;
    const fs::path dmi = root / "sys/class/dmi/id";
    facts.system_uuid = known_value(dmi / "product_uuid");
    facts.system_serial = known_value(dmi / "product_serial");
    if (facts.system_serial.empty()) {
        facts.system_serial = known_value(root / "sys/firmware/devicetree/base/serial-number");
    }
    facts.board_serial = known_value(dmi / "board_serial");
    facts.cpu_model = cpu_model(root);
    facts.macs = built_in_macs(root);
    facts.gpu_uuids = nvidia_uuids(root);
    return facts;
}

namespace {

bool has_board_facts(const HardwareFacts& facts) {
    return !facts.system_uuid.empty() || !facts.system_serial.empty() ||
           !facts.board_serial.empty() || !facts.macs.empty();
}

}  // namespace

bool identifies_machine(const HardwareFacts& facts) {
    return has_board_facts(facts) || !facts.gpu_uuids.empty();
}

std::string canonical_facts(const HardwareFacts& facts, std::uint32_t instance) {
    std::string text = "gleaner-hardware-1\n";
    const auto add = [&text](std::string_view name, const std::string& value) {
        text.append(name).append("=").append(value).append("\n");
    };
    add("system_uuid", facts.system_uuid);
    add("system_serial", facts.system_serial);
    add("board_serial", facts.board_serial);
    add("cpu_model", facts.cpu_model);
    for (const auto& mac : facts.macs) add("mac", mac);
    if (!has_board_facts(facts)) {
        for (const auto& uuid : facts.gpu_uuids) add("gpu_uuid", uuid);
    }
    add("instance", std::to_string(instance));
    return text;
}

Sha256 hardware_fingerprint(const HardwareFacts& facts, std::uint32_t instance) {
    return hash_bytes(canonical_facts(facts, instance));
}

}  // namespace gleaner
