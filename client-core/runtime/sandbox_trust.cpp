#include "client-core/runtime/sandbox_trust.h"

#include <utility>

#include "client-core/platform/escape_probe.h"
#include "shared/util/log.h"

namespace gleaner {

namespace asio = boost::asio;

SandboxTrust::SandboxTrust(Sandbox& sandbox, std::filesystem::path probe_program,
                           std::filesystem::path canary_dir, asio::any_io_executor executor)
    : sandbox_(&sandbox),
      probe_program_(std::move(probe_program)),
      canary_dir_(std::move(canary_dir)),
      executor_(executor),
      one_at_a_time_(executor) {}

asio::awaitable<Status> SandboxTrust::prove(SandboxSpec like) {
    std::string key = "sandbox";
    for (const auto& node : like.device_nodes) key += " " + node.string();
    const auto turn = co_await one_at_a_time_.enter();
    if (proven_.contains(key)) co_return ok();
    ProbeSetup setup;
    setup.probe_program = probe_program_;
    setup.canary_dir = canary_dir_;
    setup.like = std::move(like);
    auto probing = run_escape_probe(*sandbox_, std::move(setup), executor_);
    const auto report = co_await std::move(probing);
    if (!report) co_return report.error();
    GLEANER_CO_TRY(judge_probe_report(report.value()));
    spdlog::info("event=sandbox_proven attempts={} took_ms={}", report.value().attempts.size(),
                 report.value().took.count() / 1000);
    proven_[key] = true;
    co_return ok();
}

}  // namespace gleaner
