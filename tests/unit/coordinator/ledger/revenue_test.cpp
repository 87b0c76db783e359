/// Aim: terms that would give away more than there is are refused with a reason; tiers, guarantees
/// and caps add exactly what was agreed.

#include "coordinator/ledger/revenue.h"

#include <doctest/doctest.h>

#include "shared/util/random.h"

using namespace gleaner;
using namespace gleaner::ledger;

namespace {

constexpr std::int64_t yuan = 1'000'000;

RevenueTerms with_tiers(std::vector<Tier> tiers) {
    RevenueTerms terms;
    terms.tiers = std::move(tiers);
    return terms;
}

void refuses(const RevenueTerms& terms, std::string_view words) {
    const auto status = check(terms);
    REQUIRE(status.has_error());
    CHECK(status.error().code() == ErrorCode::invalid_argument);
    CHECK_MESSAGE(status.error().message().find(words) != std::string::npos,
                  status.error().message());
}

}  // namespace

TEST_CASE("the platform's own split leaves the owner at least 60 %") {
    CHECK(check({}).has_value());
    CHECK(Split{}.owner >= owner_share_default_min);
}

TEST_CASE(
    "a split that does not sum to the whole is refused, and so is a partner who takes too much") {
    RevenueTerms terms;
    terms.split.owner = 7'001;
    refuses(terms, "10001 basis points in all");
    terms.split = {-1, 500, 500, 9'001};
    refuses(terms, "none may be negative");
    terms.split = {7'000, 1'001, 0, 1'999};
    refuses(terms, "at most 10 %");
    terms.split = {7'000, 0, 1'001, 1'999};
    refuses(terms, "at most 10 %");
}

TEST_CASE("tiers go upwards and give away no more than the platform has") {
    CHECK(check(with_tiers({{{yuan}, 7'500}, {{2 * yuan}, 9'000}})).has_value());
    refuses(with_tiers({{{yuan}, 9'001}}), "only 90 % are left");
    refuses(with_tiers({{{yuan}, 7'000}}), "tiers go upwards");
    refuses(with_tiers({{{0}, 7'500}}), "tiers go upwards");
    refuses(with_tiers({{{2 * yuan}, 7'500}, {{yuan}, 8'000}}), "tiers go upwards");
    std::vector<Tier> many;
    for (std::int32_t i = 1; i <= 17; ++i) many.push_back({{i * yuan}, 7'000 + i});
    refuses(with_tiers(many), "at most 16 tiers");
}

TEST_CASE("a guarantee without hours would pay for presence, and is refused") {
    RevenueTerms terms;
    terms.guarantee = {{yuan}, 0};
    refuses(terms, "nothing is paid for presence alone");
    terms.guarantee = {{-1}, 10};
    refuses(terms, "below zero");
}

TEST_CASE("a tier pays more only for what is above it") {
    const auto terms = with_tiers({{{100 * yuan}, 7'500}, {{200 * yuan}, 8'000}});
    CHECK(tier_bonus(terms, {100 * yuan}) == Money{});
    CHECK(tier_bonus(terms, {120 * yuan}) == Money{1 * yuan});
    CHECK(tier_bonus(terms, {200 * yuan}) == Money{5 * yuan});
    CHECK(tier_bonus(terms, {300 * yuan}) == Money{15 * yuan});
    CHECK(tier_bonus(terms, {-5 * yuan}) == Money{});
    CHECK(tier_bonus({}, {300 * yuan}) == Money{});
}

TEST_CASE("with tiers the owner never gets more than the platform's part of the price") {
    Random random(3);
    for (int round = 0; round < 2'000; ++round) {
        RevenueTerms terms;
        std::int64_t from = 0;
        std::int32_t share = terms.split.owner;
        while (random.chance(0.7) && share < 9'000) {
            from += 1 + static_cast<std::int64_t>(random.below(5'000));
            share += 1 + static_cast<std::int32_t>(random.below(500));
            terms.tiers.push_back({{from}, std::min(share, 9'000)});
        }
        if (check(terms).has_error()) continue;
        const Money gross{static_cast<std::int64_t>(random.below(20'000))};
        const Money bonus = tier_bonus(terms, gross);
        CHECK(bonus >= Money{});
        CHECK(bonus.micros * 10'000 <= gross.micros * terms.split.platform);
    }
}

TEST_CASE("a guarantee fills up what shares do not reach, in proportion to hours on offer") {
    const Guarantee guarantee{{1'000 * yuan}, 500};
    CHECK(guarantee_due(guarantee, {400 * yuan}, 500) == Money{600 * yuan});
    CHECK(guarantee_due(guarantee, {400 * yuan}, 700) == Money{600 * yuan});
    CHECK(guarantee_due(guarantee, {400 * yuan}, 250) == Money{100 * yuan});
    CHECK(guarantee_due(guarantee, {400 * yuan}, 100) == Money{});
    CHECK(guarantee_due(guarantee, {}, 0) == Money{});
    CHECK(guarantee_due(guarantee, {-50 * yuan}, 500) == Money{1'000 * yuan});
    CHECK(guarantee_due({}, {}, 700) == Money{});
}

TEST_CASE("a cap takes off only what is above it") {
    CHECK(capped({50}, {}, std::nullopt) == Money{50});
    CHECK(capped({50}, {20}, Money{100}) == Money{50});
    CHECK(capped({50}, {80}, Money{100}) == Money{20});
    CHECK(capped({50}, {120}, Money{100}) == Money{});
    CHECK(capped({-5}, {120}, Money{100}) == Money{-5});
}

TEST_CASE("terms are kept as text and read back the same") {
    auto terms = with_tiers({{{yuan}, 7'500}, {{2 * yuan}, 8'200}});
    terms.split = {7'000, 250, 750, 2'000};
    terms.guarantee = {{5 * yuan}, 100};
    const auto read = revenue_terms_from_json(to_json(terms)).value();
    CHECK(to_json(read) == to_json(terms));
    CHECK(read.tiers == terms.tiers);
    CHECK(read.guarantee == terms.guarantee);
    CHECK(read.split.customer_partner == 750);
}

TEST_CASE("text that is no terms is refused") {
    auto wrong = to_json(RevenueTerms{});
    wrong.replace(wrong.find("7000"), 4, "7001");
    for (const std::string& text :
         {std::string(), std::string("[]"), std::string("{}"), std::string(R"({"tiers":[]})"),
          std::string(R"({"tiers":[3],"split":{},"guarantee":{}})"), wrong}) {
        CAPTURE(text);
        CHECK(revenue_terms_from_json(text).error().code() == ErrorCode::data_corrupt);
    }
}
