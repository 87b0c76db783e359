#include "client-core/runtime/benchmark_desk.h"

#include <fstream>
#include <iterator>
#include <utility>

#include "client-core/runtime/credentials.h"
#include "client-core/runtime/daemon_words.h"
#include "shared/artefact/sha256.h"
#include "shared/async/deadline.h"
#include "shared/model/gpu_catalogue.h"
#include "shared/proto/control.pb.h"
#include "shared/proto/wire.pb.h"
#include "shared/tls/message_signature.h"
#include "shared/util/log.h"

namespace gleaner {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using words::say;

namespace {

constexpr std::uint32_t soak_seconds_max = 3'600;
constexpr std::string_view prefix = "bench_";
constexpr std::string_view suffix = ".json";
/// A coordinator that does not answer twice does not know the question.
constexpr std::uint32_t sent_max = 2;

void log_failure(const std::exception_ptr& exception) {
    spdlog::error("event=benchmark_failed why=\"{}\"",
                  async_detail::error_from_exception(exception).message());
}

Result<tls::SignedReport> read_report(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    return tls::parse_signed_report(text);
}

DeviceBenchSpec spec_of(const NodeDevice& device, const fs::path& gpu_program,
                        std::uint32_t soak_seconds) {
    DeviceBenchSpec spec;
    spec.kind = device.kind;
    spec.name = device.name;
    spec.driver = device.driver;
    spec.memory_bytes = device.memory_bytes;
    spec.device_nodes = device.device_nodes;
    spec.environment = device.environment;
    std::error_code none;
    if (fs::exists(gpu_program, none)) spec.gpu_program = gpu_program;
    spec.soak_seconds = soak_seconds;
    spec.threads = device.threads;
    spec.gpu_layers = device.gpu_layers;
    spec.engine_device = device.engine_device;
    spec.cpu.threads = device.threads;
    return spec;
}

}  // namespace

BenchmarkDesk::BenchmarkDesk(BenchmarkNeeds needs, std::function<void()> on_change)
    : needs_(std::move(needs)),
      on_change_(std::move(on_change)),
      trust_(needs_.sandbox, needs_.probe, needs_.folder, needs_.executor),
      tasks_(needs_.executor, log_failure) {
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(needs_.folder, none)) {
        const std::string name = entry.path().filename().string();
        if (!name.starts_with(prefix) || !name.ends_with(suffix)) continue;
        const auto id = name.substr(prefix.size(), name.size() - prefix.size() - suffix.size());
        const Status read = load(id, entry.path());
        if (read.has_error())
            spdlog::warn("event=benchmark_forgotten device={} why=\"{}\"", id,
                         read.error().message());
    }
}

BenchmarkDesk::~BenchmarkDesk() = default;

Status BenchmarkDesk::load(const std::string& device, const fs::path& file) {
    Measured measured;
    GLEANER_TRY(measured.sealed, read_report(file));
    GLEANER_TRY(measured.report, parse_bench_report(measured.sealed.report_json));
    reports_[device] = std::move(measured);
    return ok();
}

Status BenchmarkDesk::start(const NodeDevice& device, const BenchModel& model,
                            std::uint32_t soak_seconds,
                            std::function<std::optional<std::uint32_t>()> celsius) {
    if (device_)
        return Error(ErrorCode::failed_precondition,
                     *device_ + " is being measured: wait for it, or cancel it");
    if (soak_seconds > soak_seconds_max || (soak_seconds > 0 && device.kind != "cuda"))
        return Error(ErrorCode::unsupported, "a soak takes up to " +
                                                 std::to_string(soak_seconds_max) +
                                                 " seconds, of an NVIDIA card");
    device_ = device.id;
    progress_ = {};
    problem_ = {};
    BenchTools tools{needs_.sandbox, needs_.clock, std::move(celsius), needs_.executor};
    DeviceBenchSpec spec = spec_of(device, needs_.gpu_program, soak_seconds);
    spec.engine_dir = model.engine_dir;
    spec.model_file = model.model_file;
    spec.model_name = model.name;
    (void)tasks_.spawn(measure(device, std::move(spec), std::move(tools)));
    on_change_();
    return ok();
}

void BenchmarkDesk::cancel(Sentence why) {
    problem_ = std::move(why);
    tasks_.cancel(asio::cancellation_type::terminal);
}

asio::awaitable<void> BenchmarkDesk::stop() {
    cancel();
    co_await tasks_.join();
}

asio::awaitable<void> BenchmarkDesk::measure(NodeDevice device, DeviceBenchSpec spec,
                                             BenchTools tools) {
    auto measuring = measured(device, std::move(spec), std::move(tools));
    auto safely = async_detail::without_exceptions<BenchReport>(std::move(measuring));
    // A cancelled one still says that it has ended.
    co_await asio::this_coro::throw_if_cancelled(false);
    auto report = co_await std::move(safely);
    device_.reset();
    if (report.has_value()) {
        keep(device, std::move(report).value());
    } else if (report.error().code() != ErrorCode::cancelled) {
        problem_ = words::failed(report.error());
        spdlog::warn("event=benchmark_failed device={} why=\"{}\"", device.id,
                     report.error().message());
    }
    on_change_();
}

asio::awaitable<Result<BenchReport>> BenchmarkDesk::measured(NodeDevice device,
                                                             DeviceBenchSpec spec,
                                                             BenchTools tools) {
    if (device.kind != "cpu" || !spec.engine_dir.empty()) {
        SandboxSpec like;
        like.device_nodes = spec.device_nodes;
        like.environment = spec.environment;
        auto proving = trust_.prove(std::move(like));
        GLEANER_CO_TRY(co_await std::move(proving));
    }
    auto measuring =
        benchmark_device(tools, std::move(spec), [this](const BenchProgress& progress) {
            progress_ = progress;
            on_change_();
        });
    co_return co_await std::move(measuring);
}

void BenchmarkDesk::keep(const NodeDevice& device, BenchReport report) {
    Measured measured;
    measured.sealed.report_json = to_json(report);
    measured.report = std::move(report);
    measured.due = true;
    // Without an identity it is signed once there is one.
    (void)sign(device.id, measured);
    write(device.id, measured.sealed);
    reports_[device.id] = std::move(measured);
}

void BenchmarkDesk::write(const std::string& device, const tls::SignedReport& sealed) const {
    std::ofstream out(needs_.folder / (std::string(prefix) + device + std::string(suffix)),
                      std::ios::binary | std::ios::trunc);
    out << tls::to_json(sealed) << '\n';  // what the disk does not take is measured again
}

Status BenchmarkDesk::sign(const std::string& device, Measured& measured) const {
    GLEANER_TRY(const auto identity, Credentials::load(needs_.folder));
    if (!identity) return Error(ErrorCode::unauthenticated, "this node has no identity yet");
    if (tls::open_report(measured.sealed, identity->node(), identity->key().native())) return ok();
    GLEANER_TRY(measured.sealed,
                tls::sign_report(measured.report, identity->node(), device, identity->key()));
    return ok();
}

void BenchmarkDesk::session_began() {
    for (auto& [device, measured] : reports_)
        measured.due = !measured.verdict && measured.sent < sent_max;
}

std::vector<std::string> BenchmarkDesk::take_due() {
    std::vector<std::string> due;
    for (auto& [device, measured] : reports_) {
        if (!std::exchange(measured.due, false)) continue;
        const tls::SignedReport before = measured.sealed;
        const Status signed_now = sign(device, measured);
        if (signed_now.has_error()) {
            spdlog::warn("event=benchmark_not_handed_in device={} why=\"{}\"", device,
                         signed_now.error().message());
            continue;
        }
        if (measured.sealed != before) write(device, measured.sealed);
        due.push_back(tls::to_json(measured.sealed));
        measured.sha256 = hash_bytes(due.back());
        ++measured.sent;
    }
    return due;
}

void BenchmarkDesk::verdict(const wire::BenchmarkVerdict& verdict) {
    for (auto& [device, measured] : reports_) {
        if (measured.sha256.get() != verdict.report_sha256()) continue;
        measured.verdict = verdict.verdict() == wire::BenchmarkVerdict::REFUSED
                               ? words::benchmark_refused(verdict.english())
                               : words::verdict_of_grid({verdict.english(), verdict.chinese()});
        spdlog::info("event=benchmark_verdict device={} verdict={}", device,
                     wire::BenchmarkVerdict::Verdict_Name(verdict.verdict()));
    }
    on_change_();
}

void BenchmarkDesk::forget_verdicts() {
    for (auto& [device, measured] : reports_) {
        measured.verdict.reset();
        measured.sent = 0;
    }
}

void BenchmarkDesk::describe(control::State& state) const {
    auto& out = *state.mutable_benchmark();
    out.set_running(device_.has_value());
    out.set_percent(progress_.percent);
    say(progress_.step, *out.mutable_step());
    say(problem_, *out.mutable_problem());
    for (auto& device : *state.mutable_devices()) {
        if (device.id() == device_) {
            device.set_activity(control::Device::PAUSED);
            say(words::measuring(), *device.mutable_why());
        }
        const auto found = reports_.find(device.id());
        if (found == reports_.end()) continue;
        const Measured& measured = found->second;
        const BenchReport& report = measured.report;
        for (const Figure& figure : report.figures) {
            auto& said = *device.add_figures();
            said.set_name(figure.name);
            said.set_unit(figure.unit);
            said.set_median(figure.median);
            said.set_spread(figure.spread);
        }
        say(measured.verdict ? *measured.verdict : sentence_of(judge(report, device.name())),
            *device.mutable_verdict());
        device.set_measured_at_s(report.measured_at.seconds());
    }
}

}  // namespace gleaner
