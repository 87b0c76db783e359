#pragma once
/// What the OpenAI routes need of the rest of the coordinator.

#include <cstdint>

#include <boost/asio/any_io_executor.hpp>

#include "coordinator/store/customer_contracts.h"
#include "shared/util/clock.h"

namespace gleaner::runtime {
class Grid;
}
namespace gleaner::store {
class Blobs;
class StoreExecutor;
}  // namespace gleaner::store

namespace gleaner::api {

class ApiMetrics;
class Authenticator;
class CreditGate;
class IdempotencyKeys;
class ModelCatalogue;
class RateGate;
class Reservations;
class Settlements;

struct ApiLimits {
    std::uint64_t file_bytes_max = 2ULL << 30U;
    std::uint64_t project_bytes_max = 10ULL << 30U;
    std::uint64_t disk_reserve_bytes = 256ULL << 20U;  ///< uploads leave this much free
    std::uint32_t batch_items_max = 1'000'000;
    std::uint64_t request_bytes_max = 16ULL << 20U;  ///< of an online request
    std::uint32_t streams_per_customer_max = 4'096;
    Duration stream_start_within = std::chrono::seconds(30);
};

/// References outlive every route's handler.
struct Services {
    ApiLimits limits;
    const Clock& clock;
    store::StoreExecutor& store;
    store::Blobs& blobs;
    runtime::Grid& grid;
    boost::asio::any_io_executor blocking;  ///< a thread pool: files, big JSON
    ModelCatalogue& models;
    CreditGate& credit;
    RateGate& rates;
    IdempotencyKeys& idempotency;
    Settlements& settlements;
    ApiMetrics& metrics;
    Authenticator& keys;  ///< known keys: forgotten when one is revoked
    Reservations& reservations;
    store::ContractClauses clauses;  ///< of contracts that customers ask for
};

}  // namespace gleaner::api
