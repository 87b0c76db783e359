/// gleanerctl audit: what operators did.

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "client-core/cli/context.h"
#include "client-core/cli/output.h"

namespace gleaner::cli {

namespace {

struct ListOptions {
    std::string from;
    std::string to;
    std::string who;
    std::string before;
    std::string limit;
};

Status list(const Context& context, const ListOptions& options) {
    GLEANER_TRY(auto api, context.connect());
    std::string target = "/api/v1/audit";
    char separator = '?';
    for (const auto& [name, value] :
         {std::pair{"from", &options.from}, std::pair{"to", &options.to},
          std::pair{"operator", &options.who}, std::pair{"before", &options.before},
          std::pair{"limit", &options.limit}}) {
        if (value->empty()) continue;
        target += separator + std::string(name) + "=" + percent_encode(*value);
        separator = '&';
    }
    GLEANER_TRY(const auto rows, api.get(target));
    print_list(context, rows,
               {{"number", "ROW"},
                {"at", "AT"},
                {"operator", "OPERATOR"},
                {"action", "ACTION"},
                {"sent", "SENT"},
                {"intent", "END OF"},
                {"outcome", "OUTCOME"}},
               "no operator has done anything then");
    return ok();
}

Status verify(const Context& context, const std::string& expected) {
    GLEANER_TRY(auto api, context.connect());
    std::string target = "/api/v1/audit/verify";
    if (!expected.empty()) target += "?expect=" + percent_encode(expected);
    GLEANER_TRY(const auto checked, api.get(target));
    print_record(context, checked,
                 {{"rows", "rows"},
                  {"unfinished", "acts whose end is not known"},
                  {"head", "head, to be kept for --expect"},
                  {"first_bad", "first row that does not fit"},
                  {"problem", "problem"}});
    const auto* good = checked.is_object() ? checked.get_object().if_contains("good") : nullptr;
    if (good != nullptr && good->is_bool() && good->get_bool()) {
        if (!context.json) context.out << "the audit log is what was written\n";
        return ok();
    }
    return Error(ErrorCode::data_corrupt,
                 "the audit log was tampered with: keep a copy of the database and report it");
}

}  // namespace

void add_audit_commands(CLI::App& program, Context& context) {
    CLI::App* group = program.add_subcommand("audit", "What operators did");
    group->require_subcommand(1);

    auto listed = std::make_shared<ListOptions>();
    CLI::App* show = group->add_subcommand("list", "List what was done, the newest first");
    show->add_option("--from", listed->from, "YYYY-MM-DD (midnight in Shanghai) or a UTC time");
    show->add_option("--to", listed->to, "The first moment not included");
    show->add_option("--operator", listed->who, "Of one operator only");
    show->add_option("--before", listed->before, "Only rows with lower numbers: the next page");
    show->add_option("--limit", listed->limit, "How many rows, 1 to 1000 (default: 100)");
    on_chosen(*show, context, [&context, listed] { return list(context, *listed); });

    auto expected = std::make_shared<std::string>();
    CLI::App* check = group->add_subcommand(
        "verify", "Check that no row was changed, removed, added or moved; fails when one was");
    check->add_option("--expect", *expected,
                      "The head that an earlier check or a close gave: NUMBER:HASH. Without it, "
                      "rows that were cut off at the end since the last close are not noticed");
    on_chosen(*check, context, [&context, expected] { return verify(context, *expected); });
}

}  // namespace gleaner::cli
