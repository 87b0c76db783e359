#pragma once
/// What gleaner-probe tries from inside the sandbox. Each attempt either is refused or works, and
/// one that works is an escape. Runs only inside: nothing here belongs into the node itself.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gleaner::probe {

/// What the node tells the probe about the world outside, to try to reach it.
struct HostFacts {
    int loopback_port = 0;           ///< something listens there on the host's 127.0.0.1
    std::string abstract_socket;     ///< and on this abstract Unix socket
    int victim_pid = 0;              ///< a process of the host
    std::uint64_t victim_start = 0;  ///< its start, in clock ticks since boot: tells it from others
    std::string canary_file;         ///< a readable file on the host
    std::vector<std::string> device_nodes;  ///< that were handed in on purpose
    std::vector<std::string> root_entries;  ///< of "/", that were handed in on purpose
    std::vector<std::string> environment;   ///< names of variables handed in on purpose
    std::uint64_t private_bytes_max = 0;    ///< more writable memory than this must be refused
    std::uint64_t address_bytes_max = 0;    ///< more address space; 0 = no limit was set
    std::uint64_t tmp_bytes = 0;
    std::uint64_t file_bytes = 0;
    std::uint32_t processes = 0;
    std::uint32_t open_files = 0;
    bool memfd_refused = true;
};

struct Attempt {
    std::string name;
    bool escaped = false;
    std::string detail;
};

class Attempts {
public:
    void record(std::string_view name, bool escaped, std::string detail);
    /// `result` of a system call that must not reach the kernel's own code: refused only with an
    /// errno that the filter or a missing privilege gives, not with one about its arguments.
    void record_call(std::string_view name, long result);
    /// `result` of something that must fail, for whatever reason.
    void record_failure(std::string_view name, long result);
    [[nodiscard]] const std::vector<Attempt>& all() const { return all_; }

private:
    std::vector<Attempt> all_;
};

/// The value of "Name:\tvalue" in /proc/self/status; empty if there is none.
[[nodiscard]] std::string status_field(std::string_view name);
/// Names in a folder without "." and ".."; empty if it cannot be read.
[[nodiscard]] std::vector<std::string> entries_of(const std::string& folder);
[[nodiscard]] bool contains(const std::vector<std::string>& list, std::string_view word);

void attempt_network(const HostFacts& host, Attempts& attempts);
void attempt_files(const HostFacts& host, Attempts& attempts);
void attempt_devices(const HostFacts& host, Attempts& attempts);
void attempt_processes(const HostFacts& host, Attempts& attempts);
void attempt_privileges(const HostFacts& host, Attempts& attempts);
void attempt_kernel(const HostFacts& host, Attempts& attempts);
void attempt_limits(const HostFacts& host, Attempts& attempts);

}  // namespace gleaner::probe
