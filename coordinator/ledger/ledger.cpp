#include "coordinator/ledger/ledger.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "shared/util/check.h"

namespace gleaner::ledger {

namespace {

constexpr std::int32_t split_total = 10'000;

void post(std::vector<Posting>& postings, const Account& account, Money amount) {
    const auto same = std::find_if(postings.begin(), postings.end(),
                                   [&](const Posting& p) { return p.account == account; });
    if (same != postings.end()) {
        same->amount += amount;
    } else {
        postings.push_back({account, amount});
    }
}

}  // namespace

bool valid(const Split& split) {
    const std::array shares{split.owner, split.owner_partner, split.customer_partner,
                            split.platform};
    return std::all_of(shares.begin(), shares.end(),
                       [](std::int32_t s) { return s >= 0 && s <= split_total; }) &&
           std::accumulate(shares.begin(), shares.end(), 0) == split_total;
}

std::vector<Money> divide(Money amount, std::span<const std::int32_t> weights) {
    __extension__ using Wide = __int128;
    Wide total = 0;
    for (const auto weight : weights) {
        GLEANER_CHECK(weight >= 0, "a share is not negative");
        total += weight;
    }
    GLEANER_CHECK(total > 0, "something is divided among nobody");

    // Truncation goes towards zero, so the remainders all have the sign of the amount.
    std::vector<Money> parts;
    std::vector<std::pair<Wide, std::size_t>> remainders;
    std::int64_t left = amount.micros;
    for (std::size_t i = 0; i < weights.size(); ++i) {
        const Wide exact = static_cast<Wide>(amount.micros) * weights[i];
        const auto part = static_cast<std::int64_t>(exact / total);
        const Wide remainder = exact % total;
        parts.push_back({part});
        remainders.emplace_back(remainder < 0 ? -remainder : remainder, i);
        left -= part;
    }
    std::stable_sort(remainders.begin(), remainders.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    const std::int64_t step = left < 0 ? -1 : 1;
    for (std::size_t i = 0; left != 0; ++i, left -= step) {
        parts[remainders[i].second].micros += step;
    }
    return parts;
}

Shares share(Money price, const Split& split, bool has_owner_partner, bool has_customer_partner) {
    GLEANER_CHECK(valid(split), "the split of revenue sums to 10 000 basis points");
    const std::int32_t owner_partner = has_owner_partner ? split.owner_partner : 0;
    const std::int32_t customer_partner = has_customer_partner ? split.customer_partner : 0;
    const std::array weights{split.owner, owner_partner, customer_partner,
                             split_total - split.owner - owner_partner - customer_partner};
    const auto parts = divide(price, weights);
    return {parts[0], parts[1], parts[2], parts[3]};
}

std::vector<Posting> charge(Money price, const Account& payer, const OwnerId& owner,
                            const PartnerId& owner_partner, const PartnerId& customer_partner,
                            const Split& split) {
    const auto shares = share(price, split, !owner_partner.empty(), !customer_partner.empty());
    std::vector<Posting> postings;
    post(postings, payer, -price);
    post(postings, pending_account(owner, payer.currency), shares.owner);
    if (!owner_partner.empty()) {
        post(postings, pending_account(owner_partner, payer.currency), shares.owner_partner);
    }
    if (!customer_partner.empty()) {
        post(postings, pending_account(customer_partner, payer.currency), shares.customer_partner);
    }
    post(postings, platform_account(payer.currency), shares.platform);
    std::erase_if(postings, [](const Posting& p) { return p.amount == Money{}; });
    return postings;
}

std::string_view to_string(PartyKind kind) {
    switch (kind) {
        case PartyKind::owner:
            return "owner";
        case PartyKind::partner:
            return "partner";
        case PartyKind::customer:
            return "customer";
        case PartyKind::platform:
            return "platform";
    }
    return "platform";
}

std::optional<std::string> imbalance(const Statement& statement) {
    Money sum = statement.opening;
    for (const auto& line : statement.lines) sum += line.amount;
    if (sum == statement.closing) return std::nullopt;
    return "the statement of " + statement.party +
           " does not add up: " + to_decimal(statement.opening) + " and its lines make " +
           to_decimal(sum) + ", the journal says " + to_decimal(statement.closing);
}

bool balanced(const Entry& entry) {
    __extension__ using Wide = __int128;
    std::array<Wide, currency_names.size()> sums{};
    for (const auto& posting : entry.postings) {
        if (posting.amount == Money{}) return false;
        sums[static_cast<std::size_t>(posting.account.currency)] += posting.amount.micros;
    }
    return std::all_of(sums.begin(), sums.end(), [](Wide sum) { return sum == 0; });
}

}  // namespace gleaner::ledger
