#include "coordinator/settings.h"

#include "coordinator/ledger/revenue.h"

namespace gleaner {

namespace {

void declare_shares(config::OptionSet& options, Settings& settings) {
    options.integer(
        {"shares.owner",
         "Of what a customer pays, the share of the owner of the machine, in hundredths "
         "of a per cent. The platform keeps what the three shares leave.",
         "basis points", false},
        settings.owner_share, ledger::owner_share_default_min, 10'000);
    options.integer({"shares.owner_partner", "The share of the partner who referred the owner.",
                     "basis points", false},
                    settings.owner_partner_share, 0, ledger::partner_share_max);
    options.integer({"shares.customer_partner",
                     "The share of the partner who referred the customer.", "basis points", false},
                    settings.customer_partner_share, 0, ledger::partner_share_max);
    options.integer({"shares.held_back_days",
                     "How many days shares stay pending, so that checks of the work can be over.",
                     "days", false},
                    settings.held_back_days, 0, 90);
}

/// The seller's side of invoices.
void declare_invoices(config::OptionSet& options, ledger::InvoiceTerms& terms) {
    options.text(
        {"invoices.prefix", "What invoices' numbers begin with: letters and digits.", "", false},
        terms.prefix);
    options.integer({"invoices.tax_rate",
                     "Value-added tax within all prices, in 1/10 000 of the price without it.",
                     "basis points", false},
                    terms.tax_rate, 0, 5'000);
    options.text({"invoices.goods_name",
                  "What is sold, as fapiao name it: *tax class's short name*service.", "", false},
                 terms.goods_name);
    options.text({"invoices.tax_class", "The tax classification code of what is sold.", "", false},
                 terms.tax_class);
    options.text({"invoices.seller_title",
                  "The platform's registered name; no invoice is issued without it.", "", false},
                 terms.seller.title);
    options.text({"invoices.seller_taxpayer_number",
                  "The platform's taxpayer number; no invoice is issued without it.", "", false},
                 terms.seller.taxpayer_number);
    options.text({"invoices.seller_address", "The platform's registered address.", "", false},
                 terms.seller.address);
    options.text({"invoices.seller_phone", "The platform's registered phone number.", "", false},
                 terms.seller.phone);
    options.text({"invoices.seller_bank", "The platform's bank, with the branch.", "", false},
                 terms.seller.bank);
    options.text({"invoices.seller_bank_account", "The platform's account there.", "", false},
                 terms.seller.bank_account);
}

void declare_contracts(config::OptionSet& options, Settings& settings) {
    options.integer({"contracts.deposit_days",
                     "How many days' price customers set aside when they sign a contract for "
                     "months.",
                     "days", false},
                    settings.contract_deposit_days, 0, 90);
    options.integer({"contracts.reprice_threshold",
                     "How far the price book must fall below a contract's prices before its "
                     "customer may take the lower ones.",
                     "basis points", false},
                    settings.contract_reprice_threshold, 0, 10'000);
    options.integer({"contracts.reprice_fee",
                     "What taking the lower prices costs, of what it saves over the rest of the "
                     "term.",
                     "basis points", false},
                    settings.contract_reprice_fee, 0, 9'999);
    options.integer({"contracts.termination_penalty",
                     "What leaving a contract early costs, of what was still to be paid.",
                     "basis points", false},
                    settings.contract_termination_penalty, 0, 10'000);
}

void declare_payouts(config::OptionSet& options, Settings& settings) {
    options.list(
        {"payouts.minimum",
         "The smallest payout in each currency, like \"CNY 100\"; others keep theirs.", "", false},
        settings.payout_minimum);
    options.list({"payouts.two_person_above",
                  "Above how much two operators approve a payout, in each currency.", "", false},
                 settings.payout_two_person_above);
    options.text({"payouts.schedule",
                  "When what is due is requested by itself: \"monthly 10\", \"weekly monday\" or "
                  "\"on request\".",
                  "", false},
                 settings.payout_schedule);
    options.text(
        {"payouts.alipay_login",
         "Login of the platform's Alipay account, which Alipay's batch files name.", "", false},
        settings.payout_alipay_login);
    options.text(
        {"payouts.alipay_name",
         "Name of the platform's Alipay account, which Alipay's batch files name.", "", false},
        settings.payout_alipay_name);
}

}  // namespace

Result<ledger::PayoutPolicy> payout_policy(const Settings& settings) {
    ledger::PayoutPolicy policy;
    // A currency that is left out of a list keeps its default.
    const Settings defaults;
    for (const auto* from : {&defaults, &settings}) {
        const auto minimum = ledger::set_amounts(from->payout_minimum, policy.minimum);
        if (minimum.has_error()) return minimum.error().within("payouts.minimum");
        const auto above =
            ledger::set_amounts(from->payout_two_person_above, policy.two_person_above);
        if (above.has_error()) return above.error().within("payouts.two_person_above");
    }
    auto schedule = ledger::parse_schedule(settings.payout_schedule);
    if (schedule.has_error()) return schedule.error().within("payouts.schedule");
    policy.schedule = schedule.value();
    return policy;
}

config::OptionSet declare_options(Settings& settings) {
    config::OptionSet options("GLEANER_");
    options.text({"data_folder", "Where the database, files, artefacts and keys lie.", "", false},
                 settings.data_folder);
    options.choice({"log_level", "The least important lines that are logged.", "", false},
                   settings.log_level, {"trace", "debug", "info", "warn", "error", "off"});
    options.text({"gateway.address", "Address on which nodes are served.", "", false},
                 settings.gateway_address);
    options.integer(
        {"gateway.port", "Port on which nodes are served; 0 lets the system choose.", "", false},
        settings.gateway_port, 0, 65'535);
    options.duration({"gateway.heartbeat_interval",
                      "How often nodes report; one silent for three intervals is lost.", "", false},
                     settings.heartbeat_interval, std::chrono::seconds(1), std::chrono::minutes(5));
    options.duration(
        {"gateway.node_certificate_validity",
         "How long a node's certificate holds; nodes renew it after two thirds.", "", false},
        settings.node_certificate_validity, std::chrono::minutes(1), std::chrono::hours(24 * 366));
    options.text({"api.address", "Address on which customers and operators are served.", "", false},
                 settings.api_address);
    options.integer(
        {"api.port", "Port on which customers and operators are served; 0 lets the system choose.",
         "", false},
        settings.api_port, 0, 65'535);
    options.list({"api.server_names",
                  "DNS names and addresses in the certificate that the coordinator makes itself.",
                  "", false},
                 settings.server_names);
    options.text(
        {"api.certificate",
         "PEM file of a certificate chain for the API, instead of the coordinator's own. Read "
         "again daily and at SIGHUP.",
         "", false},
        settings.api_certificate);
    options.text({"api.key", "PEM file with the private key of api.certificate.", "", false},
                 settings.api_key);
    options.bytes({"api.file_bytes_max", "The largest file that a customer may upload.", "", false},
                  settings.file_bytes_max, 1U << 10U, 1ULL << 40U);
    options.bytes({"api.project_bytes_max", "What one project may store in all.", "", false},
                  settings.project_bytes_max, 1U << 10U, 1ULL << 50U);
    options.integer({"api.batch_items_max", "The most requests in one batch.", "items", false},
                    settings.batch_items_max, 1, 50'000'000);
    options.integer(
        {"api.requests_per_minute",
         "Requests that each customer may send in a minute; 0: any number.", "requests", false},
        settings.requests_per_minute, 0, 1'000'000'000);
    options.integer({"api.tokens_per_minute",
                     "Tokens that each customer's online requests may take in a minute, prompts "
                     "included; 0: any number.",
                     "tokens", false},
                    settings.tokens_per_minute, 0, 4'000'000'000);
    options.text({"release_public_key",
                  "Public half of the release key; engine packages signed by another are refused.",
                  "", false},
                 settings.release_public_key);
    options.text(
        {"currency",
         "Sign of the one currency of all amounts, shown before them to owners of machines.", "",
         false},
        settings.currency);
    options.duration({"scheduler.shard_target", "How long a shard should take a node.", "", false},
                     settings.shard_target, std::chrono::seconds(1), std::chrono::minutes(30));
    options.duration(
        {"scheduler.reconnect_grace",
         "How long the work of a node that lost its connection waits for it.", "", false},
        settings.reconnect_grace, std::chrono::seconds(0), std::chrono::minutes(10));
    options.number({"scheduler.canary_share",
                    "Share of items with known answers among a trusted node's work.", "", false},
                   settings.canary_share, 0, 0.5);
    declare_shares(options, settings);
    declare_invoices(options, settings.invoices);
    declare_payouts(options, settings);
    declare_contracts(options, settings);
    return options;
}

Result<ledger::Split> split_of(const Settings& settings) {
    ledger::RevenueTerms terms;
    auto& split = terms.split;
    split.owner = static_cast<std::int32_t>(settings.owner_share);
    split.owner_partner = static_cast<std::int32_t>(settings.owner_partner_share);
    split.customer_partner = static_cast<std::int32_t>(settings.customer_partner_share);
    split.platform = 10'000 - split.owner - split.owner_partner - split.customer_partner;
    const auto checked = ledger::check(terms);
    if (checked.has_error()) {
        return Error(ErrorCode::invalid_argument,
                     "the options shares.… leave the platform " + std::to_string(split.platform) +
                         " of 10000 basis points: " + checked.error().message());
    }
    return split;
}

store::ContractClauses clauses_of(const Settings& settings) {
    store::ContractClauses clauses;
    clauses.deposit_days = static_cast<std::int32_t>(settings.contract_deposit_days);
    clauses.reprice_threshold = static_cast<std::int32_t>(settings.contract_reprice_threshold);
    clauses.reprice_fee = static_cast<std::int32_t>(settings.contract_reprice_fee);
    clauses.termination_penalty = static_cast<std::int32_t>(settings.contract_termination_penalty);
    return clauses;
}

}  // namespace gleaner
