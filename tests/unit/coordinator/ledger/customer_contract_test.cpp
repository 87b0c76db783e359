/// Aim: leaving, staying and repricing cost exactly what was agreed, and repricing never costs more
/// than it saves.

#include "coordinator/ledger/customer_contract.h"

#include <doctest/doctest.h>

#include "coordinator/ledger/availability.h"
#include "shared/model/civil_day.h"
#include "shared/util/random.h"

using namespace gleaner;
using namespace gleaner::ledger;

namespace {

constexpr std::int64_t yuan = 1'000'000;

CustomerTerms terms_of(Money monthly, Money deposit = {}) {
    CustomerTerms terms;
    terms.monthly = monthly;
    terms.months = 3;
    terms.deposit = deposit;
    return terms;
}

}  // namespace

TEST_CASE("terms outside of their bounds are refused") {
    CHECK(check(terms_of({100 * yuan}, {50 * yuan})).has_value());
    auto terms = terms_of({-1});
    CHECK(check(terms).error().code() == ErrorCode::invalid_argument);
    terms = terms_of({}, {-1});
    CHECK(check(terms).has_error());
    for (const std::int32_t months : {0, -1, 4}) {
        terms = terms_of({1});
        terms.months = months;
        CHECK(check(terms).has_error());
    }
    for (auto share : {&CustomerTerms::reprice_threshold, &CustomerTerms::reprice_fee,
                       &CustomerTerms::termination_penalty}) {
        for (const std::int32_t wrong : {-1, 10'001}) {
            terms = terms_of({1});
            terms.*share = wrong;
            CHECK(check(terms).has_error());
        }
    }
    terms = terms_of({1});
    terms.reprice_fee = 10'000;
    CHECK(check(terms).error().message().find("less than all") != std::string::npos);
}

TEST_CASE("the rest of a term is its whole months and its part of a month") {
    CHECK(remaining_commitment({300 * yuan}, {2, 10, 30}) == Money{700 * yuan});
    CHECK(remaining_commitment({300 * yuan}, {0, 0, 30}) == Money{});
    CHECK(remaining_commitment({1}, {0, 1, 31}) == Money{1});
}

TEST_CASE("the repricing clause opens only beyond its threshold") {
    const auto terms = terms_of({1'000 * yuan});
    CHECK(!reprice_offer(terms, {800 * yuan}, {2, 0, 30}).open);
    const auto offer = reprice_offer(terms, {799 * yuan}, {2, 0, 30});
    CHECK(offer.open);
    CHECK(offer.monthly_after == Money{799 * yuan});
    CHECK(offer.saved == Money{402 * yuan});
    CHECK(offer.fee == Money{80'400'000});
    const auto risen = reprice_offer(terms, {1'500 * yuan}, {2, 0, 30});
    CHECK(!risen.open);
    CHECK(risen.monthly_after == terms.monthly);
    CHECK(risen.fee == Money{});
}

TEST_CASE("repricing never costs more than it saves, nor more than leaving would have been") {
    Random random(5);
    for (int round = 0; round < 3'000; ++round) {
        auto terms = terms_of({1 + static_cast<std::int64_t>(random.below(9'000'000))});
        terms.reprice_fee = static_cast<std::int32_t>(random.below(10'000));
        terms.reprice_threshold = static_cast<std::int32_t>(random.below(10'000));
        const Remaining left{static_cast<std::int32_t>(random.below(36)),
                             static_cast<std::int32_t>(random.below(31)), 31};
        const Money today{static_cast<std::int64_t>(random.below(12'000'000))};
        const auto offer = reprice_offer(terms, today, left);
        CHECK(offer.fee >= Money{});
        CHECK(offer.fee <= offer.saved);
        CHECK((offer.saved == Money{} || offer.fee < offer.saved));
        CHECK(offer.monthly_after <= offer.monthly_before);
    }
}

TEST_CASE("a penalty is taken from the deposit first, and the rest of the deposit comes back") {
    const auto terms = terms_of({1'000 * yuan}, {500 * yuan});
    const auto small = terminate(terms, {1'000 * yuan}, {500 * yuan});
    CHECK(small.penalty == Money{300 * yuan});
    CHECK(small.from_deposit == Money{300 * yuan});
    CHECK(small.from_credit == Money{});
    CHECK(small.deposit_returned == Money{200 * yuan});
    const auto large = terminate(terms, {2'500 * yuan}, {500 * yuan});
    CHECK(large.penalty == Money{750 * yuan});
    CHECK(large.from_deposit == Money{500 * yuan});
    CHECK(large.from_credit == Money{250 * yuan});
    CHECK(large.deposit_returned == Money{});
    const auto over = terminate(terms, Money{}, {500 * yuan});
    CHECK(over.penalty == Money{});
    CHECK(over.deposit_returned == Money{500 * yuan});
}

TEST_CASE("what is missing to a month's commitment is due, by days in a part of a month") {
    const auto terms = terms_of({310 * yuan});
    CHECK(shortfall(terms, {100 * yuan}, 31, 31) == Money{210 * yuan});
    CHECK(shortfall(terms, {100 * yuan}, 10, 31) == Money{});
    CHECK(shortfall(terms, {90 * yuan}, 10, 31) == Money{10 * yuan});
    CHECK(shortfall(terms, {400 * yuan}, 31, 31) == Money{});
}

TEST_CASE("a promise that was kept gives nothing back, one that was not more the less there was") {
    CHECK(availability({0, 0}) == 10'000);
    CHECK(availability({1'000, 2'000}) == 10'000);
    CHECK(availability({10'000, 9'899}) == 9'899);
    CHECK(availability_credit({10'000, 9'900}, {1'000}) == Money{});
    CHECK(availability_credit({10'000, 9'899}, {1'000}) == Money{100});
    CHECK(availability_credit({10'000, 9'499}, {1'000}) == Money{250});
    CHECK(availability_credit({10'000, 8'999}, {1'001}) == Money{501});
    CHECK(availability_credit({10'000, 0}, {}) == Money{});
}

TEST_CASE("months of a contract are counted from its beginning, to the end of a shorter month") {
    const auto at = [](const char* date, int hour) {
        return start_of_day(*day_of_date(date)) + std::chrono::hours(hour);
    };
    const WallTime from = at("2026-12-31", 10);
    CHECK(contract_month(from, 0) == from);
    CHECK(contract_month(from, 1) == at("2027-01-31", 10));
    CHECK(contract_month(from, 2) == at("2027-02-28", 10));
    CHECK(contract_month(from, 14) == at("2028-02-29", 10));

    // A term of two months that renews is bound to its end, then to each month that has begun.
    CHECK(bound_until(from, 2, at("2026-11-01", 0)) == at("2027-02-28", 10));
    CHECK(bound_until(from, 2, at("2027-02-28", 9)) == at("2027-02-28", 10));
    CHECK(bound_until(from, 2, at("2027-02-28", 10)) == at("2027-03-31", 10));
}

TEST_CASE("what is left of a term is its whole months and the days of the one that runs") {
    const auto at = [](const char* date, int hour) {
        return start_of_day(*day_of_date(date)) + std::chrono::hours(hour);
    };
    const WallTime from = at("2026-12-15", 0);
    const WallTime until = contract_month(from, 3);
    auto left = remaining(from, until, at("2026-12-01", 0));
    CHECK(left.whole_months == 3);
    CHECK(left.days == 0);
    left = remaining(from, until, from);
    CHECK(left.whole_months == 3);
    left = remaining(from, until, at("2026-12-15", 1));
    CHECK(left.whole_months == 2);
    CHECK(left.days == 31);
    CHECK(left.days_of_month == 31);
    left = remaining(from, until, at("2027-03-14", 23));
    CHECK(left.whole_months == 0);
    CHECK(left.days == 1);
    CHECK(left.days_of_month == 28);
    left = remaining(from, until, until);
    CHECK(left.whole_months == 0);
    CHECK(left.days == 0);
}
