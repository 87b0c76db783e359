#include "coordinator/ledger/job_terms.h"

#include <limits>

#include <doctest/doctest.h>

#include "shared/model/civil_day.h"

using namespace gleaner;
using namespace gleaner::ledger;

namespace {

/// 10 at day, 6 in the evening (20:00), 2 at night (23:00–07:00), for the whole of ten items.
struct Fixture {
    JobTerms terms;
    JobStanding standing;
    std::int64_t day = *day_of_date("2026-11-30");

    Fixture() {
        terms.tariff = fixed_tariff({1'000'000, 0}, Currency::cny, PrivacyClass::any);
        terms.tariff.bands = {{"evening", 20 * 60, 23 * 60, every_day, 6'000},
                              {"night", 23 * 60, 7 * 60, every_day, 2'000}};
        terms.expected_prompt_tokens = 10;
        terms.item_price_max = {3};
        terms.max_price = Money{8};
        standing.left = {8};
        standing.items = 10;
        standing.items_left = 10;
        standing.now = at(12);
        standing.deadline = at(12) + 24h;
        standing.needed = 1h;
    }
    [[nodiscard]] WallTime at(int hour) const {
        return start_of_day(day) + std::chrono::hours(hour);
    }
    [[nodiscard]] PriceOutlook outlook() const { return price_outlook(terms, standing); }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a batch waits for the first band in which the rest is cheap enough") {
    CHECK(outlook().now == Money{10});
    CHECK(outlook().wait_until == at(20));
    CHECK(outlook().then == Money{6});
    CHECK(outlook().band == "evening");
    standing.left = {5};
    CHECK(outlook().wait_until == at(23));
    CHECK(outlook().band == "night");
    CHECK(outlook().then == Money{2});
}

TEST_CASE_FIXTURE(Fixture, "a batch that is cheap enough now, or not limited, works at once") {
    standing.left = {10};
    CHECK(!outlook().wait_until);
    standing.left = {8};
    standing.items_left = 8;
    CHECK(!outlook().wait_until);
    standing.items_left = 10;
    terms.item_price_max = {};
    CHECK(!outlook().wait_until);
}

TEST_CASE_FIXTURE(Fixture, "a batch does not wait for what would be too late") {
    standing.deadline = at(21);
    CHECK(outlook().wait_until == std::nullopt);  // an hour is needed
    standing.deadline = at(22);
    CHECK(outlook().wait_until == at(20));
}

TEST_CASE_FIXTURE(Fixture, "where no band is cheap enough a batch waits for the cheapest") {
    standing.left = {1};
    CHECK(outlook().wait_until == at(23));
    CHECK(outlook().then == Money{2});
    standing.now = at(23);
    standing.deadline = at(23) + 24h;
    CHECK(!outlook().wait_until);  // it is here
}

TEST_CASE_FIXTURE(Fixture, "so many requests are under way that the maximum price holds") {
    CHECK(items_at_once(terms, {8}) == 2);
    CHECK(items_at_once(terms, {2}) == 0);
    CHECK(items_at_once(terms, {0}) == 0);
    CHECK(items_at_once(terms, {-5}) == 0);
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    CHECK(items_at_once(terms, {most}) == std::numeric_limits<std::uint32_t>::max());
    terms.item_price_max = {};
    CHECK(items_at_once(terms, {0}) == std::numeric_limits<std::uint32_t>::max());
}

TEST_CASE_FIXTURE(Fixture, "terms are kept as text") {
    terms.warnings = {"one", "two \"quoted\""};
    CHECK(job_terms_of_text(to_text(terms)) == terms);
    terms.max_price.reset();
    CHECK(job_terms_of_text(to_text(terms)) == terms);
    CHECK(!job_terms_of_text(""));
    CHECK(!job_terms_of_text("[]"));
    CHECK(!job_terms_of_text(R"({"tariff":"{}"})"));
}
