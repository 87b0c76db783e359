#include "coordinator/store/earnings.h"

#include "coordinator/ledger/revenue.h"
#include "coordinator/store/reversals.h"
#include "coordinator/store/state.h"
#include "shared/model/civil_day.h"

namespace gleaner::store {

namespace {

using ledger::EntryKind;

/// Ends the keys of entries in other currencies than CNY, as it ends the names of their accounts.
std::string key_suffix(Currency currency) {
    return currency == Currency::cny ? "" : "@" + std::string(code_of(currency));
}

/// Confirms the shares of one day: of all nodes, or of one that was withheld.
class DayConfirmation {
public:
    DayConfirmation(Store::State& state, std::int64_t day, std::string node)
        : state_(state), day_(day), node_(std::move(node)) {
        key_end_ = ":" + date_text(day);
        if (!node_.empty()) key_end_ += ":" + node_;
    }

    Status run() {
        GLEANER_TRY(confirm_owners());
        return confirm_partners();
    }

private:
    struct Commission {
        PartnerId partner;
        std::string referral;
        Currency currency = Currency::cny;
        Money amount;
    };

    Status confirm_owners() {
        struct Share {
            OwnerId owner;
            Currency currency;
            Money amount;
        };
        const auto row = [](const Query& query) {
            return Share{query.id<OwnerId>("owner"), currency(query.text("currency")),
                         query.money("micros")};
        };
        GLEANER_TRY(const auto shares, state_.all<Share>(row, sql::sum_owner_day, day_, node_));
        for (const auto& [owner, money, amount] : shares) {
            GLEANER_TRY(move("confirm:" + owner.get(), EntryKind::confirm, amount,
                             ledger::pending_account(owner, money),
                             ledger::owner_account(owner, money)));
        }
        return ok();
    }

    Status confirm_partners() {
        const auto row = [](const Query& query) {
            return Commission{query.id<PartnerId>("partner"), query.text("referral"),
                              currency(query.text("currency")), query.money("micros")};
        };
        GLEANER_TRY(const auto commissions,
                    state_.all<Commission>(row, sql::sum_partner_day, day_, node_));
        for (const auto& commission : commissions) {
            GLEANER_TRY(confirm(commission));
        }
        return ok();
    }

    Status confirm(const Commission& commission) {
        const auto& [partner, referral, money, amount] = commission;
        CommissionMonths months(state_);
        const Month month = month_of(day_);
        GLEANER_TRY(const auto before, months.read(partner, referral, month, money));
        GLEANER_TRY(const auto cap, months.cap(partner, money));
        const Money kept = ledger::capped(amount, before.confirmed, cap);
        GLEANER_TRY(months.add(partner, referral, month, money, {amount, kept}));
        const auto pending = ledger::pending_account(partner, money);
        const std::string who = partner.get() + ":" + referral;
        GLEANER_TRY(move("confirm:" + who, EntryKind::confirm, kept, pending,
                         ledger::partner_account(partner, money)));
        return move("cap:" + who, EntryKind::cap, amount - kept, pending,
                    ledger::platform_account(money));
    }

    Status move(const std::string& key, EntryKind kind, Money amount, const ledger::Account& from,
                const ledger::Account& to) {
        return state_.journal.transfer(kind, key + key_end_ + key_suffix(to.currency), from, to,
                                       amount);
    }

    Store::State& state_;
    std::int64_t day_;
    std::string node_;
    std::string key_end_;
};

/// From the platform to the owner, for a whole month.
Status add_for_month(Store::State& state, EntryKind kind, const OwnerId& owner, Currency currency,
                     Month month, Money amount) {
    if (amount == Money{}) return ok();
    Journal& journal = state.journal;
    GLEANER_TRY(const auto platform, journal.account(ledger::platform_account(currency)));
    GLEANER_TRY(const auto account, journal.account(ledger::owner_account(owner, currency)));
    const Line lines[] = {{platform, -amount}, {account, amount}};
    std::string key(to_string(kind));
    key.append(":").append(owner.get()).append(":").append(month_text(month));
    return journal.post(kind, key + key_suffix(currency), lines);
}

/// What contracts add to a month's shares, once its last day is confirmed: a larger share of much
/// work, and what is missing to a guaranteed minimum.
Status post_month(Store::State& state, Month month) {
    struct MonthOfOwner {
        OwnerId owner;
        Currency currency;
        std::string terms;
        Money gross;
        Money earned;
        std::int64_t hours;
    };
    const auto row = [](const Query& query) {
        return MonthOfOwner{query.id<OwnerId>("owner"), currency(query.text("currency")),
                            query.text("terms"),        query.money("gross"),
                            query.money("earned"),      query.integer("hours")};
    };
    GLEANER_TRY(const auto owners,
                state.all<MonthOfOwner>(row, sql::list_months_of_contracts, first_day(month),
                                        first_day(month.next())));
    for (const auto& of : owners) {
        GLEANER_TRY(const auto terms, ledger::revenue_terms_from_json(of.terms));
        const Money bonus = ledger::tier_bonus(terms, of.gross);
        GLEANER_TRY(add_for_month(state, EntryKind::tier, of.owner, of.currency, month, bonus));
        const Money missing = ledger::guarantee_due(terms.guarantee, of.earned + bonus, of.hours);
        GLEANER_TRY(
            add_for_month(state, EntryKind::guarantee, of.owner, of.currency, month, missing));
    }
    return ok();
}

Status confirm_day(Store::State& state, std::int64_t day) {
    GLEANER_TRY(state.database->run(sql::keep_withheld_days, day));
    GLEANER_TRY(DayConfirmation(state, day, {}).run());
    if (month_of(day) != month_of(day + 1)) {
        GLEANER_TRY(post_month(state, month_of(day)));
    }
    return state.database->run(sql::insert_confirmed_day, day, state.clock.wall());
}

WithheldNode withheld_row(const Query& row) {
    return {row.id<NodeId>("node"),       row.id<SiteId>("site"),
            row.id<OwnerId>("owner"),     row.time("since"),
            row.text("reason"),           row.text("decision"),
            row.optional_time("decided"), row.text("decided_by")};
}

Status require_withheld(Store::State& state, const NodeId& node) {
    GLEANER_TRY(const bool withheld, state.exists(sql::select_withheld_node, node));
    if (withheld) return ok();
    return Error(ErrorCode::failed_precondition,
                 "nothing of node " + node.get() + " is withheld: withhold it first");
}

}  // namespace

Result<std::optional<std::int64_t>> Earnings::confirmed_through() {
    std::optional<std::int64_t> last;
    Query query(*store_.state().database, sql::select_last_confirmed_day);
    GLEANER_TRY(auto found, query.next());
    if (found && !query.null("day")) last = query.integer("day");
    return last;
}

Status Earnings::confirm_through(std::int64_t day) {
    auto& state = store_.state();
    return state.atomically([&]() -> Status {
        if (day >= day_of(state.clock.wall())) {
            return Error(ErrorCode::invalid_argument,
                         date_text(day) + " is not over yet: only whole days are confirmed");
        }
        GLEANER_TRY(state.flush());
        GLEANER_TRY(const auto last, confirmed_through());
        std::int64_t next = 0;
        if (last) {
            next = *last + 1;
        } else {
            Query query(*state.database, sql::select_first_work_day);
            GLEANER_TRY(auto found, query.next());
            if (!found || query.null("day")) return ok();
            next = query.integer("day");
        }
        for (; next <= day; ++next) {
            GLEANER_TRY(confirm_day(state, next));
        }
        return ok();
    });
}

Status Earnings::withhold(const NodeId& node, std::string_view reason) {
    auto& state = store_.state();
    if (reason.empty() || reason.size() > 500) {
        return Error(ErrorCode::invalid_argument, "say why in 1 to 500 bytes");
    }
    return state.atomically([&]() -> Status {
        GLEANER_TRY(store_.node(node));
        GLEANER_TRY(const bool already, state.exists(sql::select_withheld_node, node));
        if (already) return ok();
        return state.database->run(sql::insert_withheld_node, node, state.clock.wall(), reason);
    });
}

Status Earnings::release(const NodeId& node, std::string_view by) {
    auto& state = store_.state();
    return state.atomically([&]() -> Status {
        GLEANER_TRY(require_withheld(state, node));
        GLEANER_TRY(state.flush());
        const auto day_row = [](const Query& query) { return query.integer("day"); };
        GLEANER_TRY(const auto days,
                    state.all<std::int64_t>(day_row, sql::list_withheld_days, node));
        for (const auto day : days) {
            GLEANER_TRY(DayConfirmation(state, day, node.get()).run());
        }
        GLEANER_TRY(state.database->run(sql::delete_withheld_days, node));
        return state.database->run(sql::decide_withheld_node, node, "released", state.clock.wall(),
                                   by);
    });
}

Result<Reversed> Earnings::claw_back(const NodeId& node, std::string_view by,
                                     std::string_view reason) {
    auto& state = store_.state();
    return state.atomically([&]() -> Result<Reversed> {
        GLEANER_TRY(require_withheld(state, node));
        GLEANER_TRY(state.flush());
        GLEANER_TRY(const auto confirmed, confirmed_through());
        struct WorkDay {
            std::int64_t source;
            std::int64_t day;
        };
        const auto row = [](const Query& query) {
            return WorkDay{query.integer("source"), query.integer("day")};
        };
        GLEANER_TRY(const auto days, state.all<WorkDay>(row, sql::list_node_days_with_work, node,
                                                        confirmed.value_or(-1)));
        Reversals reversals(state, by, reason);
        for (const auto& [source, day] : days) {
            GLEANER_TRY(reversals.reverse_day(source, day));
        }
        GLEANER_TRY(state.database->run(sql::delete_withheld_days, node));
        GLEANER_TRY(state.database->run(sql::decide_withheld_node, node, "clawed_back",
                                        state.clock.wall(), by));
        return reversals.done();
    });
}

Result<Reversed> Earnings::refund(const RequestId& request, std::string_view by,
                                  std::string_view reason) {
    constexpr auto posted_within = std::chrono::hours(1);
    auto& state = store_.state();
    return state.atomically([&]() -> Result<Reversed> {
        GLEANER_TRY(state.flush());
        Query receipt(*state.database, sql::select_receipt_time, request);
        GLEANER_TRY(auto found, receipt.next());
        if (!found) {
            return Error(ErrorCode::not_found,
                         "no receipt of request " + request.get() + ": nothing was charged for it");
        }
        // A record is posted with its receipt or soon after, and never before its second.
        const WallTime made = receipt.time("created");
        struct Record {
            std::int64_t source;
            std::int64_t number;
        };
        const auto row = [](const Query& query) {
            return Record{query.integer("source"), query.integer("number")};
        };
        GLEANER_TRY(const auto records,
                    state.all<Record>(row, sql::list_records_of_request, request,
                                      made.micros * meters_per_entry,
                                      (made + posted_within).micros * meters_per_entry));
        Reversals reversals(state, by, reason);
        for (const auto& [source, number] : records) {
            GLEANER_TRY(reversals.reverse_record(source, number));
        }
        return reversals.done();
    });
}

Result<std::vector<WithheldNode>> Earnings::withheld(std::int64_t limit) {
    return store_.state().all(withheld_row, sql::list_withheld_nodes, limit);
}

}  // namespace gleaner::store
