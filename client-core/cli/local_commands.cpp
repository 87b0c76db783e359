/// gleanerctl node pause|resume|policy|log|…, session: this machine's own node, over its
/// local socket.

#include <algorithm>
#include <fstream>
#include <memory>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "client-core/cli/context.h"
#include "client-core/cli/earnings_command.h"
#include "client-core/cli/local_socket.h"
#include "client-core/cli/output.h"
#include "client-core/cli/policy_options.h"
#include "client-core/cli/status_command.h"
#include "client-core/control/control_client.h"
#include "client-core/control/guest_settings.h"
#include "shared/proto/control.pb.h"

namespace gleaner::cli {

namespace {

namespace json = boost::json;
namespace fs = std::filesystem;

constexpr Duration join_within = 60s;
constexpr Duration leave_within = 60s;
constexpr std::uint32_t page_lines = 500;
constexpr Duration bench_silence = 10min;

struct LocalOptions {
    std::string socket;
    std::uint32_t minutes = 0;
    bool tomorrow = false;
    PolicyOptions policy;
    std::uint32_t lines = 50;
    std::string contains;
    std::string coordinator = "localhost:7443";
    std::string token_file;
    bool keep_models = false;
    std::string device = "cpu";
    std::uint32_t soak_minutes = 0;
};
using Options = std::shared_ptr<LocalOptions>;

Result<control::ToProgram> ask(const LocalOptions& options, control::ToNode request,
                               Duration within = 30s) {
    GLEANER_TRY(auto node, ControlClient::open(local_socket(options.socket), "gleanerctl"));
    return node.ask(std::move(request), within);
}

Status done(const Context& context, const LocalOptions& options, control::ToNode request,
            const char* what, Duration within = 30s) {
    GLEANER_TRY(ask(options, std::move(request), within));
    print_record(context, json::object{{"done", what}}, {{"done", "done"}});
    return ok();
}

Status pause(const Context& context, const LocalOptions& options) {
    control::ToNode request;
    auto& pause = *request.mutable_pause();
    if (options.tomorrow) {
        pause.set_until(control::Pause::UNTIL_TOMORROW);
    } else if (options.minutes > 0) {
        pause.set_until(control::Pause::FOR_SECONDS);
        pause.set_seconds(options.minutes * 60);
    }
    return done(context, options, std::move(request), "paused");
}

Status seat(const Context& context, const LocalOptions& options, bool taken) {
    control::ToNode request;
    request.mutable_seat()->set_taken(taken);
    return done(context, options, std::move(request), taken ? "seat taken" : "seat free");
}

Status policy(const Context& context, const LocalOptions& options) {
    control::ToNode request;
    request.mutable_get_settings();
    GLEANER_TRY(auto reply, ask(options, std::move(request)));
    if (options.policy.given()) {
        GLEANER_TRY(const auto local, from_wishes(reply.settings().local()));
        GLEANER_TRY(const auto settings, options.policy.apply(local));
        control::ToNode change;
        *change.mutable_set_settings()->mutable_local() = to_wishes(settings);
        GLEANER_TRY(reply, ask(options, std::move(change)));
    }
    GLEANER_TRY(const auto in_force, from_wishes(reply.settings().in_force()));
    const std::string text = settings_to_toml(in_force);
    json::array stricter;
    for (const auto& field : reply.settings().stricter()) stricter.emplace_back(field);
    const json::object result{{"means", reply.settings().means().en()},
                              {"toml", text},
                              {"stricter_by_site", std::move(stricter)}};
    if (context.json) {
        context.out << json::serialize(result) << '\n';
        return ok();
    }
    context.out << text << reply.settings().means().en() << '\n';
    for (const auto& field : reply.settings().stricter())
        context.out << "The site's owner is stricter about " << field << ".\n";
    return ok();
}

Status log(const Context& context, const LocalOptions& options) {
    control::ToNode request;
    request.mutable_read_log()->set_count(std::min(options.lines, page_lines));
    request.mutable_read_log()->set_contains(options.contains);
    GLEANER_TRY(const auto reply, ask(options, std::move(request)));
    json::array lines;
    for (const auto& line : reply.log().lines()) {
        lines.push_back({{"at", line.at_s()}, {"level", line.level()}, {"text", line.text().en()}});
    }
    const json::object page{{"data", std::move(lines)}};
    print_list(context, page, {{"at", "TIME"}, {"level", "LEVEL"}, {"text", "WHAT"}},
               "Nothing has happened yet.");
    return ok();
}

Status sandbox(const Context& context, const LocalOptions& options) {
    control::ToNode request;
    request.mutable_check_sandbox();
    GLEANER_TRY(const auto reply, ask(options, std::move(request)));
    json::array attempts;
    for (const auto& attempt : reply.sandbox().attempts())
        attempts.push_back({{"attempt", attempt.name()},
                            {"result", attempt.held() ? "refused" : "ESCAPED"},
                            {"detail", attempt.detail()}});
    const json::object report{{"safe", reply.sandbox().safe()}, {"data", std::move(attempts)}};
    print_list(context, report,
               {{"attempt", "ATTEMPT"}, {"result", "RESULT"}, {"detail", "DETAIL"}}, "");
    if (reply.sandbox().safe()) return ok();
    return Error(ErrorCode::failed_precondition, "the sandbox does not hold on this machine");
}

std::string shown_figure(const control::Figure& figure) {
    char text[64];
    std::snprintf(text, sizeof text, "%.4g %s (± %.2g)", figure.median(), figure.unit().c_str(),
                  figure.spread());
    return text;
}

Status show_figures(const Context& context, const control::Device& device) {
    json::object record{{"device", device.id()}, {"name", device.name()}};
    std::vector<Column> columns{{"device", "device"}, {"name", "name"}};
    for (const auto& figure : device.figures()) {
        record[figure.name()] = context.json ? json::value(json::object{{"median", figure.median()},
                                                                        {"spread", figure.spread()},
                                                                        {"unit", figure.unit()}})
                                             : json::value(shown_figure(figure));
        columns.push_back({figure.name(), figure.name()});
    }
    record["verdict"] = device.verdict().en();
    columns.push_back({"verdict", "verdict"});
    print_record(context, record, columns);
    return ok();
}

/// Starts it and stays until it has ended; an interrupt of this program leaves it running.
Status bench(const Context& context, const LocalOptions& options) {
    GLEANER_TRY(auto node, ControlClient::open(local_socket(options.socket), "gleanerctl"));
    control::ToNode request;
    request.mutable_start_benchmark()->set_device(options.device);
    request.mutable_start_benchmark()->set_soak_seconds(options.soak_minutes * 60);
    GLEANER_TRY(node.ask(std::move(request)));
    control::ToNode subscribe;
    subscribe.mutable_subscribe();
    GLEANER_TRY(auto reply, node.ask(std::move(subscribe)));
    std::string step;
    while (reply.state().benchmark().running()) {
        const auto& progress = reply.state().benchmark();
        if (std::exchange(step, progress.step().en()) != progress.step().en())
            context.err << progress.percent() << " % " << progress.step().en() << std::endl;
        GLEANER_TRY(reply, node.next(bench_silence));
    }
    if (!reply.state().benchmark().problem().en().empty())
        return Error(ErrorCode::failed_precondition, reply.state().benchmark().problem().en());
    for (const auto& device : reply.state().devices())
        if (device.id() == options.device) return show_figures(context, device);
    return Error(ErrorCode::cancelled, "the benchmark was cancelled");
}

Status report(const Context& context, const LocalOptions& options) {
    control::ToNode request;
    request.mutable_make_report();
    GLEANER_TRY(const auto reply, ask(options, std::move(request)));
    context.out << reply.report().text();
    return ok();
}

Status sent(const Context& context, const LocalOptions& options) {
    control::ToNode request;
    request.mutable_read_sent();
    GLEANER_TRY(const auto reply, ask(options, std::move(request)));
    json::array fields;
    for (const auto& field : reply.sent().fields())
        fields.push_back(
            {{"at", field.at_s()}, {"what", field.what().en()}, {"value", field.value()}});
    print_list(context, json::object{{"data", std::move(fields)}},
               {{"at", "TIME"}, {"what", "WHAT"}, {"value", "VALUE"}}, "Nothing was sent yet.");
    return ok();
}

Status join(const Context& context, const LocalOptions& options) {
    std::ifstream file(options.token_file);
    std::string token;
    std::getline(file, token);
    if (token.empty())
        return Error(ErrorCode::not_found, "cannot read a token from " + options.token_file);
    control::ToNode request;
    request.mutable_join()->set_coordinator(options.coordinator);
    request.mutable_join()->set_token(token);
    return done(context, options, std::move(request), "joined", join_within);
}

Status leave(const Context& context, const LocalOptions& options) {
    control::ToNode request;
    request.mutable_leave()->set_keep_models(options.keep_models);
    return done(context, options, std::move(request), "left", leave_within);
}

void add_policy(CLI::App& group, Context& context, const Options& options) {
    auto* command = group.add_subcommand("policy", "Show or change when this machine works");
    options->policy.declare(*command);
    on_chosen(*command, context, [&context, options] { return policy(context, *options); });
}

void add_bench(CLI::App& group, Context& context, const Options& options) {
    auto* command = group.add_subcommand("bench", "Measure one of this machine's devices");
    command->add_option("DEVICE", options->device, "As `node status` names it")
        ->capture_default_str();
    command->add_option("--soak", options->soak_minutes, "Minutes of full load (NVIDIA cards)")
        ->check(CLI::Range(1, 60));
    on_chosen(*command, context, [&context, options] { return bench(context, *options); });
    auto* end = group.add_subcommand("bench-cancel", "End a measurement that runs");
    on_chosen(*end, context, [&context, options] {
        control::ToNode request;
        request.mutable_cancel_benchmark();
        return done(context, *options, std::move(request), "cancelled");
    });
}

void add_pause(CLI::App& group, Context& context, const Options& options) {
    auto* command = group.add_subcommand("pause", "Pause this machine's node");
    command->add_option("--minutes", options->minutes, "For so long; else until resumed")
        ->check(CLI::Range(1, 60 * 24 * 30));
    command->add_flag("--tomorrow", options->tomorrow, "Until tomorrow morning");
    on_chosen(*command, context, [&context, options] { return pause(context, *options); });
}

void add_coming_and_going(CLI::App& group, Context& context, const Options& options) {
    auto* in = group.add_subcommand("join", "Let this machine's waiting node join a site");
    in->add_option("--coordinator", options->coordinator, "Host and port")->capture_default_str();
    in->add_option("--token-file", options->token_file, "File with the site's token")->required();
    on_chosen(*in, context, [&context, options] { return join(context, *options); });
    auto* out = group.add_subcommand("leave", "Take this machine out of its site");
    out->add_flag("--keep-models", options->keep_models, "Do not delete downloaded models");
    on_chosen(*out, context, [&context, options] { return leave(context, *options); });
}

}  // namespace

void add_local_commands(CLI::App& program, Context& context) {
    const auto options = std::make_shared<LocalOptions>();
    CLI::App& node = *program.get_subcommand("node");
    CLI::App& session =
        *program.add_subcommand("session", "For billing software: who sits at this machine");
    session.require_subcommand(1);
    const auto simple = [&](CLI::App& group, const char* name, const char* what, auto action) {
        on_chosen(*group.add_subcommand(name, what), context,
                  [&context, options, action] { return action(context, *options); });
    };
    add_status_command(node, context, [options] { return local_socket(options->socket); });
    add_pause(node, context, options);
    simple(node, "resume", "End a pause", [](const Context& c, const LocalOptions& o) {
        control::ToNode request;
        request.mutable_resume();
        return done(c, o, std::move(request), "resumed");
    });
    add_policy(node, context, options);
    add_bench(node, context, options);
    add_earnings_command(node, context, [options] { return local_socket(options->socket); });
    auto* lines = node.add_subcommand("log", "What this machine's node did");
    lines->add_option("--lines", options->lines, "The newest so many")->capture_default_str();
    lines->add_option("--contains", options->contains, "Only lines with this text");
    on_chosen(*lines, context, [&context, options] { return log(context, *options); });
    simple(node, "sandbox", "Try to escape from this machine's sandbox", sandbox);
    simple(node, "sent", "What was last sent to the coordinator about this machine", sent);
    simple(node, "report", "A report about this machine's node, for a ticket", report);
    add_coming_and_going(node, context, options);
    simple(session, "begin", "Somebody takes the seat: the node stops at once",
           [](const Context& c, const LocalOptions& o) { return seat(c, o, true); });
    simple(session, "end", "The seat is free",
           [](const Context& c, const LocalOptions& o) { return seat(c, o, false); });
    for (CLI::App* group : {&node, &session})
        group->add_option("--socket", options->socket,
                          "Of this machine's node; else the system's, else yours");
}

}  // namespace gleaner::cli
