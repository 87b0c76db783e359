/// Aim: whatever happened, every party's statement of any period is what the journal says, and what
/// is behind each line sums to it. Method: random histories of work and of every other kind of
/// entry, over month ends in Shanghai, beside a list of all postings that this test keeps itself.

#include <map>

#include <doctest/doctest.h>

#include "coordinator/store/state.h"
#include "coordinator/store/statement_records.h"
#include "shared/model/civil_day.h"
#include "shared/util/random.h"
#include "tests/support/store_world.h"

using namespace gleaner;
using namespace gleaner::store;
using gleaner::testing::StoreWorld;
using ledger::EntryKind;
using ledger::PartyKind;

namespace {

struct Kept {
    std::int64_t at = 0;
    std::string account;
    std::string kind;
    Money amount;
};

struct Party {
    PartyKind kind;
    std::string id;
    std::vector<std::string> accounts;  ///< the second one is what is pending
};

class History {
public:
    explicit History(std::uint64_t seed) : random_(seed) {
        clock_.advance(start_ - clock_.wall() + 1h);
        store_ = Store::open(":memory:", Store::Mode::read_write, clock_).value();
        world_ = StoreWorld::fill(*store_, clock_, {}, 3);
        customer_ = "customer:" + world_.customer.id.get();
        owner_ = "owner:" + world_.owner.id.get();
        partner_ = "partner:" + world_.owner_partner.id.get();
        agency_ = "partner:" + world_.customer_partner.id.get();
        keep({cash_, customer_}, EntryKind::top_up, 2'000'000'000,
             [&] { store_->top_up(world_.customer.id, {2'000'000'000}, "first").value(); });
    }

    void step() {
        clock_.advance(std::chrono::seconds(1 + random_.below(20'000)));
        switch (random_.below(6)) {
            case 0:
                return entry();
            case 1:
                return job();
            default:
                return stream();
        }
    }

    /// A moment of the history: any, a day's first, or the microsecond beside it.
    WallTime moment() {
        const std::int64_t span = clock_.wall().micros - start_.micros;
        WallTime time{start_.micros +
                      static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(span)))};
        if (random_.chance(0.6)) time = start_of_day(day_of(time));
        if (random_.chance(0.2)) time = start_of_day(first_day(month_of(day_of(time))));
        if (random_.chance(0.2)) time = time + Duration(1);
        if (random_.chance(0.2)) time = time - Duration(1);
        return time;
    }

    void check_period(WallTime from, WallTime to) {
        for (const auto& party : parties()) {
            const StatementOf of{party.kind, party.id, Currency::cny, from, to};
            const auto statement = StatementRecords(*store_).statement(of).value();
            Money opening;
            Money closing;
            Money pending;
            std::map<std::string, Money> moved;
            for (const auto& kept : kept_) {
                if (std::ranges::find(party.accounts, kept.account) == party.accounts.end())
                    continue;
                if (kept.at < from.micros) opening += kept.amount;
                if (kept.at >= to.micros) continue;
                closing += kept.amount;
                if (kept.account == party.accounts.back() && party.accounts.size() > 1)
                    pending += kept.amount;
                if (kept.at >= from.micros) moved[kept.kind] += kept.amount;
            }
            CHECK(statement.opening == opening);
            CHECK(statement.closing == closing);
            CHECK(statement.pending == pending);
            check_lines(of, statement, moved);
        }
    }

    [[nodiscard]] WallTime end() const { return clock_.wall() + 1s; }

private:
    [[nodiscard]] std::vector<Party> parties() const {
        return {
            {PartyKind::owner, world_.owner.id.get(), {owner_, "pending:" + owner_}},
            {PartyKind::partner, world_.owner_partner.id.get(), {partner_, "pending:" + partner_}},
            {PartyKind::partner, world_.customer_partner.id.get(), {agency_, "pending:" + agency_}},
            {PartyKind::customer, world_.customer.id.get(), {customer_}},
            {PartyKind::platform, "", {"platform"}}};
    }

    void check_lines(const StatementOf& of, const ledger::Statement& statement,
                     std::map<std::string, Money> moved) {
        Money sum = statement.opening;
        std::map<std::string, Money> shown;
        for (const auto& line : statement.lines) {
            sum += line.amount;
            shown[line.kind] += line.amount;
            CHECK(behind(of, line) == line.amount);
        }
        CHECK(sum == statement.closing);
        for (const auto& [kind, amount] : shown)
            if (kind != "work" && kind != "held") CHECK(amount == moved[kind]);
        // Holds move a customer's money without being work: both together are the journal's.
        if (of.kind != PartyKind::customer) CHECK(shown["work"] == moved["charge"]);
    }

    /// The sum of all pages behind a line.
    Money behind(const StatementOf& of, const ledger::StatementLine& line) {
        StatementRecords records(*store_);
        const auto limit = static_cast<std::int64_t>(1 + random_.below(9));
        Money sum;
        std::int64_t rows = 0;
        std::int64_t parts = 0;
        const auto add = [&](const auto& page) {
            for (const auto& row : page) sum += row.amount;
            parts += static_cast<std::int64_t>(page.size());
            rows = static_cast<std::int64_t>(page.size());
        };
        LineFilter filter{line.subject_kind == "model" ? line.name : line.subject,
                          line.device_class, line.date, line.subject_kind == "customer"};
        std::int64_t after = 0;
        do {
            if (line.kind == "work") {
                const auto page = records.records(of, filter, after, limit).value();
                add(page);
                if (!page.empty()) after = page.back().number;
            } else {
                const auto page = records.entries(of, line.kind, after, limit).value();
                add(page);
                if (!page.empty()) after = page.back().number;
            }
        } while (rows == limit);
        if (line.kind == "work" && of.kind != PartyKind::customer && of.kind != PartyKind::platform)
            CHECK(parts == line.items);
        return sum;
    }

    /// `move`: does what these postings stand for.
    template <class Move>
    void keep(std::pair<std::string, std::string> from_to, EntryKind kind, std::int64_t micros,
              Move move) {
        const std::string name(to_string(kind));
        kept_.push_back({clock_.wall().micros, from_to.first, name, {-micros}});
        kept_.push_back({clock_.wall().micros, from_to.second, name, {micros}});
        move();
    }

    void post(std::pair<std::string, std::string> from_to, EntryKind kind, std::int64_t micros) {
        keep(from_to, kind, micros, [&] {
            auto& state = store_->state();
            state
                .atomically([&]() -> Status {
                    GLEANER_TRY(const auto from,
                                state.journal.account({from_to.first, Currency::cny}));
                    GLEANER_TRY(const auto to,
                                state.journal.account({from_to.second, Currency::cny}));
                    const Line lines[] = {{from, {-micros}}, {to, {micros}}};
                    return state.journal.post(kind, "test:" + std::to_string(++keys_), lines);
                })
                .value();
        });
    }

    void entry() {
        struct Kind {
            EntryKind kind;
            std::string from;
            std::string to;
        };
        const std::vector<Kind> kinds{{EntryKind::top_up, cash_, customer_},
                                      {EntryKind::refund, customer_, cash_},
                                      {EntryKind::confirm, "pending:" + owner_, owner_},
                                      {EntryKind::confirm, "pending:" + partner_, partner_},
                                      {EntryKind::cap, "pending:" + partner_, "platform"},
                                      {EntryKind::tier, "platform", owner_},
                                      {EntryKind::guarantee, "platform", owner_},
                                      {EntryKind::credit, "platform", customer_},
                                      {EntryKind::storage, customer_, "platform"},
                                      {EntryKind::deposit, customer_, "deposit:1"},
                                      {EntryKind::deposit_return, "deposit:1", customer_},
                                      {EntryKind::fee, customer_, "platform"},
                                      {EntryKind::reversal, "pending:" + owner_, customer_},
                                      {EntryKind::reversal, owner_, customer_},
                                      {EntryKind::payout, owner_, "payout:1"},
                                      {EntryKind::payout_return, "payout:1", owner_},
                                      {EntryKind::payout_sent, "payout:1", cash_}};
        const auto& chosen = kinds[random_.below(kinds.size())];
        post({chosen.from, chosen.to}, chosen.kind,
             static_cast<std::int64_t>(1 + random_.below(1'000)));
    }

    Money price() { return {static_cast<std::int64_t>(random_.below(4'000))}; }

    void shares(Money price, const std::string& payer) {
        const auto shares = ledger::share(price, {}, true, true);
        const std::int64_t at = clock_.wall().micros;
        kept_.push_back({at, payer, "charge", -price});
        kept_.push_back({at, "pending:" + owner_, "charge", shares.owner});
        kept_.push_back({at, "pending:" + partner_, "charge", shares.owner_partner});
        kept_.push_back({at, "pending:" + agency_, "charge", shares.customer_partner});
        kept_.push_back({at, "platform", "charge", shares.platform});
    }

    void stream() {
        Acceptance stream;
        const auto parts = 1 + random_.below(3);
        for (std::uint64_t i = 0; i < parts; ++i) {
            auto meter = world_.meter("s" + std::to_string(++keys_), price(), random_.below(3));
            if (random_.chance(0.3)) meter.device_class = "NVIDIA GeForce RTX 4060";
            shares(meter.price, customer_);
            stream.meters.push_back(std::move(meter));
        }
        (void)store_->accept(std::span(&stream, 1)).value();
    }

    /// Is held, answers one item, and gives back the rest or stays open.
    void job() {
        const Money cost = price();
        const Money hold = cost + price();
        if (hold == Money{}) return;
        Job admitted;
        keep({customer_, "hold"}, EntryKind::hold, hold.micros,
             [&] { admitted = store_->admit_job(world_.job(2), hold).value(); });
        clock_.advance(std::chrono::seconds(1 + random_.below(90'000)));
        shares(cost, "hold");
        const auto item = world_.item(admitted, 0, cost);
        (void)store_->accept(std::span(&item, 1)).value();
        clock_.advance(1s);
        const Money rest = hold - cost;
        if (rest == Money{} || random_.chance(0.3)) return;
        keep({"hold", customer_}, EntryKind::release, rest.micros, [&] {
            REQUIRE(store_->end_job(admitted.id, JobState::completed, {}, {}).has_value());
        });
    }

    Random random_;
    ManualClock clock_;
    std::unique_ptr<Store> store_;
    StoreWorld world_;
    WallTime start_ = start_of_day(first_day(*month_of_text("2027-02"))) - 300h;
    std::vector<Kept> kept_;
    int keys_ = 0;
    std::string cash_ = "cash";
    std::string customer_;
    std::string owner_;
    std::string partner_;  ///< who referred the owner
    std::string agency_;   ///< who referred the customer
};

}  // namespace

TEST_CASE("statements of random histories are what the journal says, down to each record") {
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
        CAPTURE(seed);
        History history(seed);
        for (int i = 0; i < 250; ++i) history.step();
        history.check_period({}, history.end());
        for (int i = 0; i < 12; ++i) {
            auto from = history.moment();
            auto to = history.moment();
            if (to < from) std::swap(from, to);
            history.check_period(from, to);
        }
    }
}
