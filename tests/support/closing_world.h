#pragma once
/// Books in a file, with a clock that tests set to any time, for tests of what closes them.

#include <memory>
#include <string>

#include <doctest/doctest.h>

#include "coordinator/store/closes.h"
#include "coordinator/store/sqlite/database.h"
#include "shared/artefact/sha256.h"
#include "shared/model/civil_day.h"
#include "tests/support/store_world.h"
#include "tests/support/temporary_folder.h"

namespace gleaner::testing {

/// "2026-11-30 12:00:00" in Shanghai.
inline WallTime shanghai(const std::string& text) {
    const auto day = day_of_date(text.substr(0, 10)).value();
    const auto part = [&](std::size_t at) { return std::stoll(text.substr(at, 2)); };
    return start_of_day(day) + std::chrono::hours(part(11)) + std::chrono::minutes(part(14)) +
           std::chrono::seconds(part(17));
}

struct ClosingWorld {
    ManualClock clock;
    TemporaryFolder folder;
    std::string path = (folder.path() / "gleaner.db").string();
    std::unique_ptr<store::Store> store;
    StoreWorld world;
    store::Closes closes;

    /// One entry, at `start`: the customer's credit.
    explicit ClosingWorld(const std::string& start, Money credit = {1'000'000})
        : store(open_at(start)), world(StoreWorld::fill(*store, clock, credit)), closes(*store) {}

    void set(const std::string& text) { set_micros(shanghai(text).micros); }
    void set_micros(std::int64_t micros) { clock.advance(WallTime{micros} - clock.wall()); }

    Status top_up(Money amount, const std::string& key) {
        return store->top_up(world.customer.id, amount, key);
    }
    Money credit() { return store->available_credit(world.customer.id).value(); }
    /// As after the process has ended, in whatever it was doing.
    void reopen() {
        store.reset();
        store = store::Store::open(path, store::Store::Mode::read_write, clock).value();
        std::construct_at(&closes, *store);  // it refers to the store
    }
    std::string report(ledger::Period period) { return closes.closed(period).value().report_json; }
    /// Up to and without that day.
    void close_days_until(const std::string& date) {
        const auto end = day_of_date(date).value();
        while (*closes.progress().value().next_day() < end) {
            const auto next = *closes.progress().value().next_day();
            (void)closes.run({ledger::PeriodKind::day, next}, "bookkeeper").value();
        }
    }
    void check() {
        const auto checked = store->check_ledger().value();
        for (const auto& violation : checked.violations) MESSAGE(violation);
        REQUIRE(checked.violations.empty());
    }
    /// Changes rows behind the store's back, without the triggers that forbid it.
    void damage(const std::string& sql) const {
        auto database = store::Database::open(path, store::Database::Mode::read_write).value();
        for (const auto* trigger : {"entries_no_update", "entries_no_delete", "postings_no_update",
                                    "postings_no_delete", "meters_no_update", "meters_no_delete"}) {
            database->execute((std::string("DROP TRIGGER IF EXISTS ") + trigger).c_str()).value();
        }
        database->execute("PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF")
            .value();
        database->execute(sql.c_str()).value();
    }

private:
    std::unique_ptr<store::Store> open_at(const std::string& start) {
        set(start);
        return store::Store::open(path, store::Store::Mode::read_write, clock).value();
    }
};

}  // namespace gleaner::testing
