#include "coordinator/api/openai/reservations.h"

#include "coordinator/store/executor.h"
#include "shared/model/civil_day.h"

namespace gleaner::api {

namespace asio = boost::asio;
using openai::invalid_request;
using store::RunningReservation;

namespace {

constexpr const char* param = "gleaner.reservation";
constexpr std::string_view shared_machines = "none";
constexpr std::string_view not_running = "reservation_not_found";

ApiError not_found(const std::string& id) {
    return ApiError(404, "invalid_request_error", not_running,
                    "No reservation '" + id.substr(0, 64) +
                        "' runs for this project: GET /v1/contracts lists yours, and \"none\" "
                        "asks for machines that all share.")
        .about(param);
}

/// On machines of its own it is told what it may not ask for, and how to get it elsewhere.
ApiStatus admits(const RunningReservation& reservation, const PlaceWish& wish) {
    const std::string elsewhere =
        ", or send \"gleaner\": {\"reservation\": \"none\"} for machines that all share.";
    // The classes stand in the order of their strictness.
    if (wish.privacy > reservation.reserved.privacy)
        return invalid_request(
            "The machines of the reservation " + reservation.id + " are of the privacy class \"" +
                std::string(to_string(reservation.reserved.privacy)) + "\", and this asks for \"" +
                std::string(to_string(wish.privacy)) + "\": leave the class out" + elsewhere,
            "gleaner.privacy", "invalid_value");
    if (wish.replicas > 1)
        return invalid_request(
            "Work on reserved machines is computed once: leave "
            "'gleaner.replicas' out" +
                elsewhere,
            "gleaner.replicas", "invalid_value");
    if (!reservation.funded)
        return openai::insufficient_quota(
            "The reservation " + reservation.id +
            " has no machines now, because your credit does not cover its next hour: top up" +
            elsewhere);
    return api_ok();
}

}  // namespace

ApiResult<std::optional<RunningReservation>> choose_reservation(
    const std::vector<RunningReservation>& running, const ProjectId& project,
    const PlaceWish& wish) {
    if (wish.named == shared_machines) return std::optional<RunningReservation>();
    const RunningReservation* chosen = nullptr;
    std::size_t own = 0;
    for (const auto& one : running) {
        if (one.project != project || (wish.named && one.id != *wish.named)) continue;
        chosen = &one;
        ++own;
    }
    if (wish.named && own == 0) return not_found(*wish.named);
    if (own != 1) return std::optional<RunningReservation>();
    GLEANER_TRY(admits(*chosen, wish));
    return std::optional(*chosen);
}

asio::awaitable<ApiResult<std::optional<RunningReservation>>> Reservations::choose(
    ProjectId project, PlaceWish wish) {
    if (!running_ || until_ <= clock_.now()) {
        std::function<Result<std::vector<RunningReservation>>(store::Store&)> load =
            [now = clock_.wall()](store::Store& s) {
                return store::CustomerContracts(s).running(now);
            };
        auto loaded = co_await store_.read(std::move(load));
        if (loaded.has_error()) co_return ApiError(loaded.error());
        running_ =
            std::make_shared<const std::vector<RunningReservation>>(std::move(loaded).value());
        until_ = clock_.now() + kept_for;
    }
    auto chosen = choose_reservation(*running_, project, wish);
    if (chosen.has_value() || chosen.error().code() != not_running) co_return chosen;
    auto asking = why_not(project, *wish.named, chosen.error());
    co_return co_await std::move(asking);
}

asio::awaitable<ApiError> Reservations::why_not(ProjectId project, std::string id,
                                                ApiError refusal) {
    std::function<Result<store::CustomerContract>(store::Store&)> load = [id](store::Store& s) {
        return store::CustomerContracts(s).read(id);
    };
    const auto found = co_await store_.read(std::move(load));
    if (found.has_error() || found.value().wish.project != project) co_return refusal;
    const auto& contract = found.value();
    std::string why = "is for prices, not for machines";
    if (contract.wish.reserved) {
        const auto now = clock_.wall();
        why = !contract.signed_at ? "has not been signed"
              : contract.ends && *contract.ends <= now
                  ? "ended at " + local_time_text(*contract.ends)
                  : "begins at " + local_time_text(contract.wish.from);
    }
    co_return invalid_request("The contract " + id + " " + why +
                                  ": \"none\" asks for machines "
                                  "that all share.",
                              param, "reservation_not_in_force");
}

ledger::Tariff tariff_on(const RunningReservation& reservation, Currency currency) {
    return ledger::fixed_tariff({0, 0, 0}, currency, reservation.reserved.privacy);
}

}  // namespace gleaner::api
