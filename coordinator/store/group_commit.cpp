#include "coordinator/store/group_commit.h"

#include <exception>
#include <utility>
#include <vector>

namespace gleaner::store {

namespace {

constexpr std::size_t group_max = 512;
constexpr Duration group_time_max = 5ms;

Status run_work(Store& store, StoreCall& call) {
    try {
        return call.work(store);
    } catch (const std::exception& exception) {
        return Error(ErrorCode::internal, std::string("a store call threw: ") + exception.what());
    }
}

class Group {
public:
    explicit Group(Store& store) : store_(store) {}

    /// False when the transaction cannot go on.
    bool add(std::unique_ptr<StoreCall> call) {
        auto status = empty_ ? run_first(*call) : run_in_savepoint(*call);
        if (status.has_value()) empty_ = false;
        ended_.emplace_back(std::move(call), std::move(status));
        return !store_.doomed() && !lost_;
    }
    [[nodiscard]] std::size_t size() const { return ended_.size(); }

    void finish() {
        const auto outcome = end_transaction();
        for (auto& [call, status] : ended_) {
            call->finish(outcome.has_error() ? outcome : std::move(status));
        }
    }

private:
    /// With nothing before it in the transaction, its failure undoes the transaction: no savepoint.
    Status run_first(StoreCall& call) {
        if (!open_) {
            auto begun = store_.begin();
            if (begun.has_error()) {
                lost_ = std::move(begun).error();
                return *lost_;
            }
            open_ = true;
        }
        auto status = run_work(store_, call);
        if (status.has_error() && !store_.doomed()) {
            store_.rollback();
            open_ = false;
        }
        return status;
    }

    Status run_in_savepoint(StoreCall& call) {
        GLEANER_TRY(store_.begin());
        auto status = run_work(store_, call);
        if (status.has_value()) status = store_.commit();
        if (status.has_error()) store_.rollback();
        return status;
    }

    Status end_transaction() {
        if (lost_) return *lost_;
        if (!open_) return ok();
        auto status = store_.doomed() ? Status(*store_.doomed()) : store_.commit();
        if (status.has_error()) store_.rollback();
        return status;
    }

    Store& store_;
    std::vector<std::pair<std::unique_ptr<StoreCall>, Status>> ended_;
    bool open_ = false;
    bool empty_ = true;
    std::optional<Error> lost_;
};

}  // namespace

void run_group(Store& store, const Clock& clock, CallQueue& queue,
               std::unique_ptr<StoreCall> first) {
    const Time until = clock.now() + group_time_max;
    Group group(store);
    bool goes_on = group.add(std::move(first));
    while (goes_on && group.size() < group_max && clock.now() < until) {
        auto call = queue.next();
        if (!call) break;
        goes_on = group.add(std::move(call));
    }
    group.finish();
}

void run_alone(Store& store, StoreCall& call) {
    auto status = store.begin();
    if (status.has_error()) {
        call.finish(std::move(status));
        return;
    }
    status = run_work(store, call);
    if (status.has_value()) status = store.commit();
    if (status.has_error()) store.rollback();
    call.finish(std::move(status));
}

}  // namespace gleaner::store
