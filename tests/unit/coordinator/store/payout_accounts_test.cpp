#include "coordinator/store/payout_accounts.h"

#include <doctest/doctest.h>

#include "tests/support/payout_world.h"
#include "tests/support/store_world.h"

using namespace gleaner;
using namespace gleaner::store;
using namespace gleaner::testing;

namespace {

struct Fixture {
    ManualClock clock;
    std::unique_ptr<Store> store = Store::open(":memory:", Store::Mode::read_write, clock).value();
    StoreWorld world = StoreWorld::fill(*store, clock, {});
    PayoutParty owner = party_of(world.owner);
    PayoutAccounts accounts{*store};
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a party is found by its id, and nobody else is one") {
    CHECK(accounts.party(world.owner.id.get()).value() == owner);
    CHECK(accounts.party(world.owner_partner.id.get()).value() == party_of(world.owner_partner));
    for (const auto& id :
         {std::string("own_none"), std::string("par_none"), std::string(), world.customer.id.get()})
        CHECK(accounts.party(id).error().code() == ErrorCode::not_found);
}

TEST_CASE_FIXTURE(Fixture,
                  "an account is kept sealed for its party and version, and shown masked") {
    const auto account = accounts.set(owner, bank_payee(), plain_seal()).value();
    CHECK(account.version == 1);
    CHECK(account.masked == "****6789");
    CHECK_FALSE(account.verified);
    CHECK(seal_context(owner, 1) == "payout account of owner " + owner.id + ", version 1");
    CHECK(plain_unseal()(account.sealed, seal_context(owner, 1)).value() ==
          ledger::to_text(bank_payee()));
    CHECK(plain_unseal()(account.sealed, seal_context(owner, 2)).has_error());
    const auto second = accounts.set(owner, alipay_payee(), plain_seal()).value();
    CHECK(second.version == 2);
    CHECK(accounts.newest(owner).value().method == ledger::PayoutMethod::alipay);
}

TEST_CASE_FIXTURE(Fixture, "account data that cannot be paid to is not kept") {
    CHECK(accounts.set(owner, bank_payee("1"), plain_seal()).error().code() ==
          ErrorCode::invalid_argument);
    CHECK(accounts.set({ledger::PartyKind::owner, "own_none"}, bank_payee(), plain_seal())
              .error()
              .code() == ErrorCode::not_found);
    const auto none = accounts.newest(owner);
    CHECK(none.error().code() == ErrorCode::failed_precondition);
    CHECK(none.error().message().find("account set") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture,
                  "a changed account is unverified again, and only the newest is verified") {
    (void)verified_account(*store, owner);
    CHECK(accounts.newest(owner).value().verified_by == "ann");
    CHECK(accounts.verify(owner, 1, "bob").value().verified_by == "ann");  // it is already
    (void)accounts.set(owner, alipay_payee(), plain_seal()).value();
    CHECK_FALSE(accounts.newest(owner).value().verified);
    const auto late = accounts.verify(owner, 1, "bob");
    CHECK(late.error().code() == ErrorCode::failed_precondition);
    CHECK(late.error().message().find("version 2") != std::string::npos);
    CHECK(accounts.verify(owner, 3, "bob").has_error());
    CHECK(accounts.verify(owner, 2, "bob").value().verified == clock.wall());
    CHECK(accounts.verify(party_of(world.owner_partner), 1, "bob").error().code() ==
          ErrorCode::failed_precondition);
}

TEST_CASE_FIXTURE(Fixture, "the newest account of each party is listed, page by page") {
    std::vector<std::string> ids;
    for (int i = 0; i < 5; ++i) {
        const auto party = party_of(store->add_owner("o", {}).value());
        ids.push_back(party.id);
        (void)accounts.set(party, bank_payee(), plain_seal()).value();
        (void)accounts.set(party, alipay_payee(), plain_seal()).value();
    }
    (void)accounts.verify({ledger::PartyKind::owner, ids[3]}, 2, "ann").value();
    std::ranges::sort(ids);
    std::vector<std::string> seen;
    for (std::string after;;) {
        const auto page = accounts.list(after, false, 2).value();
        if (page.empty()) break;
        for (const auto& account : page) {
            CHECK(account.version == 2);
            seen.push_back(account.party.id);
        }
        after = seen.back();
    }
    CHECK(seen == ids);
    CHECK(accounts.list("", true, 100).value().size() == 4);
}

TEST_CASE_FIXTURE(Fixture, "what is sealed again is all versions, but for those left as they are") {
    (void)verified_account(*store, owner);
    (void)accounts.set(owner, alipay_payee(), plain_seal()).value();
    int seen = 0;
    const Reseal reseal = [&](std::string_view sealed,
                              std::string_view context) -> std::optional<std::string> {
        CHECK(plain_unseal()(sealed, context).has_value());
        if (++seen == 1) return std::nullopt;
        return std::string(sealed) + "!";
    };
    CHECK(accounts.reseal_all(reseal).value() == 1);
    CHECK(seen == 2);
    const auto newest = accounts.newest(owner).value();
    CHECK(newest.sealed.ends_with("!"));
    CHECK(newest.masked == "****@example.com");
}

TEST_CASE_FIXTURE(Fixture, "a node is told the end of its owner's account number") {
    CHECK(accounts.shown_to_node(world.nodes[0]).value().empty());
    (void)accounts.set(owner, bank_payee(), plain_seal()).value();
    (void)accounts.set(party_of(world.owner_partner), alipay_payee(), plain_seal()).value();
    CHECK(accounts.shown_to_node(world.nodes[0]).value() == "****6789");
    (void)accounts.set(owner, bank_payee("12345678901234"), plain_seal()).value();
    CHECK(accounts.shown_to_node(world.nodes[0]).value() == "****1234");
    CHECK(accounts.shown_to_node(NodeId{"node_none"}).value().empty());
}
