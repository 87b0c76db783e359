#include "coordinator/store/prices.h"

#include <doctest/doctest.h>

#include "shared/model/civil_day.h"
#include "shared/util/random.h"
#include "tests/support/store_world.h"

using namespace gleaner;
using namespace gleaner::store;
using gleaner::testing::StoreWorld;

namespace {

struct Fixture {
    ManualClock clock;
    std::unique_ptr<Store> store = Store::open(":memory:", Store::Mode::read_write, clock).value();
    StoreWorld world = StoreWorld::fill(*store, clock, {1'000'000});
    Prices prices{*store};

    static PriceOffer offer(std::int64_t prompt_micros) {
        PriceOffer made;
        made.book.currencies[Currency::cny].models["demo"] = {prompt_micros, 2'000'000};
        return made;
    }
    static PriceOffer offer(std::int64_t prompt_micros, WallTime from,
                            std::optional<WallTime> until = std::nullopt) {
        auto made = offer(prompt_micros);
        made.from = from;
        made.until = until;
        return made;
    }
    std::int64_t price_at(WallTime at) {
        const auto book = prices.in_force(at).value();
        if (!book) return -1;
        return book->currencies.at(Currency::cny).models.at("demo").prompt_micros_per_million;
    }
    Money credit() { return store->available_credit(world.customer.id).value(); }
    Money platform() { return store->platform_statement({}, clock.wall() + 1s).value().closing; }
    void store_file(const std::string& id, std::int64_t bytes) {
        File file;
        file.id = FileId{id};
        file.project = world.project.id;
        file.purpose = "batch";
        file.filename = id;
        file.bytes = bytes;
        (void)store->add_file(file).value();
    }
};

constexpr std::int64_t gib = std::int64_t{1} << 30;

}  // namespace

TEST_CASE_FIXTURE(Fixture, "without a price book nothing is in force and nothing will change") {
    CHECK(!prices.in_force(clock.wall()).value());
    CHECK(!prices.next_change(clock.wall()).value());
    CHECK(prices.versions().value().empty());
    CHECK(prices.version(1).error().code() == ErrorCode::not_found);
}

TEST_CASE_FIXTURE(Fixture, "a version published without a time is in force at once") {
    const auto first = prices.publish(offer(1)).value();
    CHECK(first.book.version == 1);
    CHECK(first.book.from == clock.wall());
    CHECK(price_at(clock.wall()) == 1);
    CHECK(price_at(clock.wall() - 1us) == -1);
    clock.advance(1s);
    CHECK(prices.publish(offer(1)).value().book.version == 1);  // again: nothing new
    CHECK(prices.publish(offer(2)).value().book.version == 2);
    CHECK(price_at(clock.wall()) == 2);
    clock.advance(1s);
    CHECK(prices.publish(offer(1)).value().book.version == 3);  // back to the first one's prices
    CHECK(prices.versions().value().size() == 3);
}

TEST_CASE_FIXTURE(Fixture, "a version with an end gives way to the one before it") {
    const WallTime now = clock.wall();
    (void)prices.publish(offer(1)).value();
    (void)prices.publish(offer(2, now + 24h, now + 48h)).value();
    CHECK(prices.publish(offer(2, now + 24h, now + 48h)).value().book.version == 2);
    CHECK(price_at(now + 24h - 1us) == 1);
    CHECK(price_at(now + 24h) == 2);
    CHECK(price_at(now + 48h) == 1);
    CHECK(prices.next_change(now).value() == now + 24h);
    CHECK(prices.next_change(now + 24h).value() == now + 48h);
    CHECK(!prices.next_change(now + 48h).value());
}

TEST_CASE_FIXTURE(Fixture,
                  "an overlapping, retroactive or empty version is refused, and not kept") {
    const WallTime now = clock.wall();
    (void)prices.publish(offer(1, now + 24h, now + 48h)).value();
    CHECK(prices.publish(offer(2, now + 24h)).error().code() == ErrorCode::already_exists);
    CHECK(prices.publish(offer(2, now + 30h)).error().code() == ErrorCode::already_exists);
    CHECK(prices.publish(offer(2, now + 1h, now + 30h)).error().code() ==
          ErrorCode::already_exists);
    CHECK(prices.publish(offer(2, now - 1h)).error().code() == ErrorCode::invalid_argument);
    CHECK(prices.publish(offer(-2)).error().code() == ErrorCode::invalid_argument);
    CHECK(prices.publish(PriceOffer{}).error().code() == ErrorCode::invalid_argument);
    CHECK(prices.rehearse(offer(2, now + 30h)).error().code() == ErrorCode::already_exists);
    CHECK(prices.rehearse(offer(2)).value().book.version == 0);
    CHECK(prices.versions().value().size() == 1);
}

TEST_CASE_FIXTURE(Fixture, "a version can be withdrawn until it is in force, and published anew") {
    const WallTime now = clock.wall();
    (void)prices.publish(offer(1)).value();
    (void)prices.publish(offer(2, now + 24h)).value();
    CHECK(prices.withdraw(1).error().code() == ErrorCode::failed_precondition);
    CHECK(prices.withdraw(9).error().code() == ErrorCode::not_found);
    CHECK(prices.withdraw(2).value().withdrawn == now);
    CHECK(prices.withdraw(2).value().withdrawn == now);
    CHECK(price_at(now + 25h) == 1);
    CHECK(!prices.next_change(now).value());
    CHECK(prices.publish(offer(2, now + 24h)).value().book.version == 3);
    clock.advance(25h);
    CHECK(prices.withdraw(3).error().code() == ErrorCode::failed_precondition);
    CHECK(prices.withdraw(3).error().message().find("publish another version") !=
          std::string::npos);
}

TEST_CASE_FIXTURE(Fixture,
                  "at random, the version in force is the newest that has begun and not ended") {
    Random random(5);
    std::vector<std::pair<std::int64_t, ledger::Validity>> model;
    for (int step = 0; step < 300; ++step) {
        const WallTime now = clock.wall();
        const auto from = now + std::chrono::hours(random.below(60));
        std::optional<WallTime> until;
        if (random.chance(0.5)) until = from + std::chrono::hours(random.below(20) + 1);
        const std::int64_t price = step + 1;
        if (random.chance(0.15) && !model.empty()) {
            const auto at = random.below(model.size());
            const auto number = model[at].second.version;
            const bool may = model[at].second.from > now;
            CHECK(prices.withdraw(number).has_value() == may);
            if (may) model.erase(model.begin() + static_cast<std::ptrdiff_t>(at));
        } else {
            const auto made = prices.publish(offer(price, from, until));
            bool free = true;
            for (const auto& [kept, other] : model) {
                free = free && other.from != from;
                free = free && !(other.until && from > other.from && from < *other.until);
                free = free && !(until && other.from > from && other.from < *until);
            }
            REQUIRE(made.has_value() == free);
            if (free) model.push_back({price, {made.value().book.version, from, until}});
        }
        const auto look = now + std::chrono::hours(random.below(100));
        std::int64_t expected = -1;
        WallTime newest{-1};
        for (const auto& [kept, other] : model) {
            if (other.from > look || (other.until && *other.until <= look)) continue;
            if (other.from > newest) {
                newest = other.from;
                expected = kept;
            }
        }
        REQUIRE(price_at(look) == expected);
        clock.advance(std::chrono::hours(random.below(5)));
    }
}

TEST_CASE_FIXTURE(Fixture, "a job is priced as when it was admitted, whatever is published later") {
    (void)prices.publish(offer(5)).value();
    auto job = world.job(2);
    const auto book = prices.in_force(clock.wall()).value().value();
    job.terms.tariff = ledger::tariff_of(book, "demo", Currency::cny, PrivacyClass::any).value();
    job.terms.max_price = Money{77};
    job.terms.item_price_max = {9};
    job.terms.expected_prompt_tokens = 11;
    job.terms.warnings = {"it may be late"};
    const auto id = store->admit_job(job, {77}).value().id;
    clock.advance(1s);
    (void)prices.publish(offer(50)).value();
    const auto kept = store->job_by_id(id).value();
    CHECK(kept.terms == job.terms);
    CHECK(kept.terms.tariff.version == 1);
    CHECK(kept.terms.tariff.at(clock.wall()).prompt_micros_per_million == 5);
}

TEST_CASE_FIXTURE(Fixture, "a job without a tariff has its two prices at any time") {
    const auto kept = store->admit_job(world.job(2), {}).value();
    CHECK(kept.terms.tariff ==
          ledger::fixed_tariff({1'000'000, 2'000'000}, Currency::cny, PrivacyClass::any));
    CHECK(!kept.terms.limited());
    auto foreign = world.job(1);
    foreign.terms.tariff = ledger::fixed_tariff({1, 1}, Currency::usd, PrivacyClass::any);
    CHECK(store->admit_job(foreign, {}).error().code() == ErrorCode::invalid_argument);
}

TEST_CASE_FIXTURE(Fixture, "what a limited job did not get done has failed when it ends") {
    auto job = world.job(5);
    job.terms.max_price = Money{20};
    job.terms.item_price_max = {10};
    const auto admitted = store->admit_job(job, {20}).value();
    const auto item = world.item(admitted, 0, {7});
    REQUIRE(store->accept({&item, 1}).has_value());
    REQUIRE(store->end_job(admitted.id, JobState::completed, {}, {}).has_value());
    REQUIRE(store->end_job(admitted.id, JobState::completed, {}, {}).has_value());
    const auto ended = store->job_by_id(admitted.id).value();
    CHECK(ended.counts.completed == 1);
    CHECK(ended.counts.failed == 4);
    CHECK(credit() == Money{1'000'000 - 7});
    CHECK(store->check_ledger().value().violations.empty());
}

TEST_CASE_FIXTURE(Fixture, "storage is charged once a day, for what came before its end") {
    auto priced = offer(1);
    priced.book.currencies[Currency::cny].storage = {3'000'000};  // the month has 30 days
    (void)prices.publish(priced).value();
    const auto day = day_of(clock.wall());
    const std::int64_t days = first_day(month_of(day).next()) - first_day(month_of(day));
    store_file("file-a", gib * days / 2);
    CHECK(charge_storage(*store, day).error().code() == ErrorCode::failed_precondition);
    clock.advance(start_of_day(day + 1) - clock.wall());
    store_file("file-late", gib * days);
    REQUIRE(charge_storage(*store, day).has_value());
    CHECK(credit() == Money{1'000'000 - 1'500'000});
    REQUIRE(charge_storage(*store, day).has_value());
    CHECK(credit() == Money{-500'000});
    CHECK(platform() == Money{1'500'000});
    clock.advance(24h);
    REQUIRE(charge_storage(*store, day + 1).has_value());
    CHECK(credit() == Money{-500'000 - 4'500'000});
    CHECK(store->check_ledger().value().violations.empty());
    const auto statement =
        store->customer_statement(world.customer.id, {}, clock.wall() + 1s).value();
    Money shown;
    for (const auto& line : statement.lines)
        if (line.kind == "storage") shown += line.amount;
    CHECK(shown == Money{-6'000'000});
}

TEST_CASE_FIXTURE(Fixture, "storage without a price, in another currency or of nothing is free") {
    const auto day = day_of(clock.wall());
    store_file("file-a", gib);
    clock.advance(24h);
    REQUIRE(charge_storage(*store, day).has_value());  // no price book yet
    auto priced = offer(1);
    priced.book.currencies[Currency::usd].storage = {3'000'000};
    (void)prices.publish(priced).value();
    clock.advance(24h);
    REQUIRE(charge_storage(*store, day + 1).has_value());
    CHECK(credit() == Money{1'000'000});
}

TEST_CASE_FIXTURE(Fixture, "the price of a day's storage is that in force at its end") {
    const auto day = day_of(clock.wall());
    store_file("file-a", gib);
    auto cheap = offer(1);
    const std::int64_t days = first_day(month_of(day).next()) - first_day(month_of(day));
    cheap.book.currencies[Currency::cny].storage = {days * 10};
    (void)prices.publish(cheap).value();
    auto dear = cheap;
    dear.book.currencies[Currency::cny].storage = {days * 90};
    dear.from = start_of_day(day + 1);
    (void)prices.publish(dear).value();
    clock.advance(48h);
    REQUIRE(charge_storage(*store, day).has_value());
    CHECK(credit() == Money{1'000'000 - 10});
    REQUIRE(charge_storage(*store, day + 1).has_value());
    CHECK(credit() == Money{1'000'000 - 100});
}
