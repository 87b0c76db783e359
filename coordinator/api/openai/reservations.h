#pragma once
/// On whose machines a request works: reserved ones of its project, or those that all share. What
/// is reserved is read from the store once a second at most, not for each request.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "coordinator/api/http.h"
#include "coordinator/store/customer_contracts.h"

namespace gleaner::store {
class StoreExecutor;
}

namespace gleaner::api {

/// What a request says of it, or would be given by it.
struct PlaceWish {
    std::optional<std::string> named;  ///< a contract's id or "none"; unset: the project's own
    PrivacyClass privacy = PrivacyClass::any;
    std::int32_t replicas = 1;
};

/// Of the running ones; the one that the request names, else its project's if there is exactly one.
/// Nothing: shared machines. Errors: 404 (not one of the project's that run), 400 (a privacy class
/// that the reservation has not, replicas), 429 (its next hour cannot be paid).
[[nodiscard]] ApiResult<std::optional<store::RunningReservation>> choose_reservation(
    const std::vector<store::RunningReservation>& running, const ProjectId& project,
    const PlaceWish& wish);

/// Single-threaded.
class Reservations {
public:
    static constexpr Duration kept_for = std::chrono::seconds(1);

    Reservations(store::StoreExecutor& store, const Clock& clock) : store_(store), clock_(clock) {}

    /// choose_reservation() of those in force now. Its error says of a contract that does not run
    /// why: only then the store is asked about it.
    [[nodiscard]] boost::asio::awaitable<ApiResult<std::optional<store::RunningReservation>>>
    choose(ProjectId project, PlaceWish wish);
    /// After one was signed or ended.
    void forget() { running_.reset(); }

private:
    [[nodiscard]] boost::asio::awaitable<ApiError> why_not(ProjectId project, std::string id,
                                                           ApiError refusal);

    store::StoreExecutor& store_;
    const Clock& clock_;
    std::shared_ptr<const std::vector<store::RunningReservation>> running_;
    Time until_;
};

/// The price of work on reserved machines: their hours are paid, not the tokens.
[[nodiscard]] ledger::Tariff tariff_on(const store::RunningReservation& reservation,
                                       Currency currency);

}  // namespace gleaner::api
