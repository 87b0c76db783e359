#pragma once
/// Online answers' money and receipts, on their way to the store: no answer waits for it, and none
/// is lost to a write that failed.

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "coordinator/api/openai/idempotency.h"
#include "coordinator/api/openai/online_answer.h"
#include "shared/model/money.h"

namespace gleaner::runtime {
class Grid;
}

namespace gleaner::store {
class StoreExecutor;
}

namespace gleaner::api {

/// Meter records of the answer's parts with its receipt; without meters when nothing reached the
/// customer.
[[nodiscard]] store::Acceptance acceptance_of(const OnlineAnswer::Order& order,
                                              const std::vector<AnswerPart>& parts,
                                              std::uint32_t attempts, bool verified, WallTime at);

/// Single-threaded; outlives the executor's work.
class Settlements {
public:
    static constexpr Duration retry_after = std::chrono::seconds(2);

    /// `grid`: hears of what waits, since too much of it stops new work. Both must outlive this.
    Settlements(const boost::asio::any_io_executor& executor, store::StoreExecutor& store,
                runtime::Grid& grid);

    /// Hands it to the store; returns its price. What the store cannot write (its disk is full)
    /// is kept and tried again.
    Money add(store::Acceptance acceptance);
    /// The same for one with a reply, under `key`: no other request gets the key before the reply
    /// is saved. Calls `tried` once the store has written it or failed to.
    Money add(store::Acceptance acceptance, IdempotencyKey key, std::function<void()> tried);
    /// Waiting for another try: a metric.
    [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }

private:
    using Shared = std::shared_ptr<const store::Acceptance>;
    struct Keyed {
        IdempotencyKey key;
        std::function<void()> tried;  ///< empty after the call
    };
    Money queue(store::Acceptance acceptance);
    void written(const Shared& acceptance, const Status& status);
    void write(Shared acceptance);
    void retry_later(Shared acceptance);

    store::StoreExecutor& store_;
    runtime::Grid& grid_;
    boost::asio::steady_timer timer_;
    std::vector<Shared> waiting_;
    std::map<RequestId, Keyed> keyed_;  ///< whose replies are not saved yet
};

}  // namespace gleaner::api
