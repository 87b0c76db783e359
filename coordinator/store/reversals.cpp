#include "coordinator/store/reversals.h"

#include <algorithm>
#include <vector>

#include "coordinator/ledger/revenue.h"
#include "coordinator/store/state.h"

namespace gleaner::store {

Result<CommissionMonth> CommissionMonths::read(const PartnerId& partner,
                                               const std::string& referral, Month month,
                                               Currency currency) {
    CommissionMonth known;
    Query query(*state_.database, sql::select_commission_month, partner, referral, month.number,
                code_of(currency));
    GLEANER_TRY(auto found, query.next());
    if (found) known = {query.money("earned"), query.money("confirmed")};
    return known;
}

Status CommissionMonths::add(const PartnerId& partner, const std::string& referral, Month month,
                             Currency currency, const CommissionMonth& more) {
    return state_.database->run(sql::add_commission, partner, referral, month.number,
                                code_of(currency), more.earned, more.confirmed);
}

Result<std::optional<Money>> CommissionMonths::cap(const PartnerId& partner, Currency currency) {
    std::optional<Money> cap;
    Query query(*state_.database, sql::select_commission_cap, partner, code_of(currency));
    GLEANER_TRY(auto found, query.next());
    if (found) cap = query.money("micros");
    return cap;
}

struct Reversals::Work {
    NodeId node;
    OwnerId owner;
    PartnerId owner_partner;
    CustomerId customer;
    PartnerId customer_partner;
    Currency currency = Currency::cny;
};

Status Reversals::reverse_day(std::int64_t source, std::int64_t day) {
    return reverse(source, day, start_of_day(day).micros * meters_per_entry,
                   start_of_day(day + 1).micros * meters_per_entry - 1);
}

Status Reversals::reverse_record(std::int64_t source, std::int64_t number) {
    return reverse(source, day_of(WallTime{number / meters_per_entry}), number, number);
}

Status Reversals::reverse(std::int64_t source, std::int64_t day, std::int64_t first,
                          std::int64_t last) {
    Sums sums;
    std::int64_t parts = 0;
    {
        Query query(*state_.database, sql::sum_unreversed, source, first, last);
        GLEANER_TRY(auto found, query.next());
        if (found) parts = query.integer("parts");
        if (parts == 0) return ok();
        // No further than what is there: later records of the day are not covered.
        last = query.integer("last");
        sums = {query.money("price"), query.money("owner_share"),
                query.money("owner_partner_share"), query.money("customer_partner_share")};
    }
    GLEANER_TRY(const auto parties, work(source));
    GLEANER_TRY(const auto entry, state_.journal.next_number());
    const std::string key = "reversal:" + std::to_string(source) + ":" + std::to_string(first) +
                            ":" + std::to_string(last);
    if (sums.price != Money{}) {
        GLEANER_TRY(post(parties, day, sums, entry, key));
    }
    GLEANER_TRY(state_.database->run(sql::insert_reversal, source, first, last, day, entry, reason_,
                                     by_, parts, sums.price, sums.owner, sums.owner_partner,
                                     sums.customer_partner));
    done_.records += parts;
    done_.price += sums.price;
    return ok();
}

Result<Reversals::Work> Reversals::work(std::int64_t source) {
    Query query(*state_.database, sql::select_work_source, source);
    GLEANER_TRY(auto found, query.next());
    if (!found) return Error(ErrorCode::not_found, "no such source of work");
    return Work{query.id<NodeId>("node"),
                query.id<OwnerId>("owner"),
                query.id<PartnerId>("owner_partner"),
                query.id<CustomerId>("customer"),
                query.id<PartnerId>("customer_partner"),
                currency(query.text("currency"))};
}

Status Reversals::post(const Work& work, std::int64_t day, const Sums& sums, std::int64_t entry,
                       const std::string& key) {
    Journal& journal = state_.journal;
    const Currency money = work.currency;
    GLEANER_TRY(const bool is_confirmed, confirmed(work.node, day));
    std::vector<Line> lines;
    const auto take = [&](const ledger::Account& from, Money amount) -> Status {
        GLEANER_TRY(const auto account, journal.account(from));
        const auto same = std::ranges::find(lines, account, &Line::account);
        if (same == lines.end()) {
            lines.push_back({account, -amount});
        } else {
            same->amount -= amount;
        }
        return ok();
    };
    Money platform = sums.price - sums.owner - sums.owner_partner - sums.customer_partner;
    GLEANER_TRY(take(is_confirmed ? ledger::owner_account(work.owner, money)
                                  : ledger::pending_account(work.owner, money),
                     sums.owner));
    const std::pair<const PartnerId&, const std::string&> referrals[] = {
        {work.owner_partner, work.owner.get()}, {work.customer_partner, work.customer.get()}};
    const Money shares[] = {sums.owner_partner, sums.customer_partner};
    for (std::size_t i = 0; i < std::size(shares); ++i) {
        const auto& [partner, referral] = referrals[i];
        if (partner.empty() || shares[i] == Money{}) continue;
        Money given = shares[i];
        if (is_confirmed) {
            GLEANER_TRY(given, commission_back(partner, referral, day, money, shares[i]));
        }
        GLEANER_TRY(take(is_confirmed ? ledger::partner_account(partner, money)
                                      : ledger::pending_account(partner, money),
                         given));
        platform += shares[i] - given;
    }
    GLEANER_TRY(take(ledger::platform_account(money), platform));
    GLEANER_TRY(take(ledger::customer_account(work.customer, money), -sums.price));
    std::erase_if(lines, [](const Line& line) { return line.amount == Money{}; });
    return journal.post(entry, ledger::EntryKind::reversal, key, lines);
}

Result<Money> Reversals::commission_back(const PartnerId& partner, const std::string& referral,
                                         std::int64_t day, Currency currency, Money share) {
    CommissionMonths months(state_);
    const Month month = month_of(day);
    GLEANER_TRY(const auto before, months.read(partner, referral, month, currency));
    GLEANER_TRY(const auto cap, months.cap(partner, currency));
    // What is left of the month's commission fills the place of what is taken back, up to the cap.
    const Money left = before.earned - share;
    const Money due = std::min(before.confirmed, cap ? std::min(left, *cap) : left);
    const Money back = std::clamp(before.confirmed - due, Money{}, share);
    GLEANER_TRY(months.add(partner, referral, month, currency, {-share, -back}));
    return back;
}

Result<bool> Reversals::confirmed(const NodeId& node, std::int64_t day) {
    Query query(*state_.database, sql::select_last_confirmed_day);
    GLEANER_TRY(auto found, query.next());
    if (!found || query.null("day") || query.integer("day") < day) return false;
    GLEANER_TRY(const bool withheld, state_.exists(sql::select_withheld_day, node, day));
    return !withheld;
}

}  // namespace gleaner::store
