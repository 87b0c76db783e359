/// Aim: a payout moves its money once out of the party's account and once out of the platform or
/// back, whatever is repeated, and every refusal posts nothing.

#include "coordinator/store/payouts.h"

#include <doctest/doctest.h>

#include "shared/model/civil_day.h"
#include "tests/support/payout_world.h"
#include "tests/support/store_world.h"

using namespace gleaner;
using namespace gleaner::store;
using namespace gleaner::testing;
using ledger::PayoutState;

namespace {

struct Fixture {
    ManualClock clock;
    std::unique_ptr<Store> store = Store::open(":memory:", Store::Mode::read_write, clock).value();
    StoreWorld world = StoreWorld::fill(*store, clock, {});
    PayoutParty owner = party_of(world.owner);
    Payouts payouts{*store};
    PayoutAccounts accounts{*store};
    ledger::PayoutPolicy policy = payout_policy();

    Fixture() { add_operators(*store); }

    Money confirmed() { return balance(*store, confirmed_account(owner, Currency::cny)); }
    Money on_its_way(const Payout& payout) {
        return balance(*store, ledger::payout_account(payout.id, payout.currency));
    }
    Money cash() { return balance(*store, ledger::cash_account(Currency::cny)); }
    std::int64_t entries() { return store->check_ledger().value().entries; }
    void check_books() {
        const auto report = store->check_ledger().value();
        for (const auto& violation : report.violations) MESSAGE(violation);
        CHECK(report.violations.empty());
    }
    /// 1 000.005 CNY and a verified bank account.
    void ready() {
        earn(*store, owner, {1'000 * yuan + 5'000});
        (void)verified_account(*store, owner);
    }
    Payout requested(const std::string& key = "k", std::optional<Money> amount = std::nullopt) {
        return payouts.request(payout_request(owner, key, amount), policy).value();
    }
    Payout sent(const std::string& key = "k", std::optional<Money> amount = std::nullopt) {
        const auto payout = requested(key, amount);
        (void)payouts.approve(payout.id, "ann").value();
        (void)payouts.export_batch(batch_request("b" + key), plain_unseal()).value();
        return payouts.read(payout.id).value();
    }
    /// That `request` is refused and posts nothing.
    Error refused(const PayoutRequest& request) {
        const auto before = entries();
        const auto asked = payouts.request(request, policy);
        REQUIRE(asked.has_error());
        CHECK(entries() == before);
        CHECK(payouts.list({}).value().empty());
        return asked.error();
    }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a payout is requested, approved, sent and settled, each once") {
    ready();
    const auto asked = requested();
    CHECK(asked.state == PayoutState::requested);
    CHECK(asked.amount == Money{1'000 * yuan});
    CHECK(asked.masked == "****6789");
    CHECK(asked.id.size() <= 22);
    CHECK(confirmed() == Money{5'000});  // below a hundredth: it stays
    CHECK(on_its_way(asked) == asked.amount);
    CHECK(requested().id == asked.id);

    CHECK(payouts.approve(asked.id, "ann").value().state == PayoutState::approved);
    CHECK(payouts.approve(asked.id, "ann").value().state == PayoutState::approved);
    const auto batch = payouts.export_batch(batch_request("b1"), plain_unseal()).value();
    CHECK(batch.payouts == 1);
    CHECK(batch.total == asked.amount);
    CHECK(payouts.export_batch(batch_request("b1"), plain_unseal()).value().number == batch.number);
    CHECK(payouts.read(asked.id).value().state == PayoutState::sent);
    CHECK(payouts.read(asked.id).value().batch == batch.number);
    check_books();

    const Money cash_before = cash();
    for (int i = 0; i < 2; ++i) {
        const auto settled = payouts.settle(asked.id, "bob", "bank ref 7").value();
        CHECK(settled.state == PayoutState::settled);
        CHECK(settled.ended_by == "bob");
        CHECK(settled.note == "bank ref 7");
        CHECK(cash() == cash_before + asked.amount);
        CHECK(on_its_way(asked) == Money{});
    }
    CHECK(payouts.fail(asked.id, "bob", "late").error().code() == ErrorCode::failed_precondition);
    CHECK(payouts.reject(asked.id, "bob", "late").has_error());
    CHECK(confirmed() == Money{5'000});
    check_books();
}

TEST_CASE_FIXTURE(Fixture, "a payout that fails or is rejected is back in the account, once") {
    ready();
    const auto failed = sent("1", Money{400 * yuan});
    const auto rejected = requested("2", Money{300 * yuan});
    CHECK(confirmed() == Money{300 * yuan + 5'000});
    for (int i = 0; i < 2; ++i) {
        CHECK(payouts.fail(failed.id, "ann", "account closed").value().note == "account closed");
        CHECK(payouts.reject(rejected.id, "ann", "too early").value().state ==
              PayoutState::rejected);
        CHECK(confirmed() == Money{1'000 * yuan + 5'000});
    }
    CHECK(payouts.settle(failed.id, "ann", "").error().code() == ErrorCode::failed_precondition);
    CHECK(payouts.approve(rejected.id, "ann").has_error());
    CHECK(requested("2", Money{300 * yuan}).state == PayoutState::rejected);  // the same key
    check_books();
}

TEST_CASE_FIXTURE(Fixture, "nothing is paid to an account that is missing, unverified or changed") {
    earn(*store, owner, {1'000 * yuan});
    CHECK(refused(payout_request(owner, "k")).message().find("has not said where to be paid") !=
          std::string::npos);
    (void)accounts.set(owner, bank_payee(), plain_seal()).value();
    CHECK(refused(payout_request(owner, "k")).message().find("not verified") != std::string::npos);
    (void)accounts.verify(owner, 1, "ann").value();
    (void)accounts.set(owner, bank_payee("9999999999"), plain_seal()).value();
    CHECK(refused(payout_request(owner, "k")).message().find("not verified") != std::string::npos);
    (void)accounts.verify(owner, 2, "ann").value();
    CHECK(requested().account_version == 2);
}

TEST_CASE_FIXTURE(Fixture, "amounts that are not there, too small or not whole are refused") {
    ready();
    const auto why = [&](std::int64_t micros) {
        return refused(payout_request(owner, "k", Money{micros})).code();
    };
    CHECK(why(1'000 * yuan + 10'000) == ErrorCode::failed_precondition);
    CHECK(why(99 * yuan) == ErrorCode::failed_precondition);
    CHECK(why(200 * yuan + 1) == ErrorCode::invalid_argument);
    CHECK(why(-200 * yuan) == ErrorCode::invalid_argument);
    CHECK(refused(payout_request(owner, "")).code() == ErrorCode::invalid_argument);
    CHECK(refused(payout_request(owner, std::string(201, 'k'))).code() ==
          ErrorCode::invalid_argument);
    CHECK(refused(payout_request({ledger::PartyKind::owner, "own_none"}, "k")).code() ==
          ErrorCode::not_found);
    auto dollars = payout_request(owner, "k");
    dollars.currency = Currency::usd;
    CHECK(refused(dollars).message().find("nothing is confirmed") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "Alipay is not asked to pay dollars") {
    earn(*store, owner, {1'000 * yuan}, Currency::usd);
    (void)verified_account(*store, owner, alipay_payee());
    auto dollars = payout_request(owner, "k");
    dollars.currency = Currency::usd;
    CHECK(refused(dollars).message().find("takes CNY only") != std::string::npos);
    CHECK(payouts.payable(owner, Currency::usd).value() == Money{1'000 * yuan});
    CHECK(payouts.payable(owner, Currency::eur).value() == Money{});
    (void)verified_account(*store, owner);
    CHECK(payouts.request(dollars, policy).value().currency == Currency::usd);
    CHECK(payouts.payable(owner, Currency::usd).value() == Money{});
    check_books();
}

TEST_CASE_FIXTURE(Fixture, "a key that asked for one thing does not ask for another") {
    ready();
    (void)requested("k", Money{200 * yuan});
    const auto other = payouts.request(payout_request(owner, "k", Money{300 * yuan}), policy);
    CHECK(other.error().code() == ErrorCode::already_exists);
    CHECK(other.error().message().find("CNY 200.00") != std::string::npos);
    // Another party's same key is another key.
    const auto partner = party_of(world.owner_partner);
    earn(*store, partner, {500 * yuan});
    (void)verified_account(*store, partner);
    CHECK(payouts.request(payout_request(partner, "k"), policy).value().amount ==
          Money{500 * yuan});
    CHECK(balance(*store, confirmed_account(partner, Currency::cny)) == Money{});
    check_books();
}

TEST_CASE_FIXTURE(Fixture, "above the limit two different operators approve, each once") {
    earn(*store, owner, {6'000 * yuan});
    (void)verified_account(*store, owner);
    const auto asked = requested();
    CHECK(asked.approvals.needed == 2);
    for (int i = 0; i < 3; ++i) {
        const auto once = payouts.approve(asked.id, "ann").value();
        CHECK(once.state == PayoutState::requested);
        CHECK(once.approvals.operators == std::vector<std::string>{"ann"});
    }
    CHECK(payouts.export_batch(batch_request("b"), plain_unseal()).error().code() ==
          ErrorCode::failed_precondition);
    const auto both = payouts.approve(asked.id, "bob").value();
    CHECK(both.state == PayoutState::approved);
    CHECK(both.approvals.operators == std::vector<std::string>{"ann", "bob"});
}

TEST_CASE_FIXTURE(Fixture, "who asked on a party's behalf does not approve it alone") {
    ready();
    auto request = payout_request(owner, "k");
    request.origin = PayoutOrigin::operator_;
    request.requested_by = "ann";
    const auto asked = payouts.request(request, policy).value();
    CHECK(asked.approvals.needed == 1);
    CHECK(payouts.approve(asked.id, "ann").value().state == PayoutState::requested);
    CHECK(payouts.approve(asked.id, "bob").value().state == PayoutState::approved);
}

TEST_CASE_FIXTURE(Fixture,
                  "an account that is changed later does not move payouts requested before") {
    ready();
    const auto asked = requested("k", Money{200 * yuan});
    (void)verified_account(*store, owner, bank_payee("1111222233334444"));
    (void)payouts.approve(asked.id, "ann").value();
    const auto batch = payouts.export_batch(batch_request("b"), plain_unseal()).value();
    const auto text = payouts.batch_text(batch.number, plain_unseal()).value();
    CHECK(text.find("6222021234567896789") != std::string::npos);
    CHECK(text.find("1111222233334444") == std::string::npos);
    CHECK(requested("other").account_version == 2);
}

TEST_CASE_FIXTURE(Fixture,
                  "a batch is exported again with the same bytes, whatever happened since") {
    ready();
    const auto first = sent("1", Money{200 * yuan});
    const auto second = sent("2", Money{300 * yuan});
    CHECK(first.batch != second.batch);
    const auto text = payouts.batch_text(*first.batch, plain_unseal()).value();
    CHECK(text.find(first.id) != std::string::npos);
    CHECK(text.find(second.id) == std::string::npos);
    clock.advance(48h);
    (void)payouts.settle(first.id, "ann", "").value();
    (void)verified_account(*store, owner, bank_payee("1111222233334444"));
    CHECK(payouts.batch_text(*first.batch, plain_unseal()).value() == text);
    CHECK(payouts.batch_text(99, plain_unseal()).error().code() == ErrorCode::not_found);
    CHECK(payouts.batches(100, 10).value().size() == 2);
    CHECK(payouts.batches(100, 10).value()[0].number == *second.batch);
    CHECK(payouts.batches(*second.batch, 10).value().size() == 1);
    auto other = batch_request("b1", ledger::PayoutMethod::alipay);
    CHECK(payouts.export_batch(other, plain_unseal()).error().code() == ErrorCode::already_exists);
    CHECK(payouts.export_batch(batch_request(""), plain_unseal()).error().code() ==
          ErrorCode::invalid_argument);
}

TEST_CASE_FIXTURE(Fixture, "a batch takes one currency and one method") {
    ready();
    const auto partner = party_of(world.owner_partner);
    earn(*store, partner, {500 * yuan});
    (void)verified_account(*store, partner, alipay_payee());
    const auto by_bank = requested();
    const auto by_alipay = payouts.request(payout_request(partner, "k"), policy).value();
    for (const auto& one : {by_bank, by_alipay}) (void)payouts.approve(one.id, "ann").value();
    const auto batch =
        payouts.export_batch(batch_request("b", ledger::PayoutMethod::alipay), plain_unseal())
            .value();
    CHECK(batch.payouts == 1);
    CHECK(payouts.payouts_of(batch.number).value()[0].id == by_alipay.id);
    CHECK(payouts.batch_text(batch.number, plain_unseal()).value().find("pay@platform.example") !=
          std::string::npos);
    CHECK(payouts.read(by_bank.id).value().state == PayoutState::approved);
}

TEST_CASE_FIXTURE(Fixture,
                  "an account that cannot be opened stops the batch, and nothing is sent") {
    ready();
    const auto asked = requested();
    (void)payouts.approve(asked.id, "ann").value();
    const Unseal broken = [](std::string_view, std::string_view) -> Result<std::string> {
        return Error(ErrorCode::not_found, "the key is missing");
    };
    const auto refused_batch = payouts.export_batch(batch_request("b"), broken);
    CHECK(refused_batch.error().message().find(asked.id) != std::string::npos);
    CHECK(refused_batch.error().message().find("the key is missing") != std::string::npos);
    CHECK(payouts.read(asked.id).value().state == PayoutState::approved);
    CHECK(payouts.batches(100, 10).value().empty());
    CHECK(payouts.export_batch(batch_request("b"), plain_unseal()).has_value());
}

TEST_CASE_FIXTURE(Fixture, "a batch is settled whole, but for what has failed") {
    ready();
    const auto one = requested("1", Money{200 * yuan});
    const auto two = requested("2", Money{300 * yuan});
    for (const auto& payout : {one, two}) (void)payouts.approve(payout.id, "ann").value();
    const auto batch = payouts.export_batch(batch_request("b"), plain_unseal()).value();
    (void)payouts.fail(one.id, "ann", "no such account").value();
    CHECK(payouts.settle_batch(batch.number, "ann", "ref").value() == 1);
    CHECK(payouts.settle_batch(batch.number, "ann", "ref").value() == 0);
    CHECK(payouts.read(one.id).value().state == PayoutState::failed);
    CHECK(payouts.read(two.id).value().state == PayoutState::settled);
    CHECK(payouts.settle_batch(99, "ann", "").error().code() == ErrorCode::not_found);
    check_books();
}

TEST_CASE_FIXTURE(Fixture, "what falls due is requested once for each party and period") {
    policy.schedule = ledger::parse_schedule("monthly 10").value();
    ready();
    const auto partner = party_of(world.owner_partner);
    earn(*store, partner, {99 * yuan});  // below the minimum
    (void)verified_account(*store, partner);
    const auto unverified = party_of(world.customer_partner);
    earn(*store, unverified, {500 * yuan});
    (void)accounts.set(unverified, bank_payee(), plain_seal()).value();
    const auto tenth = day_of_date("2026-12-10").value();
    REQUIRE(run_due_payouts(*store, policy, tenth - 1).has_value());
    CHECK(payouts.list({}).value().empty());
    for (int i = 0; i < 2; ++i) {
        REQUIRE(run_due_payouts(*store, policy, tenth).has_value());
        const auto due = payouts.list({}).value();
        REQUIRE(due.size() == 1);
        CHECK(due[0].party == owner);
        CHECK(due[0].origin == PayoutOrigin::schedule);
        CHECK(due[0].amount == Money{1'000 * yuan});
        earn(*store, owner, {500 * yuan});
    }
    const auto january = day_of_date("2027-01-10").value();
    REQUIRE(run_due_payouts(*store, policy, january).has_value());
    CHECK(payouts.list({}).value().size() == 2);
    CHECK(payouts.list({}).value()[0].amount == Money{1'000 * yuan});
    check_books();
}

TEST_CASE_FIXTURE(Fixture, "what falls due in dollars is requested in dollars, and not by Alipay") {
    policy.schedule = ledger::parse_schedule("weekly monday").value();
    earn(*store, owner, {50 * yuan}, Currency::usd);
    (void)verified_account(*store, owner, alipay_payee());
    const auto monday = day_of_date("2026-11-30").value();
    REQUIRE(run_due_payouts(*store, policy, monday).has_value());
    CHECK(payouts.list({}).value().empty());
    (void)verified_account(*store, owner);
    REQUIRE(run_due_payouts(*store, policy, monday).has_value());
    REQUIRE(payouts.list({}).value().size() == 1);
    CHECK(payouts.list({}).value()[0].currency == Currency::usd);
}

TEST_CASE_FIXTURE(Fixture, "an account below zero is paid nothing") {
    (void)verified_account(*store, owner);
    earn(*store, owner, {-200 * yuan});
    CHECK(payouts.payable(owner, Currency::cny).value() == Money{});
    CHECK(refused(payout_request(owner, "k")).message().find("nothing is confirmed") !=
          std::string::npos);
    CHECK(refused(payout_request(owner, "k", Money{200 * yuan})).message().find("only CNY 0.00") !=
          std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "payouts are listed newest first, by state and party, page by page") {
    ready();
    std::vector<std::string> ids;
    for (int i = 0; i < 5; ++i) ids.push_back(requested(std::to_string(i), Money{100 * yuan}).id);
    (void)payouts.approve(ids[2], "ann").value();
    PayoutFilter filter;
    filter.limit = 2;
    std::vector<std::string> seen;
    for (;;) {
        const auto page = payouts.list(filter).value();
        if (page.empty()) break;
        for (const auto& payout : page) seen.push_back(payout.id);
        filter.after = seen.back();
    }
    std::ranges::reverse(ids);
    CHECK(seen == ids);
    CHECK(payouts.list({PayoutState::approved, "", "", 10}).value().size() == 1);
    CHECK(payouts.list({PayoutState::requested, owner.id, "", 10}).value().size() == 4);
    CHECK(payouts.list({std::nullopt, owner.id, "", 10}).value().size() == 5);
    CHECK(payouts.list({std::nullopt, "own_none", "", 10}).value().empty());
    CHECK(payouts.list({std::nullopt, "", "pay_none", 10}).error().code() == ErrorCode::not_found);
    CHECK(payouts.read("pay_none").error().code() == ErrorCode::not_found);
    CHECK(payouts.approve("pay_none", "ann").error().code() == ErrorCode::not_found);
    CHECK(payouts.settle("pay_none", "ann", "").error().code() == ErrorCode::not_found);
}
