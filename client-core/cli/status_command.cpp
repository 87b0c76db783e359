#include "client-core/cli/status_command.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "client-core/cli/output.h"
#include "client-core/control/control_client.h"
#include "shared/proto/control.pb.h"

namespace gleaner::cli {

namespace json = boost::json;

namespace {

std::string phase_word(control::State::Phase phase) {
    std::string word = control::State::Phase_Name(phase);
    std::transform(word.begin(), word.end(), word.begin(), [](char c) {
        return c == '_' ? ' ' : static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    });
    return word;
}

/// Null where the machine cannot tell.
json::value percent_of(const control::Device& device) {
    return device.percent_known() ? json::value(device.percent()) : json::value();
}

json::object to_json(const control::Device& device) {
    return {{"id", device.id()},
            {"name", device.name()},
            {"state",
             [&] {
                 auto word = control::Device::Activity_Name(device.activity());
                 for (char& c : word) c = static_cast<char>(c - 'A' + 'a');
                 return word;
             }()},
            {"why", device.why().en()},
            {"model", device.model()},
            {"verdict", device.verdict().en()},
            {"percent", percent_of(device)},
            {"tokens_per_s", device.tokens_per_s()},
            {"power_watts", device.power_watts()},
            {"celsius", device.celsius()},
            {"memory_used_bytes", device.memory_used_bytes()},
            {"memory_total_bytes", device.memory_total_bytes()}};
}

json::object to_json(const control::State& state) {
    json::array devices;
    for (const auto& device : state.devices()) devices.push_back(to_json(device));
    json::array sources;
    for (const auto& source : state.sources())
        sources.push_back(
            {{"what", source.what()}, {"how", source.how().en()}, {"works", source.works()}});
    return {{"state", phase_word(state.phase())},
            {"why", state.why().en()},
            {"resumes_in_s", state.resumes_in_s()},
            {"node", state.node()},
            {"site", state.site()},
            {"coordinator", state.coordinator()},
            {"running_items", state.work().running_items()},
            {"running_streams", state.work().running_streams()},
            {"items_total", state.work().items_total()},
            {"tokens_total", state.work().tokens_total()},
            {"items_today", state.work().items_today()},
            {"tokens_today", state.work().tokens_today()},
            {"disk_used_bytes", state.disk().used_bytes()},
            {"disk_quota_bytes", state.disk().quota_bytes()},
            {"disk_free_bytes", state.disk().free_bytes()},
            {"idle_forecast", state.idle_forecast().en()},
            {"devices", std::move(devices)},
            {"sources", std::move(sources)}};
}

/// ", 97 %, 12.5 tokens/s, 61 °C, 150 W": what is known of it.
std::string load_of(const control::Device& device) {
    std::string text;
    const auto add = [&text](double value, const char* unit) {
        char figure[48];
        std::snprintf(figure, sizeof figure, ", %.3g %s", value, unit);
        text += figure;
    };
    if (device.percent_known()) add(device.percent(), "%");
    if (device.tokens_per_s() > 0) add(device.tokens_per_s(), "tokens/s");
    if (device.celsius() > 0) add(device.celsius(), "°C");
    if (device.power_watts() > 0) add(device.power_watts(), "W");
    return text;
}

Status status(const Context& context, const std::filesystem::path& socket) {
    GLEANER_TRY(auto node, ControlClient::open(socket, "gleanerctl"));
    control::ToNode request;
    request.mutable_subscribe();
    GLEANER_TRY(const auto reply, node.ask(std::move(request), 30s));
    const json::object state = to_json(reply.state());
    print_record(context, state,
                 {{"state", "state"},
                  {"why", "because"},
                  {"node", "node"},
                  {"site", "site"},
                  {"coordinator", "coordinator"},
                  {"running_items", "items in work"},
                  {"running_streams", "streams"},
                  {"items_total", "answered"},
                  {"tokens_total", "tokens"},
                  {"items_today", "answered today"},
                  {"tokens_today", "tokens today"},
                  {"idle_forecast", "forecast"}});
    if (context.json) return ok();
    for (const auto& device : reply.state().devices()) {
        const json::object one = to_json(device);
        context.out << device.id() << ": " << device.name() << ", " << text_at(one, "state")
                    << load_of(device);
        if (!device.why().en().empty()) context.out << ": " << device.why().en();
        context.out << '\n';
        if (!device.verdict().en().empty())
            context.out << "  measured: " << device.verdict().en() << '\n';
    }
    for (const auto& source : reply.state().sources())
        context.out << (source.works() ? "  sees " : "  cannot see ") << source.what() << ": "
                    << source.how().en() << '\n';
    return ok();
}

}  // namespace

void add_status_command(CLI::App& node, Context& context,
                        std::function<std::filesystem::path()> socket) {
    auto* command = node.add_subcommand("status", "What this machine's node does, and why");
    on_chosen(*command, context,
              [&context, socket = std::move(socket)] { return status(context, socket()); });
}

}  // namespace gleaner::cli
