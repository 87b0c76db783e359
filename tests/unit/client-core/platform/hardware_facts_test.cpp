#include "client-core/platform/hardware_facts.h"

#include <doctest/doctest.h>

#include "tests/support/temporary_folder.h"

namespace gleaner {
namespace {

namespace fs = std::filesystem;

/// A network adapter as /sys shows it: its folder links to a device on `bus`.
void add_adapter(const testing::TemporaryFolder& root, const std::string& name,
                 const std::string& mac, const std::string& bus, const char* assigned = "0\n") {
    const fs::path device = fs::path("sys/devices") / bus / name;
    root.write(device / "uevent", "");
    root.write(fs::path("sys/class/net") / name / "address", mac + "\n");
    root.write(fs::path("sys/class/net") / name / "addr_assign_type", assigned);
    fs::create_symlink(root.path() / device, root.path() / "sys/class/net" / name / "device");
}

void add_usual_machine(const testing::TemporaryFolder& root) {
    root.write("sys/class/dmi/id/product_uuid", "4C4C4544-0042-3510-8052-B9C04F4E3333\n");
    root.write("sys/class/dmi/id/product_serial", "To be filled by O.E.M.\n");
    root.write("sys/class/dmi/id/board_serial", " BSN12345678 \n");
    root.write("proc/cpuinfo", "processor\t: 0\nmodel name\t: Intel(R) Core(TM) i5-12400F\n");
    add_adapter(root, "enp3s0", "A8:A1:59:00:11:22", "pci0000:00/0000:03:00.0");
}

TEST_CASE("facts are read in canonical form and placeholders are left out") {
    const testing::TemporaryFolder root;
    add_usual_machine(root);
    const HardwareFacts facts = read_hardware_facts(root.path());
    CHECK(facts.system_uuid == "4c4c4544-0042-3510-8052-b9c04f4e3333");
    CHECK(facts.system_serial.empty());
    CHECK(facts.board_serial == "bsn12345678");
    CHECK(facts.cpu_model == "intel(r) core(tm) i5-12400f");
    CHECK(facts.macs == std::vector<std::string>{"a8:a1:59:00:11:22"});
    CHECK(identifies_machine(facts));
}

TEST_CASE("adapters that wander or are made up do not change who the machine is") {
    const testing::TemporaryFolder root;
    add_usual_machine(root);
    const Sha256 before = hardware_fingerprint(read_hardware_facts(root.path()), 0);
    add_adapter(root, "enx1", "00:e0:4c:68:00:01", "pci0000:00/0000:00:14.0/usb2/2-1");
    add_adapter(root, "wlan0", "12:34:56:78:9a:bc", "pci0000:00/0000:04:00.0", "3\n");
    root.write("sys/class/net/docker0/address", "02:42:00:00:00:01\n");
    CHECK(hardware_fingerprint(read_hardware_facts(root.path()), 0) == before);
    add_adapter(root, "enp5s0", "a8:a1:59:00:11:23", "pci0000:00/0000:05:00.0");
    CHECK(hardware_fingerprint(read_hardware_facts(root.path()), 0) != before);
}

TEST_CASE("the order in which the system lists adapters does not matter") {
    const testing::TemporaryFolder first;
    add_adapter(first, "a", "00:00:00:00:00:01", "pci/1");
    add_adapter(first, "b", "00:00:00:00:00:02", "pci/2");
    const testing::TemporaryFolder second;
    add_adapter(second, "a", "00:00:00:00:00:02", "pci/1");
    add_adapter(second, "b", "00:00:00:00:00:01", "pci/2");
    CHECK(hardware_fingerprint(read_hardware_facts(first.path()), 0) ==
          hardware_fingerprint(read_hardware_facts(second.path()), 0));
}

TEST_CASE("instances on one host have fingerprints of their own") {
    const testing::TemporaryFolder root;
    add_usual_machine(root);
    const HardwareFacts facts = read_hardware_facts(root.path());
    CHECK(hardware_fingerprint(facts, 0) != hardware_fingerprint(facts, 1));
    CHECK(hardware_fingerprint(facts, 1) == hardware_fingerprint(facts, 1));
    CHECK(hardware_fingerprint(facts, 0).get().size() == 64);
}

TEST_CASE("an exchanged graphics card leaves the identity alone") {
    const testing::TemporaryFolder root;
    add_usual_machine(root);
    HardwareFacts facts = read_hardware_facts(root.path());
    const Sha256 before = hardware_fingerprint(facts, 0);
    facts.gpu_uuids = {"gpu-1111"};
    CHECK(hardware_fingerprint(facts, 0) == before);
}

TEST_CASE("where nothing else is known the graphics card identifies the machine") {
    const testing::TemporaryFolder root;
    root.write("proc/driver/nvidia/gpus/0000:01:00.0/information",
               "Model: \t\t NVIDIA GeForce RTX 4060\nGPU UUID: \t GPU-1234abcd-0001\n");
    root.write("proc/driver/nvidia/gpus/0000:02:00.0/information",
               "GPU UUID: \t GPU-?"
               "?"
               "?-?"
               "?\n");
    const HardwareFacts facts = read_hardware_facts(root.path());
    CHECK(facts.gpu_uuids == std::vector<std::string>{"gpu-1234abcd-0001"});
    CHECK(identifies_machine(facts));
    HardwareFacts other = facts;
    other.gpu_uuids = {"gpu-5678"};
    CHECK(hardware_fingerprint(facts, 0) != hardware_fingerprint(other, 0));
}

TEST_CASE("a machine of which nothing can be read does not count as identified") {
    const testing::TemporaryFolder root;
    CHECK_FALSE(identifies_machine(read_hardware_facts(root.path())));
}

TEST_CASE("what makers forget to fill in is recognised") {
    for (const char* const text :
         {"", "  ", "To Be Filled By O.E.M.", "Default string", "System Serial Number", "N/A",
          "00000000-0000-0000-0000-000000000000", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
          "03000200-0400-0500-0006-000700080009", "0", "xxxxxxxx", "00:00:00:00:00:00",
          "............"}) {
        CAPTURE(text);
        CHECK(is_placeholder(text));
    }
    for (const char* const text : {"BSN12345678", "4c4c4544-0042-3510-8052-b9c04f4e3333", "01"}) {
        CAPTURE(text);
        CHECK_FALSE(is_placeholder(text));
    }
}

}  // namespace
}  // namespace gleaner
