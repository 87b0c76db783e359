#include "coordinator/ledger/revenue.h"

#include <algorithm>
#include <utility>

#include <boost/json.hpp>

namespace gleaner::ledger {

namespace json = boost::json;

namespace {

constexpr std::int32_t split_total = 10'000;

Error refused(std::string why) {
    return {ErrorCode::invalid_argument, std::move(why)};
}

std::string percent(std::int32_t basis_points) {
    const std::int32_t rest = basis_points % 100;
    return std::to_string(basis_points / 100) +
           (rest == 0 ? "" : "." + std::to_string(100 + rest).substr(1)) + " %";
}

Status check_split(const Split& split) {
    if (!valid(split)) {
        const auto sum = static_cast<std::int64_t>(split.owner) + split.owner_partner +
                         split.customer_partner + split.platform;
        return refused("the shares of owner, partners and platform are " + std::to_string(sum) +
                       " basis points in all: none may be negative and they must sum to 10000");
    }
    if (std::max(split.owner_partner, split.customer_partner) > partner_share_max) {
        return refused("a partner's share is at most " + percent(partner_share_max));
    }
    return ok();
}

Status check_tiers(const RevenueTerms& terms) {
    if (terms.tiers.size() > tiers_max) return refused("a contract has at most 16 tiers");
    Tier before{{}, terms.split.owner};
    const std::int32_t most = terms.split.owner + terms.split.platform;
    for (const auto& tier : terms.tiers) {
        if (tier.from <= before.from || tier.owner <= before.owner) {
            return refused(
                "tiers go upwards: each begins at a higher amount and gives the owner more than "
                "the one before");
        }
        if (tier.owner > most) {
            return refused("a tier gives the owner " + percent(tier.owner) + ", but only " +
                           percent(most) + " are left beside the partners' shares");
        }
        before = tier;
    }
    return ok();
}

/// `amount` × `basis_points`, rounded down; neither is negative.
Money part_of(Money amount, std::int32_t basis_points) {
    __extension__ using Wide = __int128;
    return {
        static_cast<std::int64_t>(static_cast<Wide>(amount.micros) * basis_points / split_total)};
}

/// Reads whole numbers; remembers when one is missing.
class Numbers {
public:
    explicit Numbers(const json::value* from)
        : object_(from == nullptr ? nullptr : from->if_object()) {
        complete = object_ != nullptr;
    }
    template <class Integer = std::int64_t>
    Integer operator()(const char* name) {
        const auto* field = object_ == nullptr ? nullptr : object_->if_contains(name);
        const auto* number = field == nullptr ? nullptr : field->if_int64();
        if (number == nullptr || !std::in_range<Integer>(*number)) {
            complete = false;
            return 0;
        }
        return static_cast<Integer>(*number);
    }
    bool complete;

private:
    const json::object* object_;
};

}  // namespace

Status check(const RevenueTerms& terms) {
    GLEANER_TRY(check_split(terms.split));
    GLEANER_TRY(check_tiers(terms));
    if (terms.guarantee.minimum < Money{} || terms.guarantee.hours < 0) {
        return refused("a guarantee has neither an amount nor hours below zero");
    }
    if (terms.guarantee.minimum > Money{} && terms.guarantee.hours == 0) {
        return refused(
            "a guaranteed minimum says for how many device-hours a month on offer it is paid: "
            "nothing is paid for presence alone");
    }
    return ok();
}

Money tier_bonus(const RevenueTerms& terms, Money gross) {
    Money bonus;
    for (std::size_t i = 0; i < terms.tiers.size(); ++i) {
        const auto& tier = terms.tiers[i];
        const Money end =
            i + 1 < terms.tiers.size() ? std::min(gross, terms.tiers[i + 1].from) : gross;
        if (end <= tier.from) break;
        bonus += part_of(end - tier.from, tier.owner - terms.split.owner);
    }
    return bonus;
}

Money guarantee_due(const Guarantee& guarantee, Money earned, std::int64_t checked_hours) {
    if (guarantee.minimum <= Money{} || guarantee.hours <= 0 || checked_hours <= 0) return {};
    __extension__ using Wide = __int128;
    const Wide hours = std::min(checked_hours, guarantee.hours);
    const Money promised{
        static_cast<std::int64_t>(guarantee.minimum.micros * hours / guarantee.hours)};
    return std::max(Money{}, promised - std::max(Money{}, earned));
}

Money capped(Money commission, Money before, std::optional<Money> cap) {
    if (!cap || commission <= Money{}) return commission;
    return std::clamp(*cap - before, Money{}, commission);
}

std::string to_json(const RevenueTerms& terms) {
    json::array tiers;
    for (const auto& tier : terms.tiers) {
        tiers.push_back(json::object{{"from_micros", tier.from.micros}, {"owner", tier.owner}});
    }
    const json::object all{
        {"split",
         {{"owner", terms.split.owner},
          {"owner_partner", terms.split.owner_partner},
          {"customer_partner", terms.split.customer_partner},
          {"platform", terms.split.platform}}},
        {"tiers", std::move(tiers)},
        {"guarantee",
         {{"minimum_micros", terms.guarantee.minimum.micros}, {"hours", terms.guarantee.hours}}}};
    return json::serialize(all);
}

Result<RevenueTerms> revenue_terms_from_json(std::string_view text) {
    const Error corrupt(ErrorCode::data_corrupt, "these are no terms of a revenue contract");
    boost::system::error_code problem;
    const auto parsed = json::parse(json::string_view(text.data(), text.size()), problem);
    const auto* all = problem ? nullptr : parsed.if_object();
    const auto* tiers = all == nullptr ? nullptr : all->if_contains("tiers");
    if (tiers == nullptr || !tiers->is_array()) return corrupt;
    RevenueTerms terms;
    Numbers split(all->if_contains("split"));
    terms.split = {split.operator()<std::int32_t>("owner"),
                   split.operator()<std::int32_t>("owner_partner"),
                   split.operator()<std::int32_t>("customer_partner"),
                   split.operator()<std::int32_t>("platform")};
    bool complete = split.complete;
    for (const auto& kept : tiers->get_array()) {
        Numbers tier(&kept);
        terms.tiers.push_back({{tier("from_micros")}, tier.operator()<std::int32_t>("owner")});
        complete = complete && tier.complete;
    }
    Numbers guarantee(all->if_contains("guarantee"));
    terms.guarantee = {{guarantee("minimum_micros")}, guarantee("hours")};
    if (!complete || !guarantee.complete || check(terms).has_error()) return corrupt;
    return terms;
}

}  // namespace gleaner::ledger
