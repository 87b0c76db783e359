#include "client-core/runtime/node_tools.h"

#include <unistd.h>
#include <utility>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "client-core/bench/cpu_bench.h"
#include "client-core/platform/escape_probe.h"
#include "client-core/runtime/credentials.h"
#include "client-core/runtime/data_folder.h"
#include "client-core/runtime/enrol.h"

namespace gleaner {

namespace asio = boost::asio;
namespace fs = std::filesystem;
namespace json = boost::json;

std::string host_name() {
    std::string name(256, '\0');
    if (::gethostname(name.data(), name.size() - 1) != 0) return "unknown";
    name.resize(name.find('\0'));
    return name;
}

asio::awaitable<Result<std::string>> enrol_into(fs::path folder, GatewayAddress address,
                                                std::string token, Applicant applicant,
                                                const Clock& clock) {
    const auto loaded = Credentials::load(folder);
    if (loaded && loaded.value() &&
        loaded.value()->hardware_fingerprint() == applicant.hardware_fingerprint &&
        loaded.value()->expires() > clock.wall()) {
        co_return Error(ErrorCode::already_exists,
                        "this machine is enrolled already as " + loaded.value()->node().get() +
                            "; to enrol it anew delete node.crt in " + folder.string());
    }
    GLEANER_CO_TRY(const EnrolmentToken parsed, EnrolmentToken::parse(token));
    auto asking = enrol(std::move(address), parsed, std::move(applicant));
    GLEANER_CO_TRY(const Enrolled enrolled, co_await std::move(asking));
    GLEANER_CO_TRY(enrolled.credentials.save(folder));
    co_return enrolled.credentials.node().get();
}

asio::awaitable<Result<std::string>> probe_sandbox(Sandbox& sandbox, fs::path probe_program,
                                                   asio::any_io_executor executor) {
    ProbeSetup setup;
    setup.probe_program = std::move(probe_program);
    setup.canary_dir = fs::temp_directory_path();
    auto probing = run_escape_probe(sandbox, std::move(setup), executor);
    GLEANER_CO_TRY(const ProbeReport report, co_await std::move(probing));
    GLEANER_CO_TRY(judge_probe_report(report));
    std::string text;
    for (const ProbeAttempt& attempt : report.attempts) {
        text += "refused  " + attempt.name;
        if (!attempt.detail.empty()) text += "  (" + attempt.detail + ")";
        text += '\n';
    }
    co_return text + "The sandbox held against " + std::to_string(report.attempts.size()) +
        " attempts in " + std::to_string(report.took.count() / 1'000) + " ms.\n";
}

std::string measure_devices_as_json(const std::vector<NodeDevice>& devices, const Clock& clock) {
    json::array list;
    for (const NodeDevice& device : devices) {
        json::object entry{{"id", device.id},
                           {"kind", device.kind},
                           {"name", device.name},
                           {"driver", device.driver},
                           {"memory_bytes", device.memory_bytes}};
        if (!is_usable(device)) entry["waits_for_engine"] = true;
        if (device.kind == "cpu") {
            const CpuSpeed speed = measure_cpu(clock);
            entry["threads"] = device.threads;
            entry["copy_gib_per_s_per_thread"] = speed.copy_gib_per_s;
            entry["fp32_gflops_per_thread"] = speed.fp32_gflops;
        }
        list.push_back(std::move(entry));
    }
    return json::serialize(json::object{{"devices", std::move(list)}});
}

Result<std::string> status_as_json(const fs::path& folder) {
    GLEANER_TRY(const std::string text, DataFolder::read_status(folder));
    boost::system::error_code error;
    json::value status = json::parse(text, error);
    if (error || !status.is_object()) {
        return Error(ErrorCode::data_corrupt,
                     "the status file in " + folder.string() + " is damaged: start the node again");
    }
    const bool running = DataFolder::in_use(folder);
    status.get_object()["running"] = running;
    if (!running) status.get_object()["state"] = "stopped";
    return json::serialize(status);
}

}  // namespace gleaner
