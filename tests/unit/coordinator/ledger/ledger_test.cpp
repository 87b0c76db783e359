/// Aim: money is neither made nor lost by division, and every charge balances. The properties are
/// tried on amounts and weights drawn from fixed seeds.

#include "coordinator/ledger/ledger.h"

#include <array>
#include <numeric>

#include <doctest/doctest.h>

#include "shared/util/random.h"

using namespace gleaner;
using namespace gleaner::ledger;

namespace {

std::int64_t sum(const std::vector<Money>& parts) {
    return std::accumulate(parts.begin(), parts.end(), std::int64_t{0},
                           [](std::int64_t total, Money part) { return total + part.micros; });
}

Money amount_of(const std::vector<Posting>& postings, const std::string& account) {
    for (const auto& posting : postings) {
        if (posting.account.name == account) return posting.amount;
    }
    return {};
}

const OwnerId owner{"own_a"};
const PartnerId reseller{"par_r"};
const PartnerId agency{"par_a"};

}  // namespace

TEST_CASE("parts sum to the amount, each less than a micro from its exact share") {
    Random random(20261101);
    for (int round = 0; round < 20'000; ++round) {
        std::vector<std::int32_t> weights(1 + random.below(6));
        std::int64_t total = 0;
        for (auto& weight : weights) {
            weight = static_cast<std::int32_t>(random.below(10'001));
            total += weight;
        }
        if (total == 0) continue;
        const auto magnitude = static_cast<std::int64_t>(random.next() >> (2 + random.below(62)));
        const Money amount{random.chance(0.5) ? magnitude : -magnitude};

        const auto parts = divide(amount, weights);
        REQUIRE(parts.size() == weights.size());
        REQUIRE(sum(parts) == amount.micros);
        for (std::size_t i = 0; i < parts.size(); ++i) {
            __extension__ using Wide = __int128;
            const Wide off = static_cast<Wide>(parts[i].micros) * total -
                             static_cast<Wide>(amount.micros) * weights[i];
            REQUIRE((off < 0 ? -off : off) < total);
        }
    }
}

TEST_CASE("the largest remainders get the leftover micros, earlier parts first") {
    const std::array<std::int32_t, 3> thirds{1, 1, 1};
    CHECK(divide({5}, thirds) == std::vector<Money>{{2}, {2}, {1}});
    CHECK(divide({-5}, thirds) == std::vector<Money>{{-2}, {-2}, {-1}});
    const std::array<std::int32_t, 3> uneven{7'000, 500, 2'500};
    CHECK(divide({3}, uneven) == std::vector<Money>{{2}, {0}, {1}});
}

TEST_CASE("who has no partner gives that share to the platform") {
    const Split split;
    const auto alone = share({10'000}, split, false, false);
    CHECK(alone.owner == Money{7'000});
    CHECK(alone.owner_partner == Money{});
    CHECK(alone.platform == Money{3'000});
    const auto referred = share({10'000}, split, true, true);
    CHECK(referred.owner_partner == Money{500});
    CHECK(referred.customer_partner == Money{500});
    CHECK(referred.platform == Money{2'000});
}

TEST_CASE("a charge balances for any price and any combination of partners") {
    Random random(7);
    for (int round = 0; round < 5'000; ++round) {
        Entry entry;
        entry.postings =
            charge({static_cast<std::int64_t>(random.below(1'000'000)) + 1}, {"hold:batch_1"},
                   owner, random.chance(0.5) ? reseller : PartnerId{},
                   random.chance(0.5) ? agency : PartnerId{}, Split{});
        REQUIRE(balanced(entry));
    }
}

TEST_CASE("a partner who referred both sides gets one posting with both shares") {
    const auto postings = charge({10'000}, customer_account(CustomerId{"cus_1"}, Currency::cny),
                                 owner, agency, agency, Split{});
    CHECK(postings.size() == 4);
    CHECK(amount_of(postings, "customer:cus_1") == Money{-10'000});
    CHECK(amount_of(postings, pending_account(agency, Currency::cny).name) == Money{1'000});
}

TEST_CASE("a price too small to divide leaves no posting of zero") {
    const auto postings = charge({1}, {"hold:b"}, owner, reseller, agency, Split{});
    CHECK(postings.size() == 2);
    CHECK(amount_of(postings, pending_account(owner, Currency::cny).name) == Money{1});
}

TEST_CASE("an entry that does not sum to zero, or moves nothing, is not balanced") {
    Entry entry;
    entry.postings = {{{"cash"}, {-5}}, {{"platform"}, {4}}};
    CHECK_FALSE(balanced(entry));
    entry.postings = {{{"cash"}, {-5}}, {{"platform"}, {5}}, {{"owner:x"}, {0}}};
    CHECK_FALSE(balanced(entry));
    entry.postings = {{{"cash"}, {-5}}, {{"platform"}, {5}}};
    CHECK(balanced(entry));
}

TEST_CASE("a split is valid when it sums to 10 000 and has no negative share") {
    CHECK(valid(Split{}));
    CHECK_FALSE(valid(Split{7'000, 500, 500, 1'999}));
    CHECK_FALSE(valid(Split{12'000, -2'000, 0, 0}));
}

TEST_CASE("amounts of two currencies do not balance each other") {
    Entry entry;
    entry.postings = {{cash_account(Currency::cny), {-5}}, {platform_account(Currency::usd), {5}}};
    CHECK_FALSE(balanced(entry));
    entry.postings.push_back({platform_account(Currency::cny), {5}});
    entry.postings.push_back({cash_account(Currency::usd), {-5}});
    CHECK(balanced(entry));
    CHECK(platform_account(Currency::usd).name == "platform@USD");
    CHECK(owner_account(owner, Currency::cny).name == "owner:" + owner.get());
}
