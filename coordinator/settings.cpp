#include "coordinator/settings.h"

namespace gleaner {

namespace {

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
    declare_payouts(options, settings);
    return options;
}

}  // namespace gleaner
