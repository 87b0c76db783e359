#include "client-core/platform/escape_probe.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/json.hpp>

#include "client-core/platform/sandboxed_run.h"
#include "shared/util/random.h"

namespace gleaner {

namespace asio = boost::asio;
namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

constexpr Duration probe_limit = 20s;
constexpr std::string_view probe_inside = "/probe/gleaner-probe";

/// One of each kind: a report without them comes from a probe that did not do its work.
constexpr std::array<std::string_view, 14> required_attempts = {"network_inet_stream",
                                                                "network_host_loopback",
                                                                "network_host_abstract_socket",
                                                                "files_host_canary",
                                                                "files_read_shadow",
                                                                "files_root_entries",
                                                                "devices_entries",
                                                                "processes_visible",
                                                                "processes_trace",
                                                                "kernel_bpf",
                                                                "limits_memory",
                                                                "limits_processes",
                                                                "privileges_mount",
                                                                "privileges_user_namespace"};

/// Things on the host that the probe tries to reach, for as long as this lives.
class Bait {
public:
    explicit Bait(const asio::any_io_executor& executor) : loopback_(executor), local_(executor) {}
    Bait(const Bait&) = delete;
    Bait& operator=(const Bait&) = delete;
    ~Bait() {
        if (!canary_.empty()) unlink(canary_.c_str());
    }

    Status lay(const fs::path& canary_dir) {
        using asio::ip::tcp;
        boost::system::error_code ec;
        const tcp::endpoint any_port(asio::ip::address_v4::loopback(), 0);
        loopback_.open(any_port.protocol(), ec);
        if (!ec) loopback_.bind(any_port, ec);
        if (!ec) loopback_.listen(4, ec);
        port_ = ec ? 9 : loopback_.local_endpoint(ec).port();
        abstract_ = random_token("gleaner-probe-", 20);
        const asio::local::stream_protocol::endpoint name(std::string(1, '\0') + abstract_);
        local_.open(name.protocol(), ec);
        if (!ec) local_.bind(name, ec);
        if (!ec) local_.listen(4, ec);
        if (ec) return Error(ErrorCode::io_failed, "escape probe: a local socket: " + ec.message());
        std::string pattern = (fs::absolute(canary_dir) / "gleaner-canary-XXXXXX").string();
        const int fd = mkstemp(pattern.data());
        if (fd < 0)
            return error_from_errno("escape probe: a file in " + canary_dir.string(), errno);
        // Readable by everybody: only the sandbox itself stands in the way.
        static_cast<void>(!fchmod(fd, 0644));
        close(fd);
        canary_ = pattern;
        return ok();
    }

    [[nodiscard]] int port() const { return port_; }
    [[nodiscard]] const std::string& abstract_name() const { return abstract_; }
    [[nodiscard]] const std::string& canary() const { return canary_; }

private:
    asio::ip::tcp::acceptor loopback_;
    asio::local::stream_protocol::acceptor local_;
    int port_ = 0;
    std::string abstract_;
    std::string canary_;
};

/// Field 22 of /proc/self/stat: this process's start, which no process inside shares with it.
std::uint64_t own_start() {
    std::ifstream in("/proc/self/stat");
    std::string line;
    std::getline(in, line);
    std::istringstream fields(line.substr(line.rfind(')') + 1));
    std::string field;
    for (int number = 3; number <= 22; ++number) fields >> field;
    return std::strtoull(field.c_str(), nullptr, 10);
}

SandboxLimits small_limits() {
    SandboxLimits limits;
    limits.memory_bytes = 64ULL << 20;
    limits.tmp_bytes = 8ULL << 20;
    limits.file_bytes = 4ULL << 20;
    limits.processes = 64;
    limits.open_files = 128;
    return limits;
}

std::string first_component(const std::string& inside) {
    return inside.substr(1, inside.find('/', 1) - 1);
}

std::string facts_for_probe(const SandboxSpec& spec, const Bait& bait) {
    const bool gpu = !spec.device_nodes.empty();
    json::array nodes;
    json::array roots = {"run"};
    json::array environment;
    for (const auto& node : spec.device_nodes) {
        nodes.emplace_back(first_component(fs::path("/") / node.lexically_relative("/dev")));
    }
    for (const auto& path : spec.read_only) roots.emplace_back(first_component(path.inside));
    if (gpu) roots.insert(roots.end(), {"sys", "etc", "opt"});
    for (const auto& [name, value] : spec.environment) environment.emplace_back(name);
    const SandboxLimits& limits = spec.limits;
    const std::uint64_t private_max = limits.memory_bytes + memory_tolerance_bytes;
    json::object facts;
    facts["loopback_port"] = bait.port();
    facts["abstract_socket"] = bait.abstract_name();
    facts["victim_pid"] = getpid();
    facts["victim_start"] = own_start();
    facts["canary_file"] = bait.canary();
    facts["device_nodes"] = std::move(nodes);
    facts["root_entries"] = std::move(roots);
    facts["environment"] = std::move(environment);
    facts["private_bytes_max"] = private_max;
    facts["address_bytes_max"] =
        gpu ? 0 : private_max + limits.mapped_bytes + address_space_tolerance_bytes;
    facts["tmp_bytes"] = limits.tmp_bytes;
    facts["file_bytes"] = limits.file_bytes;
    facts["processes"] = limits.processes;
    facts["open_files"] = limits.open_files;
    facts["memfd_refused"] = !gpu;
    return json::serialize(facts);
}

}  // namespace

std::vector<ProbeAttempt> ProbeReport::escapes() const {
    std::vector<ProbeAttempt> result;
    std::copy_if(attempts.begin(), attempts.end(), std::back_inserter(result),
                 [](const ProbeAttempt& attempt) { return attempt.escaped; });
    return result;
}

Result<ProbeReport> parse_probe_report(std::string_view text) {
    const Error corrupt(ErrorCode::data_corrupt,
                        "escape probe: its report is not what gleaner-probe prints: is the "
                        "program of another version?");
    boost::system::error_code ec;
    const json::value value = json::parse(text, ec);
    if (ec || !value.is_object()) return corrupt;
    const json::value* const attempts = value.get_object().if_contains("attempts");
    const json::value* const details = value.get_object().if_contains("details");
    if (attempts == nullptr || !attempts->is_object()) return corrupt;
    ProbeReport report;
    for (const auto& [name, outcome] : attempts->get_object()) {
        if (!outcome.is_string()) return corrupt;
        // Anything but the one word that means safety counts as an escape.
        ProbeAttempt attempt{std::string(name), outcome.get_string() != "refused", {}};
        if (details != nullptr && details->is_object()) {
            const json::value* const detail = details->get_object().if_contains(name);
            if (detail != nullptr && detail->is_string())
                attempt.detail = std::string(detail->get_string());
        }
        report.attempts.push_back(std::move(attempt));
    }
    for (const std::string_view name : required_attempts) {
        if (!attempts->get_object().contains(name)) {
            return Error(ErrorCode::data_corrupt,
                         "escape probe: its report lacks " + std::string(name));
        }
    }
    return report;
}

Status judge_probe_report(const ProbeReport& report) {
    const auto escapes = report.escapes();
    if (escapes.empty()) return ok();
    std::string list;
    for (const auto& attempt : escapes) {
        list += (list.empty() ? "" : ", ") + attempt.name + " (" + attempt.detail + ")";
    }
    return Error(ErrorCode::failed_precondition,
                 "the sandbox of this machine does not hold, so no work is taken; what got out: " +
                     list + ". Check the versions of bubblewrap and of the kernel",
                 Blame::owner);
}

asio::awaitable<Result<ProbeReport>> run_escape_probe(Sandbox& sandbox, ProbeSetup setup,
                                                      asio::any_io_executor executor) {
    Bait bait(executor);
    GLEANER_CO_TRY(bait.lay(setup.canary_dir));
    SandboxSpec spec = std::move(setup.like);
    spec.read_only.push_back({setup.probe_program, std::string(probe_inside)});
    spec.limits = small_limits();
    spec.stdout_bytes_max = 256 << 10;
    spec.command = {std::string(probe_inside), facts_for_probe(spec, bait)};
    const auto begin = std::chrono::steady_clock::now();
    auto run = run_in_sandbox(sandbox, std::move(spec), probe_limit, executor);
    auto printed = co_await std::move(run);
    if (!printed && printed.error().code() == ErrorCode::failed_precondition) {
        co_return Error(ErrorCode::unsupported,
                        "escape probe: the sandbox could not be set up on this machine: " +
                            printed.error().message(),
                        Blame::owner);
    }
    if (!printed) co_return printed.error().within("escape probe");
    GLEANER_CO_TRY(auto report, parse_probe_report(printed.value()));
    report.took = std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - begin);
    co_return report;
}

}  // namespace gleaner
