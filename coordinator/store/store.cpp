#include "coordinator/store/store.h"

#include "coordinator/store/state.h"
#include "shared/util/check.h"

namespace gleaner::store {

Status Store::State::begin() {
    GLEANER_TRY(database->begin());
    if (database->depth() > 1) {
        journal.on_savepoint();
        grid_days.on_savepoint();
        meter_days.on_savepoint();
        spending.on_savepoint();
    }
    return ok();
}

Status Store::State::commit() {
    if (database->depth() > 1) {
        GLEANER_TRY(database->commit());
        journal.on_release();
        grid_days.on_release();
        meter_days.on_release();
        spending.on_release();
        return ok();
    }
    GLEANER_TRY(flush());
    GLEANER_TRY(database->commit());
    journal.on_transaction_end();
    grid_days.on_transaction_end();
    meter_days.on_transaction_end();
    spending.on_committed();
    return ok();
}

Status Store::State::flush() {
    GLEANER_TRY(journal.flush());
    GLEANER_TRY(grid_days.flush());
    GLEANER_TRY(meter_days.flush());
    return spending.flush();
}

void Store::State::rollback() {
    // Rows that the caches name may have been undone.
    if (database->depth() > 1) {
        journal.on_savepoint_undone();
        grid_days.on_savepoint_undone();
        meter_days.on_savepoint_undone();
        spending.on_savepoint_undone();
    } else {
        journal.on_transaction_undone();
        grid_days.on_transaction_end();
        meter_days.on_transaction_end();
        spending.on_transaction_undone();
    }
    sources.clear();
    database->rollback();
}

Result<std::unique_ptr<Store>> Store::open(const std::string& path, Mode mode, const Clock& clock) {
    const auto access =
        mode == Mode::read_write ? Database::Mode::read_write : Database::Mode::read_only;
    GLEANER_TRY(auto database, Database::open(path, access));
    GLEANER_TRY(database->migrate());
    return std::unique_ptr<Store>(new Store(std::make_unique<State>(std::move(database), clock)));
}

Store::Store(std::unique_ptr<State> state) : state_(std::move(state)) {}

Store::~Store() = default;

Status Store::begin() {
    return state_->begin();
}

Status Store::commit() {
    return state_->commit();
}

void Store::rollback() {
    state_->rollback();
}

const std::optional<Error>& Store::doomed() const {
    return state_->database->doomed();
}

Status Store::limit_size(std::int64_t bytes) {
    return state_->database->limit_size(bytes);
}

Status Store::set_split(const ledger::Split& split) {
    if (!ledger::valid(split)) {
        return Error(ErrorCode::invalid_argument,
                     "the shares of owner, partners and platform must sum to 10000 basis points "
                     "and none may be negative");
    }
    state_->split = split;
    return ok();
}

Status Store::put_standing(std::string_view key, std::string_view json) {
    return state_->database->run(sql::put_standing, key, json);
}

Result<std::vector<std::pair<std::string, std::string>>> Store::standings() {
    std::vector<std::pair<std::string, std::string>> standings;
    Query query(*state_->database, sql::list_standings);
    for (;;) {
        GLEANER_TRY(auto more, query.next());
        if (!more) return standings;
        standings.emplace_back(query.text("key"), query.text("json"));
    }
}

Result<std::int64_t> Store::next_epoch() {
    return state_->atomically([&]() -> Result<std::int64_t> {
        GLEANER_TRY(state_->database->run(sql::forget_unfinished_idempotency_keys));
        Query query(*state_->database, sql::next_epoch);
        GLEANER_TRY(auto found, query.next());
        GLEANER_CHECK(found, "the first migration makes the epoch's row");
        const std::int64_t epoch = query.integer("value");
        GLEANER_TRY(query.next());
        return epoch;
    });
}

}  // namespace gleaner::store
