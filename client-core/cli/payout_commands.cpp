/// gleanerctl payout: money to owners and partners.

#include <filesystem>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "client-core/cli/context.h"
#include "client-core/cli/output.h"
#include "client-core/cli/payout_account_commands.h"
#include "shared/tls/private_file.h"
#include "shared/util/random.h"

namespace gleaner::cli {

namespace {

namespace json = boost::json;

struct RequestOptions {
    std::string party;
    std::string amount;
    std::string currency = "CNY";
    std::string idempotency_key;
};

struct ListOptions {
    std::string state;
    std::string party;
    std::string after;
    std::int64_t limit = 100;
};

/// What is done to payouts: their ids, or a whole batch.
struct ChangeOptions {
    std::vector<std::string> ids;
    std::int64_t batch = 0;
    std::string note;
};

struct BatchOptions {
    std::string method = "bank";
    std::string currency = "CNY";
    std::string out;
    std::string idempotency_key;
    std::int64_t number = 0;
};

const std::vector<Column> payout_columns = {
    {"id", "PAYOUT"},          {"party", "PARTY"}, {"amount_micros", "AMOUNT", Show::money},
    {"currency", "IN"},        {"state", "STATE"}, {"method", "BY"},
    {"account", "TO"},         {"batch", "BATCH"}, {"approved_by", "APPROVED BY"},
    {"requested", "REQUESTED"}};

const std::vector<Column> payout_lines = {{"id", "payout"},
                                          {"party", "party"},
                                          {"amount_micros", "amount", Show::money},
                                          {"currency", "currency"},
                                          {"state", "state"},
                                          {"method", "paid by"},
                                          {"account", "to account"},
                                          {"approvals_needed", "approvals needed"},
                                          {"approved_by", "approved by"},
                                          {"requested", "requested"},
                                          {"batch", "batch"},
                                          {"sent", "sent"},
                                          {"ended", "ended"},
                                          {"note", "note"}};

const std::vector<Column> batch_columns = {{"number", "BATCH"},
                                           {"method", "BY"},
                                           {"currency", "IN"},
                                           {"payouts", "PAYOUTS"},
                                           {"total_micros", "TOTAL", Show::money},
                                           {"exported", "EXPORTED"},
                                           {"exported_by", "BY WHOM"}};

const std::vector<Column> batch_lines = {{"number", "batch"},
                                         {"method", "paid by"},
                                         {"currency", "currency"},
                                         {"payouts", "payouts"},
                                         {"total_micros", "total", Show::money},
                                         {"exported", "exported"}};

std::string payout_path(const std::string& id, const char* action) {
    return "/api/v1/payouts/" + percent_encode(id) + action;
}

std::string batch_path(std::int64_t number, const char* what) {
    return "/api/v1/payout-batches/" + std::to_string(number) + what;
}

Status request(const Context& context, const RequestOptions& options) {
    const std::string key =
        options.idempotency_key.empty() ? random_token("payout_", 20) : options.idempotency_key;
    json::object body{{"currency", options.currency}, {"idempotency_key", key}};
    if (!options.party.empty()) body["party"] = options.party;
    if (!options.amount.empty()) {
        GLEANER_TRY(const auto micros, parse_micros(options.amount));
        body["amount_micros"] = micros;
    }
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto payout, api.post("/api/v1/payouts", body));
    print_record(context, payout, payout_lines);
    return ok();
}

Status list(const Context& context, const ListOptions& options) {
    GLEANER_TRY(auto api, context.connect());
    std::string target = "/api/v1/payouts?limit=" + std::to_string(options.limit);
    for (const auto& [name, value] :
         {std::pair{"state", &options.state}, std::pair{"party", &options.party},
          std::pair{"after", &options.after}}) {
        if (!value->empty()) target += std::string("&") + name + "=" + percent_encode(*value);
    }
    GLEANER_TRY(const auto payouts, api.get(target));
    print_list(context, payouts, payout_columns, "No payouts.");
    return ok();
}

Status show(const Context& context, const std::string& id) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto payout, api.get(payout_path(id, "")));
    print_record(context, payout, payout_lines);
    return ok();
}

/// Each payout on its own; the first that is refused ends the command, and says which it was.
Status change(const Context& context, const ChangeOptions& options, const char* action,
              const char* note_name) {
    GLEANER_TRY(auto api, context.connect());
    json::object body;
    if (note_name != nullptr && !options.note.empty()) body[note_name] = options.note;
    json::array changed;
    for (const auto& id : options.ids) {
        const auto payout = api.post(payout_path(id, action), body);
        if (payout.has_error()) return payout.error().within(id);
        changed.push_back(payout.value());
    }
    print_list(context, json::object{{"data", std::move(changed)}}, payout_columns, "");
    return ok();
}

Status settle(const Context& context, const ChangeOptions& options) {
    if (options.batch == 0) return change(context, options, "/settle", "reference");
    GLEANER_TRY(auto api, context.connect());
    json::object body;
    if (!options.note.empty()) body["reference"] = options.note;
    GLEANER_TRY(const auto done, api.post(batch_path(options.batch, "/settle"), body));
    print_record(context, done, {{"number", "batch"}, {"settled", "payouts settled now"}});
    return ok();
}

/// It holds whole account numbers: for its owner's eyes alone.
Status save_file(ApiClient& api, std::int64_t number, const std::string& out) {
    std::string text;
    GLEANER_TRY(api.download(batch_path(number, "/csv"), [&text](std::string_view bytes) {
        text += bytes;
        return ok();
    }));
    return tls::create_private_file(out, text);
}

Status export_batch(const Context& context, const BatchOptions& options) {
    std::error_code ignored;
    if (std::filesystem::exists(options.out, ignored))
        return Error(ErrorCode::already_exists,
                     options.out + " exists already: nothing was exported; name another file");
    const std::string key =
        options.idempotency_key.empty() ? random_token("batch_", 20) : options.idempotency_key;
    GLEANER_TRY(auto api, context.connect());
    const json::object body{
        {"method", options.method}, {"currency", options.currency}, {"idempotency_key", key}};
    GLEANER_TRY(const auto batch, api.post("/api/v1/payout-batches", body));
    const auto number = integer_at(batch, "number");
    const auto saved = save_file(api, number, options.out);
    if (saved.has_error())
        return saved.error().within("batch " + std::to_string(number) +
                                    " is exported; get its file with gleanerctl payout batch file");
    print_record(context, batch, batch_lines);
    if (!context.json)
        context.out << "The file is " << options.out
                    << ": it holds account numbers. Hand it to the bank once.\n";
    return ok();
}

Status list_batches(const Context& context) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto batches, api.get("/api/v1/payout-batches"));
    print_list(context, batches, batch_columns,
               "No batches. Make one with: gleanerctl payout export --out FILE");
    return ok();
}

Status show_batch(const Context& context, std::int64_t number) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto batch, api.get(batch_path(number, "")));
    if (!context.json) print_record(context, batch, batch_lines);
    print_list(context, batch, payout_columns, "");
    return ok();
}

Status batch_file(const Context& context, const BatchOptions& options) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(save_file(api, options.number, options.out));
    print_record(context, json::object{{"number", options.number}, {"file", options.out}},
                 {{"number", "batch"}, {"file", "file"}});
    return ok();
}

void add_changes(CLI::App& group, Context& context) {
    auto options = std::make_shared<ChangeOptions>();
    CLI::App* approve = group.add_subcommand("approve", "Agree to payouts (finance)");
    approve->add_option("PAYOUT", options->ids, "Their ids")->required();
    on_chosen(*approve, context,
              [&context, options] { return change(context, *options, "/approve", nullptr); });

    CLI::App* reject = group.add_subcommand("reject", "Return payouts before they are sent");
    reject->add_option("PAYOUT", options->ids, "Their ids")->required();
    reject->add_option("--reason", options->note, "Why; the party reads it")->required();
    on_chosen(*reject, context,
              [&context, options] { return change(context, *options, "/reject", "reason"); });

    CLI::App* fail = group.add_subcommand("fail", "Return sent payouts that did not arrive");
    fail->add_option("PAYOUT", options->ids, "Their ids")->required();
    fail->add_option("--reason", options->note, "Why; the party reads it")->required();
    on_chosen(*fail, context,
              [&context, options] { return change(context, *options, "/fail", "reason"); });

    CLI::App* arrived = group.add_subcommand("settle", "Note that sent payouts arrived (finance)");
    auto* which = arrived->add_option_group("which", "Which payouts");
    which->add_option("PAYOUT", options->ids, "Their ids");
    which->add_option("--batch", options->batch, "All of a batch that have not failed");
    which->require_option(1);
    arrived->add_option("--reference", options->note, "The bank's reference");
    on_chosen(*arrived, context, [&context, options] { return settle(context, *options); });
}

void add_batches(CLI::App& group, Context& context) {
    auto options = std::make_shared<BatchOptions>();
    CLI::App* make = group.add_subcommand(
        "export", "Put approved payouts into a file for the bank and mark them sent (finance)");
    make->add_option("--method", options->method, "bank, alipay or wechat")->capture_default_str();
    make->add_option("--currency", options->currency, "Of the payouts")->capture_default_str();
    make->add_option("--out", options->out, "The file to make, a CSV")->required();
    make->add_option("--idempotency-key", options->idempotency_key,
                     "Repeating the command with the same key gives the same batch");
    on_chosen(*make, context, [&context, options] { return export_batch(context, *options); });

    CLI::App* batch = group.add_subcommand("batch", "Batches that were exported");
    batch->require_subcommand(1);
    CLI::App* all = batch->add_subcommand("list", "List batches");
    on_chosen(*all, context, [&context] { return list_batches(context); });
    CLI::App* one = batch->add_subcommand("show", "Show a batch and its payouts");
    one->add_option("NUMBER", options->number, "The batch's number")->required();
    on_chosen(*one, context, [&context, options] { return show_batch(context, options->number); });
    CLI::App* file = batch->add_subcommand("file", "Get a batch's file again: the same bytes");
    file->add_option("NUMBER", options->number, "The batch's number")->required();
    file->add_option("--out", options->out, "The file to make")->required();
    on_chosen(*file, context, [&context, options] { return batch_file(context, *options); });
}

}  // namespace

void add_payout_commands(CLI::App& program, Context& context) {
    CLI::App* group = program.add_subcommand("payout", "Money to owners and partners");
    group->require_subcommand(1);

    auto asked = std::make_shared<RequestOptions>();
    CLI::App* ask = group->add_subcommand("request", "Ask to be paid what is confirmed");
    ask->add_option("--amount", asked->amount, "For instance 250 (default: all of it)");
    ask->add_option("--currency", asked->currency, "Of the amount")->capture_default_str();
    ask->add_option("--party", asked->party,
                    "Operators: the owner or partner on whose behalf you ask");
    ask->add_option("--idempotency-key", asked->idempotency_key,
                    "Repeating the command with the same key asks once");
    on_chosen(*ask, context, [&context, asked] { return request(context, *asked); });

    auto listed = std::make_shared<ListOptions>();
    CLI::App* all = group->add_subcommand("list", "List payouts, the newest first");
    all->add_option("--state", listed->state,
                    "requested, approved, sent, settled, failed or rejected");
    all->add_option("--party", listed->party, "Of one owner or partner");
    all->add_option("--after", listed->after, "Those before this payout in time");
    all->add_option("--limit", listed->limit, "At most so many")->capture_default_str();
    on_chosen(*all, context, [&context, listed] { return list(context, *listed); });

    auto id = std::make_shared<std::string>();
    CLI::App* one = group->add_subcommand("show", "Show a payout");
    one->add_option("PAYOUT", *id, "The payout's id")->required();
    on_chosen(*one, context, [&context, id] { return show(context, *id); });

    add_changes(*group, context);
    add_batches(*group, context);
    add_payout_account_commands(*group, context);
}

}  // namespace gleaner::cli
