/// Aim: what an invoice says in whole hundredths adds up, whatever the exact amounts are.

#include "coordinator/ledger/invoice.h"

#include <doctest/doctest.h>

#include "shared/util/random.h"

using namespace gleaner;
using namespace gleaner::ledger;

TEST_CASE("an amount is rounded to hundredths half away from zero") {
    CHECK(in_hundredths({14'999}) == Money{10'000});
    CHECK(in_hundredths({15'000}) == Money{20'000});
    CHECK(in_hundredths({-15'000}) == Money{-20'000});
    CHECK(in_hundredths({-14'999}) == Money{-10'000});
    CHECK(in_hundredths({4'999}) == Money{});
}

TEST_CASE("the tax is part of the price") {
    CHECK(tax_within({106'000'000}, 600) == Money{6'000'000});
    CHECK(tax_within({100'000'000}, 600) == Money{5'660'000});
    CHECK(tax_within({-100'000'000}, 600) == Money{-5'660'000});
    CHECK(tax_within({100'000'000}, 0) == Money{});
}

TEST_CASE("lines in hundredths sum to the total and are within a hundredth of what is exact") {
    Random random(5);
    for (int round = 0; round < 400; ++round) {
        Invoice invoice;
        const auto count = 1 + random.below(7);
        for (std::uint64_t i = 0; i < count; ++i) {
            InvoiceLine line;
            line.exact = {static_cast<std::int64_t>(random.below(3'000'000)) - 700'000};
            invoice.lines.push_back(line);
        }
        settle_amounts(invoice);
        Money exact;
        Money total;
        for (const auto& line : invoice.lines) {
            exact += line.exact;
            total += line.amount;
            CHECK(line.amount.micros % 10'000 == 0);
            CHECK(std::abs((line.amount - line.exact).micros) < 10'000);
        }
        CHECK(invoice.exact == exact);
        CHECK(invoice.total == total);
        CHECK(invoice.total == in_hundredths(exact));
    }
}

TEST_CASE("consumption is work and what else is bought, not money that comes and goes") {
    Statement statement;
    const auto add = [&](const char* kind, const char* name, std::int64_t amount) {
        StatementLine line;
        line.kind = kind;
        line.name = name;
        line.items = 2;
        line.generated_tokens = 10;
        line.amount = {amount};
        statement.lines.push_back(line);
    };
    add("top_up", "", 5'000);
    add("work", "qwen3-4b", -300);
    add("work", "qwen3-8b", -200);
    add("work", "qwen3-4b", -30);
    add("storage", "", -7);
    add("credit", "", 40);
    add("deposit", "", -900);
    add("held", "", -100);
    add("refund", "", -1'000);
    const auto lines = consumption(statement);
    REQUIRE(lines.size() == 4);
    CHECK(lines[0].name == "qwen3-4b");
    CHECK(lines[0].exact == Money{330});
    CHECK(lines[0].items == 4);
    CHECK(lines[0].generated_tokens == 20);
    CHECK(lines[1].exact == Money{200});
    CHECK(lines[2].exact == Money{7});
    CHECK(lines[3].exact == Money{-40});
}

TEST_CASE("a taxpayer number has one of three lengths and no small letters") {
    CHECK(check_taxpayer_number("91310000MA1FL0XX00").has_value());
    CHECK(check_taxpayer_number("310000123456789").has_value());
    CHECK(check_taxpayer_number("31000012345678901234").has_value());
    for (const char* wrong :
         {"", "9131000", "91310000ma1fl0xx00", "91310000MA1FL0XX0", "91310000MA1FL0 X00"})
        CHECK(check_taxpayer_number(wrong).has_error());
}

TEST_CASE("a buyer has a title, and for a special fapiao a taxpayer number") {
    Buyer buyer;
    CHECK(check(buyer).error().message().find("title") != std::string::npos);
    buyer.party.title = "某某科技有限公司";
    CHECK(check(buyer).has_value());
    buyer.fapiao = FapiaoKind::special;
    CHECK(check(buyer).error().message().find("taxpayer number") != std::string::npos);
    buyer.party.taxpayer_number = "91310000MA1FL0XX00";
    CHECK(check(buyer).has_value());
    buyer.email = "nobody";
    CHECK(check(buyer).has_error());
    buyer.email = "tax@example.org";
    CHECK(check(buyer).has_value());
    buyer.party.address = "a\nb";
    CHECK(check(buyer).has_error());
    buyer.party.address = std::string(301, 'a');
    CHECK(check(buyer).has_error());
}

TEST_CASE("a number has six digits at least") {
    CHECK(invoice_number("GL", 2026, 17) == "GL-2026-000017");
    CHECK(invoice_number("GL", 2026, 1'234'567) == "GL-2026-1234567");
}
