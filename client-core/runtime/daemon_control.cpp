/// Daemon: what the programs of this machine ask.

#include <algorithm>
#include <array>
#include <utility>

#include "client-core/control/guest_settings.h"
#include "client-core/platform/escape_probe.h"
#include "client-core/runtime/daemon.h"
#include "client-core/runtime/daemon_words.h"
#include "client-core/runtime/node_tools.h"
#include "shared/proto/control.pb.h"
#include "shared/util/log.h"

namespace gleaner {

namespace asio = boost::asio;
using control::ToNode;
using control::ToProgram;
using words::say;

namespace {

constexpr std::uint32_t lines_max = 500;
constexpr double tokens_per_s_least = 0.1;  ///< less is what is left of a burst

void refuse(const Error& error, ToProgram& reply) {
    reply.mutable_refusal()->set_code(std::string(to_string(error.code())));
    say(words::failed(error), *reply.mutable_refusal()->mutable_why());
}

control::State::Phase phase_of(const NodeView& view) {
    switch (view.session) {
        case NodeView::Session::enrolling:
        case NodeView::Session::connecting:
            return view.problem.empty() ? control::State::STARTING : control::State::OFFLINE;
        case NodeView::Session::connected:
            return view.counts.running > 0 ? control::State::EARNING : control::State::WAITING;
        case NodeView::Session::stopping:
            return control::State::STOPPING;
    }
    return control::State::STARTING;
}

control::Device::Activity activity_of(const NodeView& view, const std::string& device) {
    auto activity = control::Device::IDLE;
    for (const auto& model : view.models) {
        if (model.device != device) continue;
        if (model.phase == ModelHost::Phase::ready) return control::Device::RUNNING;
        if (model.phase == ModelHost::Phase::suspended) return control::Device::PAUSED;
        if (model.phase == ModelHost::Phase::failed) activity = control::Device::FAILED;
    }
    return activity;
}

/// What failed is not merely paused: it needs somebody.
bool is_broken(guest::Reason reason) {
    return reason == guest::Reason::device_failed || reason == guest::Reason::device_lost;
}

/// Of a device that may not run as it could.
control::Device::Activity activity_of(const control::Device& device,
                                      const guest::DeviceDecision& wanted) {
    if (is_broken(wanted.reason)) return control::Device::FAILED;
    if (wanted.verdict == guest::Verdict::pause) return control::Device::PAUSED;
    return device.activity() == control::Device::FAILED ? control::Device::FAILED
                                                        : control::Device::THROTTLED;
}

void describe_device(const NodeDevice& device, const NodeView& view, control::Device& out) {
    out.set_id(device.id);
    out.set_kind(device.kind);
    out.set_name(device.name);
    out.set_memory_total_bytes(device.memory_bytes);
    out.set_activity(activity_of(view, device.id));
    double tokens_per_s = 0;
    for (const auto& model : view.models) {
        if (model.device != device.id) continue;
        out.set_model(model.sha256.get().substr(0, 12));
        tokens_per_s += model.tokens_per_s;
        if (model.phase == ModelHost::Phase::failed)
            say(words::model_state(model.sha256.get(), device.id, model.phase, model.problem),
                *out.mutable_why());
    }
    if (tokens_per_s >= tokens_per_s_least) out.set_tokens_per_s(tokens_per_s);
}

}  // namespace

asio::awaitable<void> Daemon::answer(const ToNode& request, ToProgram& reply) {
    Status done = ok();
    switch (request.body_case()) {
        case ToNode::kReadLog:
            read_log(request, reply);
            co_return;
        case ToNode::kStartBenchmark:
            done = start_benchmark(request.start_benchmark().device(),
                                   request.start_benchmark().soak_seconds());
            break;
        case ToNode::kCancelBenchmark:
            benchmarks_.cancel();
            break;
        case ToNode::kGetEarnings: {
            auto telling = tell_earnings(request.get_earnings().days(), reply);
            done = co_await std::move(telling);
            break;
        }
        case ToNode::kMakeReport:
            reply.mutable_report()->set_text(report());
            co_return;
        case ToNode::kCheckSandbox: {
            auto checking = check_sandbox(reply);
            done = co_await std::move(checking);
            break;
        }
        case ToNode::kJoin: {
            auto joining = join(request.join());
            done = co_await std::move(joining);
            break;
        }
        case ToNode::kReadConsent: {
            auto reading = read_consent(request.read_consent().owner(), reply);
            done = co_await std::move(reading);
            break;
        }
        case ToNode::kReadSent:
            sent_.describe(*reply.mutable_sent());
            co_return;
        case ToNode::kLeave: {
            auto leaving = leave(request.leave().keep_models());
            done = co_await std::move(leaving);
            break;
        }
        default:
            done = command(request, reply);
            break;
    }
    if (done.has_error()) {
        refuse(done.error(), reply);
    } else if (reply.body_case() == ToProgram::BODY_NOT_SET) {
        reply.mutable_done();
    }
}

void Daemon::describe(control::State& state) const {
    state.set_hostname(host_name());
    state.set_coordinator(home_);
    state.set_consent_at_s(consent_at_s_);
    if (!node_) {
        state.set_phase(problem_.empty() ? control::State::NOT_JOINED : control::State::PROBLEM);
        say(problem_.empty() ? words::not_joined() : words::cannot_go_on(problem_),
            *state.mutable_why());
        const NodeView none;
        for (const auto& device : parts_.devices)
            describe_device(device, none, *state.add_devices());
        benchmarks_.describe(state);
        return;
    }
    const NodeView view = node_->view();
    state.set_node(view.node.get());
    state.set_site(view.site.get());
    state.set_phase(phase_of(view));
    switch (state.phase()) {
        case control::State::STARTING:
            say(words::joining(state.coordinator()), *state.mutable_why());
            break;
        case control::State::OFFLINE:
            say(words::offline(view.problem), *state.mutable_why());
            break;
        case control::State::EARNING:
            say(words::working(view.counts.running), *state.mutable_why());
            break;
        case control::State::STOPPING:
            say(words::stopping(), *state.mutable_why());
            break;
        default:
            say(words::waiting(), *state.mutable_why());
            break;
    }
    for (const auto& device : view.devices) describe_device(device, view, *state.add_devices());
    if (guard_) describe_guest(state);
    benchmarks_.describe(state);
    const auto month = node_->traffic().this_month();
    state.mutable_traffic()->set_down_month_bytes(month.down);
    state.mutable_traffic()->set_up_month_bytes(month.up);
    if (guard_) state.mutable_traffic()->set_cap_month_bytes(guard_->in_force().month_bytes);
    auto& work = *state.mutable_work();
    work.set_running_items(static_cast<std::uint32_t>(view.counts.items));
    work.set_running_streams(static_cast<std::uint32_t>(view.counts.streams));
    work.set_items_total(view.totals.items + view.totals.streams);
    work.set_tokens_total(view.totals.prompt_tokens + view.totals.generated_tokens);
    work.set_items_today(today_.items());
    work.set_tokens_today(today_.tokens());
    static constexpr std::array kinds{"chat", "completion", "embedding"};  // as work::Endpoint
    for (std::size_t kind = 0; kind < kinds.size(); ++kind)
        if (view.running[kind] > 0) work.add_kinds(kinds[kind]);
    auto& disk = *state.mutable_disk();
    disk.set_used_bytes(view.disk.used_bytes);
    disk.set_quota_bytes(view.disk.quota_bytes);
    disk.set_free_bytes(view.disk.free_bytes);
    disk.set_models(view.disk.models);
}

void Daemon::describe_guest(control::State& state) const {
    const guest::Decision& decision = guard_->decision();
    const bool working =
        state.phase() == control::State::EARNING || state.phase() == control::State::WAITING;
    bool all_paused = !decision.devices.empty();
    bool all_broken = all_paused;
    for (const auto& [id, wanted] : decision.devices) {
        all_paused = all_paused && wanted.verdict == guest::Verdict::pause;
        all_broken = all_broken && is_broken(wanted.reason);
    }
    if (working && all_paused) {
        // What does not mend itself needs somebody.
        state.set_phase(all_broken ? control::State::PROBLEM : control::State::PAUSED);
        const Sentence& why =
            decision.why.en.empty() ? decision.devices.begin()->second.why : decision.why;
        say(why, *state.mutable_why());
        state.set_resumes_in_s(guard_->ends_in_s());
    }
    for (auto& device : *state.mutable_devices()) {
        const auto wanted = decision.devices.find(device.id());
        if (wanted == decision.devices.end() || wanted->second.verdict == guest::Verdict::run)
            continue;
        device.set_activity(activity_of(device, wanted->second));
        // A failed model's own words stay beside slow work.
        if (device.activity() != control::Device::FAILED ||
            wanted->second.verdict == guest::Verdict::pause)
            say(wanted->second.why, *device.mutable_why());
    }
    for (const auto& fact : guard_->facts().devices) {
        for (auto& device : *state.mutable_devices()) {
            if (device.id() != fact.id) continue;
            device.set_percent_known(fact.percent.has_value());
            device.set_percent(fact.percent.value_or(0));
            device.set_celsius(fact.celsius.value_or(0));
            device.set_power_watts(fact.watts.value_or(0));
            if (fact.memory_free_bytes && fact.memory_total_bytes) {
                device.set_memory_total_bytes(*fact.memory_total_bytes);
                device.set_memory_used_bytes(*fact.memory_total_bytes - *fact.memory_free_bytes);
            }
        }
    }
    state.set_paused_by_person(guard_->paused_by_person());
    state.set_seat_hook(guard_->facts().seat != guest::Seat::unknown);
    say(sentence_of(guard_->forecast()), *state.mutable_idle_forecast());
    for (const auto& source : guard_->sources()) {
        auto& out = *state.add_sources();
        out.set_what(source.what);
        say(source.words, *out.mutable_how());
        out.set_works(source.works);
    }
}

Status Daemon::start_benchmark(const std::string& device, std::uint32_t soak_seconds) {
    const auto devices = node_ ? node_->view().devices : parts_.devices;
    for (const NodeDevice& one : devices) {
        if (one.id != device) continue;
        benchmark_began_in_ = guest::Reason::none;
        if (guard_) {
            const auto now = guard_->decision().devices.find(device);
            if (now != guard_->decision().devices.end()) benchmark_began_in_ = now->second.reason;
        }
        return benchmarks_.start(one, node_ ? node_->bench_model() : BenchModel{}, soak_seconds,
                                 [this, device] { return celsius_of(device); });
    }
    return Error(ErrorCode::not_found, "this node has no device \"" + device + "\"");
}

std::optional<std::uint32_t> Daemon::celsius_of(const std::string& device) const {
    if (!guard_) return std::nullopt;
    for (const auto& facts : guard_->facts().devices)
        if (facts.id == device) return facts.celsius;
    return std::nullopt;
}

Status Daemon::command(const ToNode& request, ToProgram& reply) {
    if (!guard_)
        return Error(
            ErrorCode::failed_precondition,
            "this node is dedicated (policy = \"dedicated\"): it does not pause by itself; "
            "stop the service to stop it");
    switch (request.body_case()) {
        case ToNode::kPause:
            switch (request.pause().until()) {
                case control::Pause::UNTIL_TOMORROW:
                    guard_->pause_until_tomorrow();
                    break;
                case control::Pause::FOR_SECONDS:
                    guard_->pause(std::chrono::seconds(request.pause().seconds()));
                    break;
                default:
                    guard_->pause(std::nullopt);
                    break;
            }
            return ok();
        case ToNode::kResume:
            guard_->resume();
            return ok();
        case ToNode::kSeat:
            guard_->seat(request.seat().taken());
            return ok();
        case ToNode::kClearFailure:
            guard_->clear_failure(request.clear_failure().device());
            return ok();
        case ToNode::kGetSettings:
            fill_settings(reply);
            return ok();
        case ToNode::kSetSettings: {
            GLEANER_TRY(auto settings, from_wishes(request.set_settings().local()));
            GLEANER_TRY(guard_->set_local(std::move(settings)));
            fill_settings(reply);
            return ok();
        }
        case ToNode::kDescribe: {
            GLEANER_TRY(const auto settings, from_wishes(request.describe().wishes()));
            say(guest::describe(settings), *reply.mutable_sentence());
            return ok();
        }
        default:
            return Error(ErrorCode::unsupported,
                         "this node does not know that request: install the same version of both");
    }
}

void Daemon::fill_settings(ToProgram& reply) const {
    auto& out = *reply.mutable_settings();
    const guest::Settings in_force = guard_->in_force();
    *out.mutable_local() = to_wishes(guard_->local());
    *out.mutable_in_force() = to_wishes(in_force);
    using guest::MachineKind;
    const auto suggest = [&out](const char* name, MachineKind kind) {
        auto& suggestion = *out.add_suggestions();
        suggestion.set_kind(name);
        *suggestion.mutable_wishes() = to_wishes(guest::suggested(kind));
        say(guest::describe(guest::suggested(kind)), *suggestion.mutable_means());
    };
    const bool desktop = guard_->facts().desktop.value_or(true);
    if (!desktop) suggest("server", MachineKind::server);
    suggest("home", MachineKind::home);
    suggest("cafe", MachineKind::cafe);
    if (desktop) suggest("server", MachineKind::server);
    say(guest::describe(in_force), *out.mutable_means());
    out.set_site_rules(guard_->site().has_value());
    if (guard_->site())
        for (const auto& field : guest::stricter_fields(*guard_->site(), guard_->local()))
            out.add_stricter(field);
}

void Daemon::read_log(const ToNode& request, ToProgram& reply) const {
    const auto& wanted = request.read_log();
    const std::size_t count = std::min(wanted.count() == 0 ? lines_max : wanted.count(), lines_max);
    auto& page = *reply.mutable_log();
    for (const auto& line : log_.page(wanted.before(), count, wanted.contains())) {
        auto& out = *page.add_lines();
        out.set_number(line.number);
        out.set_at_s(line.at_s);
        out.set_level(std::string(to_string(line.level)));
        say(line.text, *out.mutable_text());
    }
}

asio::awaitable<Status> Daemon::check_sandbox(ToProgram& reply) {
    ProbeSetup setup;
    setup.probe_program = parts_.options.probe;
    setup.canary_dir = parts_.folder.path();
    auto probing = run_escape_probe(*parts_.sandbox, std::move(setup), executor_);
    GLEANER_CO_TRY(const ProbeReport found, co_await std::move(probing));
    auto& out = *reply.mutable_sandbox();
    out.set_safe(found.escapes().empty());
    for (const auto& attempt : found.attempts) {
        auto& said = *out.add_attempts();
        said.set_name(attempt.name);
        said.set_held(!attempt.escaped);
        said.set_detail(attempt.detail);
    }
    co_return ok();
}

}  // namespace gleaner
