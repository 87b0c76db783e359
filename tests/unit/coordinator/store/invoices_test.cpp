/// Aim: a month's invoices are made once, numbered without gaps, sum to the statements'
/// consumption, and never change; what is reversed later is credited to the invoice it was on.

#include "coordinator/store/invoices.h"

#include <doctest/doctest.h>
#include <sqlite3.h>

#include "coordinator/store/earnings.h"
#include "coordinator/store/state.h"
#include "shared/model/civil_day.h"
#include "shared/util/random.h"
#include "tests/support/store_world.h"
#include "tests/support/temporary_folder.h"

using namespace gleaner;
using namespace gleaner::store;
using gleaner::testing::StoreWorld;
using ledger::Invoice;

namespace {

ledger::InvoiceTerms terms_of_seller() {
    ledger::InvoiceTerms terms;
    terms.seller.title = "Grid Operations Ltd";
    terms.seller.taxpayer_number = "91310000MA1FL0XX00";
    return terms;
}

struct Fixture {
    gleaner::testing::TemporaryFolder folder;
    ManualClock clock;
    std::string path = (folder.path() / "grid.db").string();
    std::unique_ptr<Store> store = Store::open(path, Store::Mode::read_write, clock).value();
    StoreWorld world = StoreWorld::fill(*store, clock, {100'000'000});
    ledger::InvoiceTerms terms = terms_of_seller();
    Month month = month_of(day_of(clock.wall()));  // September 2026
    int streams = 0;

    std::string accept(Money price) {
        const std::string name = "s" + std::to_string(++streams);
        Acceptance stream;
        stream.meters.push_back(world.meter(name, price));
        stream.outcome.request = stream.meters.front().request;
        stream.receipt_json =
            R"({"created":)" + std::to_string(clock.wall().micros / 1'000'000) + "}";
        (void)store->accept(std::span(&stream, 1)).value();
        clock.advance(1s);
        return stream.meters.front().request.get();
    }
    void to_next_month() {
        const auto next = start_of_day(first_day(month_of(day_of(clock.wall())).next()));
        clock.advance(next - clock.wall() + 1h);
    }
    std::vector<Invoice> issue(Month of) {
        return Invoices(*store).issue(world.customer.id, of, terms, "root").value();
    }
    Money consumed(Month of) {
        const auto statement =
            store
                ->customer_statement(world.customer.id, start_of_day(first_day(of)),
                                     start_of_day(first_day(of.next())))
                .value();
        Money sum;
        for (const auto& line : ledger::consumption(statement)) sum += line.exact;
        return sum;
    }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a month that is over is invoiced once, and what is issued stays") {
    accept({1'234'567});
    accept({7'654'321});
    CHECK(Invoices(*store).issue(world.customer.id, month, terms, "root").error().code() ==
          ErrorCode::failed_precondition);
    to_next_month();
    const auto issued = issue(month);
    REQUIRE(issued.size() == 1);
    const auto& invoice = issued.front();
    CHECK(invoice.number == "GL-2026-000001");
    CHECK(invoice.exact == Money{8'888'888});
    CHECK(invoice.exact == consumed(month));
    CHECK(invoice.total == Money{8'890'000});
    CHECK(invoice.tax == Money{500'000});
    CHECK(invoice.buyer.party.title == "Acme");
    CHECK(invoice.terms.seller == terms.seller);
    CHECK(invoice.terms.prefix == "GL");
    CHECK(invoice.issued_by == "root");
    REQUIRE(invoice.lines.size() == 1);
    CHECK(invoice.lines.front().items == 2);

    // Whatever changes afterwards, the document does not.
    ledger::Buyer buyer;
    buyer.party.title = "Acme Holding";
    REQUIRE(Invoices(*store).set_tax(world.customer.id, buyer).has_value());
    terms.tax_rate = 1'300;
    accept({5'000'000});
    const auto again = issue(month);
    REQUIRE(again.size() == 1);
    CHECK(again.front().number == invoice.number);
    CHECK(again.front().buyer.party.title == "Acme");
    CHECK(again.front().tax == invoice.tax);
    CHECK(Invoices(*store).invoice(invoice.number).value().total == invoice.total);
    CHECK(Invoices(*store).list({}, "", 10).value().size() == 1);
}

TEST_CASE_FIXTURE(Fixture, "rows of an invoice are neither changed nor deleted") {
    accept({1'000'000});
    to_next_month();
    REQUIRE(issue(month).size() == 1);
    sqlite3* handle = nullptr;
    REQUIRE(sqlite3_open(path.c_str(), &handle) == SQLITE_OK);
    for (const char* statement :
         {"UPDATE invoices SET total = 0", "DELETE FROM invoices",
          "UPDATE invoice_lines SET amount = 0", "DELETE FROM invoice_lines"}) {
        char* why = nullptr;
        CHECK_MESSAGE(sqlite3_exec(handle, statement, nullptr, nullptr, &why) == SQLITE_CONSTRAINT,
                      statement);
        CHECK(std::string(why).find("never") != std::string::npos);
        sqlite3_free(why);
    }
    sqlite3_close(handle);
}

TEST_CASE_FIXTURE(Fixture, "numbers have no gaps over failures and begin anew each year") {
    const auto second = store->add_customer("Beta", {}, {}).value();
    accept({1'000'000});
    to_next_month();
    REQUIRE(store->begin().has_value());
    CHECK(issue(month).front().number == "GL-2026-000001");
    store->rollback();
    CHECK(issue(month).front().number == "GL-2026-000001");
    CHECK(Invoices(*store).issue(second.id, month, terms, "root").value().empty());
    for (int i = 2; i <= 3; ++i) {
        accept({2'000'000});
        const Month of = month_of(day_of(clock.wall()));
        to_next_month();
        CHECK(issue(of).front().number == "GL-2026-00000" + std::to_string(i));
    }
    const Month december = month_of(day_of(clock.wall()));
    CHECK(month_text(december) == "2026-12");
    accept({2'000'000});
    to_next_month();
    CHECK(issue(december).front().number == "GL-2027-000001");
}

TEST_CASE_FIXTURE(Fixture, "a later reversal is a credit note to the invoice that charged it") {
    const auto broken = accept({3'000'000});
    accept({1'000'000});
    to_next_month();
    const auto invoice = issue(month).front();
    const Month october = month.next();
    const auto own = accept({2'000'000});
    accept({5'000'000});
    REQUIRE(Earnings(*store).refund(RequestId{broken}, "root", "broken").value().records == 1);
    REQUIRE(Earnings(*store).refund(RequestId{own}, "root", "broken").value().records == 1);
    terms.tax_rate = 1'300;
    to_next_month();
    const auto documents = issue(october);
    REQUIRE(documents.size() == 2);
    const auto& charged = documents[0];
    const auto& credited = documents[1];
    CHECK(charged.total == Money{5'000'000});  // its own reversal is on it
    CHECK(charged.lines.size() == 2);
    CHECK(credited.is_credit_note());
    CHECK(credited.refers_to == invoice.number);
    CHECK(credited.number == "GL-2026-000003");
    CHECK(credited.total == Money{-3'000'000});
    CHECK(credited.tax == ledger::tax_within({-3'000'000}, 600));  // as it was charged
    CHECK(charged.exact + credited.exact == consumed(october));
    CHECK(issue(october).size() == 2);
    CHECK(store->check_ledger().value().violations.empty());
}

TEST_CASE_FIXTURE(Fixture, "a month with nothing but a late reversal has a credit note alone") {
    const auto broken = accept({3'000'000});
    to_next_month();
    REQUIRE(issue(month).size() == 1);
    REQUIRE(Earnings(*store).refund(RequestId{broken}, "root", "broken").value().records == 1);
    to_next_month();
    const auto documents = issue(month.next());
    REQUIRE(documents.size() == 1);
    CHECK(documents.front().is_credit_note());
    CHECK(documents.front().total == Money{-3'000'000});
}

TEST_CASE_FIXTURE(Fixture, "a reversal of a month without an invoice lowers the next invoice") {
    const auto broken = accept({3'000'000});
    to_next_month();
    accept({4'000'000});
    REQUIRE(Earnings(*store).refund(RequestId{broken}, "root", "broken").value().records == 1);
    to_next_month();
    const auto documents = issue(month.next());
    REQUIRE(documents.size() == 1);
    CHECK(documents.front().total == Money{1'000'000});
}

TEST_CASE_FIXTURE(Fixture, "each currency has an invoice, and amounts too small have none") {
    const auto dollars = store->add_project(world.customer.id, "usd", Currency::usd).value();
    REQUIRE(store->top_up(world.customer.id, {50'000'000}, "usd", Currency::usd).has_value());
    Acceptance stream;
    stream.meters.push_back(world.meter("usd", {2'000'000}));
    stream.meters.front().project = dollars.id;
    (void)store->accept(std::span(&stream, 1)).value();
    accept({4'999});
    to_next_month();
    const auto documents = issue(month);
    REQUIRE(documents.size() == 1);
    CHECK(documents.front().currency == Currency::usd);
    CHECK(documents.front().total == Money{2'000'000});
}

TEST_CASE_FIXTURE(Fixture, "without a seller nothing is issued, and unknown things are not found") {
    accept({1'000'000});
    to_next_month();
    CHECK(Invoices(*store)
              .issue(world.customer.id, month, {}, "root")
              .error()
              .message()
              .find("invoices.seller_title") != std::string::npos);
    terms.prefix = "G-L";
    CHECK(Invoices(*store).issue(world.customer.id, month, terms, "root").has_error());
    CHECK(Invoices(*store).list({}, "", 10).value().empty());
    CHECK(Invoices(*store).invoice("GL-2026-000001").error().code() == ErrorCode::not_found);
    CHECK(Invoices(*store).tax(CustomerId{"cus_x"}).error().code() == ErrorCode::not_found);
    CHECK(Invoices(*store).set_tax(world.customer.id, {}).error().code() ==
          ErrorCode::invalid_argument);
}

TEST_CASE_FIXTURE(Fixture, "invoices and credit notes of a random year sum to what was consumed") {
    Random random(3);
    std::vector<std::string> requests;
    const Month first = month;
    Month of = month;
    for (int i = 0; i < 9; ++i, of = of.next()) {
        for (int k = 0; k < 12; ++k) {
            requests.push_back(accept({static_cast<std::int64_t>(random.below(900'000))}));
            if (random.chance(0.3)) {
                const RequestId request{requests[random.below(requests.size())]};
                (void)Earnings(*store).refund(request, "root", "test").value();
            }
            clock.advance(std::chrono::seconds(random.below(90'000)));
            if (month_of(day_of(clock.wall())) != of) break;
        }
        if (month_of(day_of(clock.wall())) == of) to_next_month();
        Money documents;
        for (const auto& document : issue(of)) documents += document.exact;
        CHECK(documents == consumed(of));
    }
    std::int64_t serial = 0;
    std::string year;
    const auto every = Invoices(*store).list({}, "", 1000).value();
    CHECK(every.size() > 9);
    for (const auto& document : every) {
        if (document.number.substr(0, 8) != year) serial = 0;
        year = document.number.substr(0, 8);
        CHECK(document.number ==
              ledger::invoice_number("GL", std::stoi(year.substr(3, 4)), ++serial));
        Money sum;
        for (const auto& line : document.lines) sum += line.amount;
        CHECK(sum == document.total);
    }
    CHECK(first < of);
}
