#pragma once
/// Lets an online request begin only if the customer's credit covers the most it can cost, together
/// with what already runs. In memory: what is used is charged when the answer is done.

#include <memory>
#include <unordered_map>

#include <boost/asio/awaitable.hpp>

#include "coordinator/api/http.h"
#include "shared/model/money.h"
#include "shared/util/clock.h"

namespace gleaner::store {
class StoreExecutor;
}

namespace gleaner::api {

/// Single-threaded; outlives its holds.
class CreditGate {
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
        /// What the answer has cost: no longer available, also before the store says so.
        void charge(Money price);

    private:
        friend class CreditGate;
        Hold(CreditGate& gate, CustomerId customer, Money amount)
            : gate_(&gate), customer_(std::move(customer)), amount_(amount) {}
        CreditGate* gate_;
        CustomerId customer_;
        Money amount_;
    };

    /// Errors: 429 insufficient_quota; 429 with Retry-After when `running_max` answers of this
    /// customer run already; 503 when the store cannot be asked.
    [[nodiscard]] boost::asio::awaitable<ApiResult<Hold>> take(CustomerId customer, Money most);

    [[nodiscard]] std::size_t running() const { return running_; }

private:
    struct Account {
        Money available;      ///< as the store said
        Money charged_since;  ///< since then
        Money held;
        std::uint32_t running = 0;
        Time until;  ///< `available` is used until then
    };
    store::StoreExecutor& store_;
    const Clock& clock_;
    std::uint32_t running_max_;
    std::size_t running_ = 0;
    std::unordered_map<CustomerId, Account> accounts_;
};

}  // namespace gleaner::api
