#pragma once
/// /api/v1: people, sites and consent, nodes, catalogue and money, as JSON. Decides who may do
/// what; the store decides what is possible. Network thread only; disk and database work happens
/// elsewhere and is awaited.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "coordinator/api/admin/consent_text.h"
#include "coordinator/api/admin/grid_control.h"
#include "coordinator/ledger/invoice.h"
#include "coordinator/ledger/payout.h"
#include "coordinator/store/customer_contracts.h"
#include "coordinator/store/records.h"
#include "shared/artefact/signing_key.h"
#include "shared/util/clock.h"
#include "shared/util/result.h"

namespace gleaner::api {
class Router;
}

namespace gleaner::vault {
class Vault;
}

namespace gleaner::store {
class Blobs;
class StoreExecutor;
}  // namespace gleaner::store

namespace gleaner::admin {

struct AdminState;

struct AdminOptions {
    ConsentText consent;
    /// Both become part of enrolment tokens.
    std::string authority_pin;             ///< 64 hex characters
    std::optional<PublicKey> release_key;  ///< without it: no engines, no tokens
    std::string database;                  ///< its file; archives lie beside it
    ledger::PayoutPolicy payouts;
    /// The platform's own Alipay account, which Alipay's batch files name.
    std::string payer_login;
    std::string payer_name;
    ledger::InvoiceTerms invoices = {};   ///< the seller's side; without a title: none are issued
    store::ContractClauses clauses = {};  ///< of contracts with customers, unless others are named
};

/// All of it outlives the AdminApi.
struct AdminNeeds {
    const Clock& clock;
    store::StoreExecutor& store;
    store::Blobs& blobs;
    GridControl& grid;
    boost::asio::any_io_executor blocking;  ///< for hashing, GGUF and archive reading
    std::function<void()> forget_cached;    ///< keys and models: one came or went
    vault::Vault& vault;                    ///< seals account data
};

/// Bodies of JSON routes are small; canaries are the largest.
inline constexpr std::uint64_t admin_body_bytes_max = 16u << 20;
inline constexpr std::uint64_t artefact_bytes_max = 1ull << 40;

class AdminApi {
public:
    AdminApi(AdminOptions options, const AdminNeeds& needs);
    ~AdminApi();

    /// Adds /api/v1/… to the router; this object must outlive the requests.
    void add_routes(api::Router& router);

private:
    std::unique_ptr<AdminState> state_;
};

}  // namespace gleaner::admin
