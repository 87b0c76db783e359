#pragma once
/// The coordinator's options: declared once, with their defaults, bounds and meaning.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "coordinator/ledger/invoice.h"
#include "coordinator/ledger/ledger.h"
#include "coordinator/ledger/payout.h"
#include "coordinator/store/customer_contracts.h"
#include "shared/config/option.h"
#include "shared/util/clock.h"

namespace gleaner {

struct Settings {
    std::string data_folder = "/var/lib/gleaner-coordinator";
    std::string log_level = "info";
    std::string gateway_address = "0.0.0.0";
    std::uint32_t gateway_port = 7443;
    std::string api_address = "0.0.0.0";
    std::uint32_t api_port = 8443;
    std::vector<std::string> server_names{"localhost", "127.0.0.1"};
    std::string api_certificate;
    std::string api_key;
    std::string release_public_key;
    std::string currency = "¥";
    std::uint64_t file_bytes_max = 2ULL << 30U;
    std::uint64_t project_bytes_max = 10ULL << 30U;
    std::uint32_t batch_items_max = 1'000'000;
    std::uint32_t requests_per_minute = 60'000;
    std::uint32_t tokens_per_minute = 60'000'000;
    Duration heartbeat_interval = std::chrono::seconds(15);
    Duration reconnect_grace = std::chrono::seconds(10);
    Duration shard_target = std::chrono::seconds(45);
    Duration node_certificate_validity = std::chrono::hours(24 * 30);
    double canary_share = 0.02;
    std::uint32_t owner_share = 7'000;           ///< basis points of revenue
    std::uint32_t owner_partner_share = 500;     ///< likewise
    std::uint32_t customer_partner_share = 500;  ///< likewise
    std::uint32_t held_back_days = 7;
    ledger::InvoiceTerms invoices;
    std::vector<std::string> payout_minimum{"CNY 100", "USD 20", "EUR 20", "HKD 100", "SGD 20"};
    std::vector<std::string> payout_two_person_above{"CNY 5000", "USD 700", "EUR 600", "HKD 5000",
                                                     "SGD 900"};
    std::uint32_t contract_deposit_days = 15;
    std::uint32_t contract_reprice_threshold = 2'000;    ///< basis points
    std::uint32_t contract_reprice_fee = 2'000;          ///< likewise
    std::uint32_t contract_termination_penalty = 3'000;  ///< likewise
    std::string payout_schedule = "monthly 10";
    std::string payout_alipay_login;
    std::string payout_alipay_name;

    [[nodiscard]] std::filesystem::path in_data(std::string_view name) const {
        return std::filesystem::path(data_folder) / name;
    }
};

/// How revenue is shared where no contract says otherwise. Errors: invalid_argument.
[[nodiscard]] Result<ledger::Split> split_of(const Settings& settings);
/// What the options say of payouts. invalid_argument for amounts or a schedule that are none.
[[nodiscard]] Result<ledger::PayoutPolicy> payout_policy(const Settings& settings);

/// The clauses of contracts that customers ask for.
[[nodiscard]] store::ContractClauses clauses_of(const Settings& settings);

/// Binds every option to a field of `settings`, which must outlive the returned set.
[[nodiscard]] config::OptionSet declare_options(Settings& settings);

}  // namespace gleaner
