#include "client-core/cli/earnings_command.h"

#include <cstdint>
#include <memory>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "client-core/cli/output.h"
#include "client-core/control/control_client.h"
#include "shared/proto/control.pb.h"

namespace gleaner::cli {

namespace json = boost::json;

namespace {

constexpr std::uint32_t days_max = 400;

json::object to_json(const control::Earnings& earnings) {
    json::array days;
    std::int64_t total = 0;
    for (const auto& day : earnings.days()) {
        total += day.pending_micros() + day.confirmed_micros();
        days.push_back({{"date", day.date()},
                        {"pending_micros", day.pending_micros()},
                        {"confirmed_micros", day.confirmed_micros()}});
    }
    return {{"known", earnings.known()},
            {"currency", earnings.currency()},
            {"total_micros", total},
            {"estimate", earnings.estimate().en()},
            {"payout_account", earnings.payout_account()},
            {"data", std::move(days)}};
}

Status earnings(const Context& context, const std::filesystem::path& socket, std::uint32_t days) {
    GLEANER_TRY(auto node, ControlClient::open(socket, "gleanerctl"));
    control::ToNode request;
    request.mutable_get_earnings()->set_days(days);
    GLEANER_TRY(const auto reply, node.ask(std::move(request)));
    const json::object told = to_json(reply.earnings());
    if (!context.json && !reply.earnings().known()) {
        context.out << "The coordinator has not told this node what it earns yet.\n";
        return ok();
    }
    print_list(context, told,
               {{"date", "DAY (UTC+8)"},
                {"pending_micros", "PENDING", Show::money},
                {"confirmed_micros", "CONFIRMED", Show::money}},
               "");
    if (context.json) return ok();
    context.out << "In all " << reply.earnings().currency()
                << show_value(told.at("total_micros"), Show::money) << ".\n"
                << reply.earnings().estimate().en() << '\n';
    if (!reply.earnings().payout_account().empty())
        context.out << "Paid out to " << show_value(told.at("payout_account"), Show::plain)
                    << ".\n";
    return ok();
}

}  // namespace

void add_earnings_command(CLI::App& node, Context& context,
                          std::function<std::filesystem::path()> socket) {
    const auto days = std::make_shared<std::uint32_t>(30);
    auto* command = node.add_subcommand("earnings", "What this machine has earned and can earn");
    command->add_option("--days", *days, "The last so many")
        ->check(CLI::Range(std::uint32_t{1}, days_max))
        ->capture_default_str();
    on_chosen(*command, context, [&context, days, socket = std::move(socket)] {
        return earnings(context, socket(), *days);
    });
}

}  // namespace gleaner::cli
