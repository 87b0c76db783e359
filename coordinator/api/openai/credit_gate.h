#pragma once
/// Lets work begin only if the customer's credit, the key's spend cap and hard budgets cover the
/// most it can cost, together with what already runs. In memory: what is used is charged when the
/// answer is done.

#include <array>
#include <string>
#include <unordered_map>

#include <boost/asio/awaitable.hpp>

#include "coordinator/api/http.h"
#include "coordinator/ledger/allowance.h"
#include "shared/model/money.h"
#include "shared/util/clock.h"

namespace gleaner::store {
class StoreExecutor;
}

namespace gleaner::api {

/// Single-threaded; outlives its holds.
class CreditGate {
    struct Purse;

public:
    /// Credit is looked up anew after this time; until then what was charged since is subtracted.
    static constexpr Duration kept_for = std::chrono::seconds(1);

    CreditGate(store::StoreExecutor& store, const Clock& clock, std::uint32_t running_max)
        : store_(store), clock_(clock), running_max_(running_max) {}

    /// Gives back what it holds when destroyed.
    class Hold {
    public:
        Hold(Hold&& other) noexcept;
        Hold& operator=(Hold&&) = delete;
        ~Hold();
        /// What the work has cost: no longer available, also before the store says so.
        void charge(Money price);

    private:
        friend class CreditGate;
        Hold(CreditGate& gate, std::array<Purse*, 3> purses, Money amount)
            : gate_(&gate), purses_(purses), amount_(amount) {}
        CreditGate* gate_;
        std::array<Purse*, 3> purses_;
        Money amount_;
    };

    /// `what`: "request", "batch". Errors: 429 insufficient_quota; 429 with Retry-After when
    /// `running_max` answers of this customer run already; 503 when the store cannot be asked.
    [[nodiscard]] boost::asio::awaitable<ApiResult<Hold>> take(Caller caller, Money most,
                                                               std::string what);

    [[nodiscard]] std::size_t running() const { return running_; }

    /// After money came in or a limit changed: looks it up before the next decision.
    void forget();

private:
    /// Of a customer (in one currency), a project or a key.
    struct Purse {
        ledger::Credit credit;  ///< as the store said; of a customer
        std::optional<ledger::MonthlyCap> cap;
        Money charged_since;  ///< since then
        Money held;
        std::uint32_t running = 0;
        Time until;  ///< what the store said is used until then

        [[nodiscard]] Money in_flight() const { return charged_since + held; }
    };
    void refresh(Purse& purse, const std::optional<ledger::MonthlyCap>& cap);

    store::StoreExecutor& store_;
    const Clock& clock_;
    std::uint32_t running_max_;
    std::size_t running_ = 0;
    std::unordered_map<std::string, Purse> purses_;  ///< never erased: holds point to them
};

}  // namespace gleaner::api
