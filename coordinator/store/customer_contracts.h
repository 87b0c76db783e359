#pragma once
/// What customers bind themselves to: machines reserved by the hour or for months, or an amount of
/// work a month at locked prices. Offered with all that follows from it, in force once signed.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coordinator/ledger/availability.h"
#include "coordinator/ledger/customer_contract.h"
#include "coordinator/ledger/price_book.h"
#include "coordinator/store/store.h"
#include "shared/model/civil_day.h"

namespace gleaner::store {

/// Machines that work for one project alone.
struct ReservedDevices {
    std::string device_class;  ///< "NVIDIA GeForce RTX 4060"
    std::int32_t devices = 0;
    PrivacyClass privacy = PrivacyClass::any;  ///< any or certified: on whose machines
    friend bool operator==(const ReservedDevices&, const ReservedDevices&) = default;
};

/// What an hour of one reserved device costs, from a moment on; locked until the customer reprices.
struct LockedPrice {
    WallTime from;
    /// Of the version of the price book that is locked. Its prompt price is that of an hour; of a
    /// contract without machines only the version counts.
    ledger::Tariff hour;
    Money monthly;  ///< the commitment a month at this price
    Money fee;      ///< paid for this repricing; zero for the first price

    [[nodiscard]] Money at(WallTime time) const {
        return {hour.at(time).prompt_micros_per_million};
    }
};

/// What is asked for. With `reserved`: machines. Without: `monthly` of work, at locked prices.
struct ContractWish {
    ProjectId project;
    std::optional<ReservedDevices> reserved;
    Money monthly;               ///< only without `reserved`
    WallTime from;               ///< a whole hour, not in the past
    std::optional<WallTime> to;  ///< by the hour: a whole hour; else unset
    std::int32_t months = 0;     ///< a term of 1 to reserved_months_max; 0: by the hour until `to`
    bool renews = false;         ///< after the term it goes on month by month
    friend bool operator==(const ContractWish&, const ContractWish&) = default;
};
inline constexpr std::int32_t reserved_months_max = 3;

/// The clauses of contracts for a term, from the coordinator's settings or an operator's own.
struct ContractClauses {
    std::int32_t deposit_days = 15;  ///< of a month of 30 days' commitment
    std::int32_t reprice_threshold = 2'000;
    std::int32_t reprice_fee = 2'000;
    std::int32_t termination_penalty = 3'000;
};

enum class ContractState : std::uint8_t { offered, expired, signed_, ended };

struct CustomerContract {
    std::string id;  ///< ctr_…
    CustomerId customer;
    Currency currency = Currency::cny;  ///< the project's
    ContractWish wish;
    ledger::CustomerTerms terms;      ///< months is 1 for one by the hour
    std::vector<LockedPrice> prices;  ///< by their beginning; at least one
    WallTime offered;
    std::string offered_by;  ///< a credential or an operator
    WallTime valid_until;    ///< to be signed before
    std::optional<WallTime> signed_at;
    std::string signed_by;  ///< the customer's credential
    /// When it ends or ended, as far as that is known: unset while it renews.
    std::optional<WallTime> ends;
    std::string end_reason;
    Money deposit_held;

    [[nodiscard]] ContractState state(WallTime now) const;
    [[nodiscard]] const LockedPrice& price_at(WallTime time) const;
    /// Signed, begun and not over.
    [[nodiscard]] bool in_force(WallTime at) const;
};

/// What leaving or repricing now would cost and bring; for everybody to see before they sign, too.
struct ContractChoices {
    ledger::RepriceOffer reprice;
    ledger::Termination terminate;
    ledger::Remaining remaining;
};

/// Device time of one machine that worked for a contract.
struct DeliveredTime {
    std::string contract;
    NodeId node;
    SiteId site;
    OwnerId owner;
    std::int64_t hour = 0;  ///< hours since 1970-01-01 00:00 UTC
    std::int64_t device_micros = 0;
    std::int64_t reference_micros = 0;
};

/// A contract with machines that is in force, for the scheduler.
struct RunningReservation {
    std::string id;
    CustomerId customer;
    ProjectId project;
    ReservedDevices reserved;
    bool funded = true;  ///< the next hour can be paid; else its machines are released
};

/// An availability promise in a month, as far as it was metered.
struct AvailabilityReport {
    ledger::Delivered delivered;
    Money charged;
    Money credit;           ///< due for it
    bool credited = false;  ///< and posted
};

/// Each verb is one transaction.
class CustomerContracts {
public:
    explicit CustomerContracts(Store& store) : store_(store) {}

    /// `connected`: devices of the class on offer now, for wishes with machines; zero is hardware
    /// that does not exist. An offer is priced by the book in force now and valid for a day.
    /// Errors: invalid_argument (times, counts, a class that is not there, a class or currency that
    /// the price book does not sell), failed_precondition (no price book; too few devices are left
    /// beside what is signed; the project has a commitment at that time), not_found (project).
    Result<CustomerContract> offer(const ContractWish& wish, const ContractClauses& clauses,
                                   std::int64_t connected, std::string_view by);
    /// Takes the deposit. Signing again changes nothing. Errors: not_found, permission_denied
    /// (another customer's), failed_precondition (expired, begun, or what it needs was promised to
    /// others since), resource_exhausted (credit for the deposit and the first day).
    Result<CustomerContract> sign(const std::string& id, const Principal& by,
                                  std::int64_t connected);
    Result<CustomerContract> read(const std::string& id);
    /// All of a customer's, by number.
    Result<std::vector<CustomerContract>> of(const CustomerId& customer);
    Result<std::vector<CustomerContract>> all();
    Result<ContractChoices> choices(const std::string& id);

    /// Takes the present prices for the rest of the term, for the fee. `expected_fee`: what the
    /// customer was shown; another one is refused. Errors: failed_precondition (the prices have not
    /// fallen by more than the threshold; not in force), resource_exhausted.
    Result<CustomerContract> reprice(const std::string& id, Money expected_fee);
    /// It does not renew: it ends with the term or the month that runs. Free.
    Result<CustomerContract> end(const std::string& id);
    /// Ends it now; the penalty is taken from the deposit, then from credit; the rest of the
    /// deposit goes back. `expected_penalty` as in reprice().
    Result<CustomerContract> terminate(const std::string& id, Money expected_penalty,
                                       std::string_view by);

    /// Contracts with machines that are in force at `at`.
    Result<std::vector<RunningReservation>> running(WallTime at);
    /// Adds to what was delivered, and for contracts to the time in which they were not funded (of
    /// one device, in micros), which was neither promised nor delivered.
    Status add_delivered(const std::vector<DeliveredTime>& delivered,
                         const std::vector<std::pair<std::string, std::int64_t>>& unfunded,
                         std::int64_t hour);
    /// Bills every hour that is over and not billed yet, each once: meter records of the nodes at
    /// the locked price, never more than was promised. Gives deposits of reservations back that
    /// have ended. A contract that cannot be billed is logged, and tried again at the next call.
    Status bill_hours();
    /// Of a month of Shanghai.
    Result<AvailabilityReport> availability(const std::string& id, Month month);
    /// The version of the price book that the project's work is priced by now: its contract's
    /// without machines; nothing: the one in force.
    Result<std::optional<std::int64_t>> locked_book(const ProjectId& project, WallTime at);

    /// It is over and all of it is paid: what is left of the deposit goes back.
    Status close(const CustomerContract& contract);

private:
    Status bill(const CustomerContract& contract);
    Status return_deposit(const CustomerContract& contract);
    Result<std::int64_t> billed_until(const std::string& id);

    Store& store_;
};

/// The daily step: with the last day of a month, and of an ended contract, credits for broken
/// promises of availability, and what is missing to a month's commitment. Each once.
Status settle_contracts(Store& store, std::int64_t day);

}  // namespace gleaner::store
