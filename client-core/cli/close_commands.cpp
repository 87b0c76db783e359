/// gleanerctl close: closed days and months of the books. gleanerctl ledger archive: old ones.

#include "client-core/cli/close_commands.h"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "client-core/cli/output.h"

namespace gleaner::cli {

namespace json = boost::json;

namespace {

struct RunOptions {
    std::string day;
    std::string month;
    std::string despite;
};

const json::value& member(const json::value& object, std::string_view key) {
    static const json::value nothing;
    if (!object.is_object()) return nothing;
    const auto* found = object.get_object().if_contains(key);
    return found == nullptr ? nothing : *found;
}

void print_table(const Context& context, const json::value& rows,
                 const std::vector<Column>& columns) {
    if (!rows.is_array() || rows.get_array().empty()) return;
    context.out << "\n";
    print_list(context, json::object{{"data", rows}}, columns, "");
}

void print_closed(const Context& context, const json::value& closed) {
    print_record(context, closed,
                 {{"period", "period"},
                  {"closed", "closed"},
                  {"by", "by"},
                  {"despite", "despite its mismatches, because"},
                  {"report.entries", "entries"},
                  {"report.meter_records", "meter records"},
                  {"report.receipts", "receipts looked at"},
                  {"mismatches", "mismatches"},
                  {"audit_head", "head of the audit log"},
                  {"sha256", "SHA-256 of the report"}});
    if (context.json) return;
    const auto& report = member(closed, "report");
    print_table(context, member(report, "totals"),
                {{"kind", "ENTRIES OF KIND"},
                 {"currency", "CURRENCY"},
                 {"entries", "ENTRIES"},
                 {"postings", "POSTINGS"},
                 {"moved_micros", "MOVED", Show::money}});
    print_table(context, member(report, "work"),
                {{"currency", "WORK IN"},
                 {"charged_micros", "CHARGED", Show::money},
                 {"metered_micros", "METERED", Show::money},
                 {"by_days_micros", "SUMS OF DAYS", Show::money}});
    print_table(context, member(report, "balances"),
                {{"accounts", "ACCOUNTS"},
                 {"currency", "CURRENCY"},
                 {"closing_micros", "BALANCE AT THE END", Show::money}});
    const auto& mismatches = member(report, "mismatches");
    if (!mismatches.is_array() || mismatches.get_array().empty()) {
        context.out << "\nthe books match\n";
        return;
    }
    context.out << "\nWHAT DOES NOT MATCH\n";
    for (const auto& sentence : mismatches.get_array()) {
        context.out << "- " << show_value(sentence, Show::plain) << "\n";
    }
    const auto rest = integer_at(report, "mismatch_count") -
                      static_cast<std::int64_t>(mismatches.get_array().size());
    if (rest > 0) context.out << "and " << rest << " more\n";
}

Status list(const Context& context, bool months) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto closes,
                api.get(std::string("/api/v1/closes?kind=") + (months ? "month" : "day")));
    print_list(context, closes,
               {{"period", "PERIOD"},
                {"closed", "CLOSED"},
                {"by", "BY"},
                {"mismatches", "MISMATCHES"},
                {"despite", "DESPITE"},
                {"sha256", "REPORT'S SHA-256"}},
               "nothing is closed yet");
    return ok();
}

Status show(const Context& context, const std::string& period) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto closed, api.get("/api/v1/closes/" + percent_encode(period)));
    print_closed(context, closed);
    return ok();
}

Status run(const Context& context, const RunOptions& options) {
    GLEANER_TRY(auto api, context.connect());
    json::object body{{"period", options.day.empty() ? options.month : options.day}};
    if (!options.despite.empty()) body["despite"] = options.despite;
    GLEANER_TRY(const auto closed, api.post("/api/v1/closes", body));
    print_closed(context, closed);
    return ok();
}

/// One month a call, until none is left.
Status archive(const Context& context, const std::string& before) {
    GLEANER_TRY(auto api, context.connect());
    json::array months;
    for (;;) {
        GLEANER_TRY(const auto reply,
                    api.post("/api/v1/ledger/archives", json::object{{"before", before}}));
        const auto& archived = member(reply, "archived");
        if (!archived.is_object()) break;
        if (!context.json) {
            context.err << text_at(archived, "month") << " is in " << text_at(archived, "file")
                        << "\n";
        }
        months.push_back(archived);
    }
    print_list(context, json::object{{"data", std::move(months)}},
               {{"month", "MONTH"},
                {"file", "FILE IN THE DATA FOLDER"},
                {"entries", "ENTRIES"},
                {"postings", "POSTINGS"},
                {"meter_records", "METER RECORDS"}},
               "nothing was left to archive");
    return ok();
}

}  // namespace

void add_archive_command(CLI::App& ledger, Context& context) {
    auto before = std::make_shared<std::string>();
    CLI::App* command = ledger.add_subcommand(
        "archive",
        "Move old months' entries and meter records to files of their own; balances, "
        "statements of whole days and refusals to pay twice stay. May be run again");
    command->add_option("--before", *before, "A month like 2027-01: those before it are moved")
        ->required();
    on_chosen(*command, context, [&context, before] { return archive(context, *before); });
}

void add_close_commands(CLI::App& program, Context& context) {
    CLI::App* group = program.add_subcommand("close", "Closed days and months of the books");
    group->require_subcommand(1);

    auto months = std::make_shared<bool>(false);
    CLI::App* listed = group->add_subcommand("list", "List closed days, or months");
    listed->add_flag("--months", *months, "Months instead of days");
    on_chosen(*listed, context, [&context, months] { return list(context, *months); });

    auto period = std::make_shared<std::string>();
    CLI::App* shown = group->add_subcommand("show", "Show a close's report and what did not match");
    shown->add_option("PERIOD", *period, "A month like 2026-11 or a day like 2026-11-30")
        ->required();
    on_chosen(*shown, context, [&context, period] { return show(context, *period); });

    auto ran = std::make_shared<RunOptions>();
    CLI::App* close = group->add_subcommand(
        "run", "Close the next day or month now; the coordinator does it by itself at night");
    auto* which = close->add_option_group("period", "What to close");
    which->add_option("--day", ran->day, "A day like 2026-11-30");
    auto* of_month = which->add_option("--month", ran->month, "A month like 2026-11");
    which->require_option(1);
    close
        ->add_option("--despite", ran->despite,
                     "Close a month although something does not match: why")
        ->needs(of_month);
    on_chosen(*close, context, [&context, ran] { return run(context, *ran); });
}

}  // namespace gleaner::cli
