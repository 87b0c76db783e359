#include "client-core/cli/payout_account_commands.h"

#include <fstream>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "client-core/cli/context.h"
#include "client-core/cli/output.h"

namespace gleaner::cli {

namespace {

namespace json = boost::json;

struct SetOptions {
    std::string method = "bank";
    std::string holder;
    std::string bank;
    std::string branch;
    std::string number_file;
};

struct VerifyOptions {
    std::string party;
    std::int64_t version = 0;
};

const std::vector<Column> account_columns = {
    {"party", "PARTY"},     {"version", "VERSION"}, {"method", "METHOD"},
    {"account", "ACCOUNT"}, {"set", "SET"},         {"verified", "VERIFIED"},
};

const std::vector<Column> account_lines = {
    {"party", "party"},     {"method", "paid by"}, {"account", "account"},
    {"version", "version"}, {"set", "set"},        {"verified", "verified"},
};

/// Everybody on the machine can read a command line: the number comes by another way.
Result<std::string> read_number(const Context& context, const std::string& file) {
    std::string number;
    if (file.empty()) {
        if (context.in_is_terminal)
            context.err << "Account number, Alipay login or WeChat OpenID: " << std::flush;
        std::getline(context.in, number);
    } else {
        std::ifstream in(file);
        if (!in) return Error(ErrorCode::not_found, "cannot read " + file);
        std::getline(in, number);
    }
    while (!number.empty() && (number.back() == '\r' || number.back() == ' ')) number.pop_back();
    if (!number.empty()) return number;
    return Error(ErrorCode::invalid_argument,
                 "no account number was given: write it on the first line of standard input, or "
                 "of the file named by --number-file");
}

Status set(const Context& context, const SetOptions& options) {
    GLEANER_TRY(const auto number, read_number(context, options.number_file));
    GLEANER_TRY(auto api, context.connect());
    json::object body{{"method", options.method}, {"holder", options.holder}, {"number", number}};
    if (!options.bank.empty()) body["bank"] = options.bank;
    if (!options.branch.empty()) body["branch"] = options.branch;
    GLEANER_TRY(const auto account, api.put("/api/v1/payout-accounts/own", body));
    print_record(context, account, account_lines);
    if (!context.json)
        context.out << "It is paid to once the platform has verified that it is yours.\n";
    return ok();
}

Status show(const Context& context) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto account, api.get("/api/v1/payout-accounts/own"));
    print_record(context, account, account_lines);
    if (context.json) return ok();
    if (text_at(account, "account").empty())
        context.out << "No account is set. Set one with: gleanerctl payout account set\n";
    else if (text_at(account, "verified").empty())
        context.out << "It is not verified yet.\n";
    const json::value* payable =
        account.is_object() ? account.get_object().if_contains("payable_micros") : nullptr;
    if (payable == nullptr || !payable->is_object()) return ok();
    for (const auto& [currency, amount] : payable->get_object())
        context.out << "can be paid out now: " << std::string_view(currency) << " "
                    << show_value(amount, Show::money) << "\n";
    return ok();
}

Status list(const Context& context, bool unverified) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto accounts, api.get(std::string("/api/v1/payout-accounts") +
                                             (unverified ? "?unverified=true" : "")));
    print_list(context, accounts, account_columns,
               unverified ? "No account waits to be verified." : "No accounts are set.");
    return ok();
}

Status verify(const Context& context, const VerifyOptions& options) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto account,
                api.post("/api/v1/payout-accounts/" + percent_encode(options.party) + "/verify",
                         json::object{{"version", options.version}}));
    print_record(context, account, account_lines);
    return ok();
}

Status rotate_key(const Context& context) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto done, api.post("/api/v1/payout-key/rotate", json::object()));
    print_record(context, done,
                 {{"key", "key in force"},
                  {"accounts", "accounts sealed again"},
                  {"unreadable", "accounts whose key is missing"}});
    return ok();
}

}  // namespace

void add_payout_account_commands(CLI::App& payout, Context& context) {
    CLI::App* group = payout.add_subcommand("account", "Where owners and partners are paid");
    group->require_subcommand(1);

    auto wanted = std::make_shared<SetOptions>();
    CLI::App* set_it = group->add_subcommand(
        "set", "Say where you are paid (needs your own key); reads the number from standard input");
    set_it->add_option("--method", wanted->method, "bank, alipay or wechat")->capture_default_str();
    set_it->add_option("--holder", wanted->holder, "The account holder's real name")->required();
    set_it->add_option("--bank", wanted->bank, "The bank's name");
    set_it->add_option("--branch", wanted->branch, "The branch's name");
    set_it->add_option("--number-file", wanted->number_file,
                       "A file with the number on its first line, instead of standard input");
    on_chosen(*set_it, context, [&context, wanted] { return set(context, *wanted); });

    CLI::App* own = group->add_subcommand("show", "Show your account and what can be paid out");
    on_chosen(*own, context, [&context] { return show(context); });

    auto unverified = std::make_shared<bool>(false);
    CLI::App* all = group->add_subcommand("list", "List accounts (finance)");
    all->add_flag("--unverified", *unverified, "Only those that wait to be verified");
    on_chosen(*all, context, [&context, unverified] { return list(context, *unverified); });

    auto options = std::make_shared<VerifyOptions>();
    CLI::App* check = group->add_subcommand(
        "verify", "Say that an account is its party's, for instance after a transfer (finance)");
    check->add_option("PARTY", options->party, "The owner's or partner's id")->required();
    check->add_option("--version", options->version, "The version that you have checked")
        ->required();
    on_chosen(*check, context, [&context, options] { return verify(context, *options); });

    CLI::App* rotate = payout.add_subcommand(
        "rotate-key", "Seal all account data with a new key and forget the old one (admin)");
    on_chosen(*rotate, context, [&context] { return rotate_key(context); });
}

}  // namespace gleaner::cli
