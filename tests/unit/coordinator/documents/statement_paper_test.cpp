/// Aim: what a statement's paper prints adds up as printed, is grouped as its party thinks of it,
/// and says how to check it.

#include "coordinator/documents/statement_paper.h"

#include <algorithm>

#include <doctest/doctest.h>

#include "coordinator/documents/statement_words.h"
#include "shared/model/civil_day.h"

using namespace gleaner;
using namespace gleaner::documents;
using ledger::PartyKind;

namespace {

ledger::StatementLine work(const std::string& site, const std::string& name, std::int64_t micros) {
    ledger::StatementLine line;
    line.kind = "work";
    line.subject = "node_" + name;
    line.subject_kind = "node";
    line.name = name;
    line.site = "site_" + site;
    line.site_name = site;
    line.device_class = "cpu";
    line.items = 3;
    line.generated_tokens = 1'000;
    line.amount = {micros};
    return line;
}

ledger::Statement owners() {
    ledger::Statement statement;
    statement.kind = PartyKind::owner;
    statement.party = "owner 阳光网咖";
    statement.id = "own_1";
    statement.name = "阳光网咖";
    statement.from = start_of_day(*day_of_date("2026-11-01"));
    statement.to = start_of_day(*day_of_date("2026-12-01"));
    statement.opening = {5'000'000};
    statement.lines = {work("春熙路店", "pc-1", 1'230'000), work("春熙路店", "pc-2", 70'000),
                       work("高新店", "pc-1", 2'000'001)};
    ledger::StatementLine payout;
    payout.kind = "payout";
    payout.items = 1;
    payout.amount = {-4'000'000};
    statement.lines.push_back(payout);
    statement.closing = {4'300'001};
    statement.pending = {3'300'001};
    return statement;
}

/// What is printed, as micros.
std::int64_t micros_of(std::string text) {
    std::erase(text, ',');
    const bool negative = text.starts_with('-');
    const auto point = text.find('.');
    std::string fraction = text.substr(point + 1);
    fraction.resize(6, '0');
    const std::int64_t whole = std::abs(std::stoll(text.substr(0, point)));
    const std::int64_t micros = whole * 1'000'000 + std::stoll(fraction);
    return negative ? -micros : micros;
}

const Table* table_headed(const Paper& paper, std::string_view heading) {
    const auto found = std::ranges::find(paper.tables, heading, &Table::heading);
    return found == paper.tables.end() ? nullptr : &*found;
}

}  // namespace

TEST_CASE("an owner's work stands by site, and every sum is of what is printed above it") {
    const auto paper = statement_paper(owners(), {"abc", true}, Language::chinese);
    const auto* const table = table_headed(paper, "算力收入");
    REQUIRE(table != nullptr);
    std::vector<std::string> groups;
    std::int64_t group = 0;
    std::int64_t all = 0;
    for (const auto& row : table->rows) {
        switch (row.style) {
            case RowStyle::group:
                groups.push_back(row.cells.front());
                group = 0;
                break;
            case RowStyle::plain:
                REQUIRE(row.cells.size() == table->columns.size());
                group += micros_of(row.cells.back());
                all += micros_of(row.cells.back());
                break;
            case RowStyle::subtotal:
                CHECK(micros_of(row.cells.back()) == group);
                break;
            case RowStyle::total:
                CHECK(micros_of(row.cells.back()) == all);
                break;
        }
    }
    REQUIRE(groups.size() == 2);
    CHECK(groups[0].find("春熙路店") != std::string::npos);
    CHECK(all == 3'300'001);
}

TEST_CASE("opening and all kinds lead to closing as printed, with what is pending of it") {
    const auto paper = statement_paper(owners(), {"abc", true}, Language::english);
    const auto* const table = table_headed(paper, "Balance");
    REQUIRE(table != nullptr);
    std::int64_t sum = 0;
    for (const auto& row : table->rows) {
        if (row.style == RowStyle::total) {
            CHECK(micros_of(row.cells.back()) == sum);
            break;
        }
        sum += micros_of(row.cells.back());
    }
    const auto& last = table->rows.back();
    CHECK(last.cells.front() == "of it confirmed");
    CHECK(micros_of(last.cells.back()) == 1'000'000);
    const bool words = std::ranges::any_of(
        table->rows, [](const Row& row) { return row.cells.front() == "Paid out, or on its way"; });
    CHECK(words);
}

TEST_CASE("a paper says whose and when it is, how to check it, and whether it may change") {
    const auto paper = statement_paper(owners(), {"abc", false}, Language::english);
    CHECK(paper.title == "Statement of earnings");
    CHECK(paper.subject == "阳光网咖 · 2026-11-01 to 2026-11-30");
    CHECK(paper.reference == "Reference (SHA-256): abc");
    CHECK(paper.notes.back().find("gleanerctl statement --owner own_1 --from 2026-11-01 --to "
                                  "2026-12-01 --format json | sha256sum") != std::string::npos);
    const auto changes = [](const Paper& of) {
        return std::ranges::any_of(of.boxes.front().facts, [](const Fact& fact) {
            return fact.value == "The period is not over: amounts will change.";
        });
    };
    CHECK(changes(paper));
    CHECK_FALSE(changes(statement_paper(owners(), {"abc", true}, Language::english)));
}

TEST_CASE("the command names moments, currency and party exactly") {
    ledger::Statement statement;
    statement.to = WallTime{1'790'000'000'000'000};
    statement.currency = Currency::usd;
    CHECK(statement_command(statement) ==
          "gleanerctl statement --platform --to 2026-09-21T14:13:20Z --currency USD");
}

TEST_CASE("hours of reserved machines are called so, models by their names") {
    CHECK(model_words("reserved", Language::english) == "Reserved machines");
    CHECK(model_words("reserved", Language::chinese) == "预留机器");
    CHECK(model_words("qwen3-4b", Language::chinese) == "qwen3-4b");
}

TEST_CASE("every kind of entry has words in both languages") {
    for (const auto kind :
         {ledger::EntryKind::top_up, ledger::EntryKind::refund, ledger::EntryKind::reversal,
          ledger::EntryKind::confirm, ledger::EntryKind::cap, ledger::EntryKind::tier,
          ledger::EntryKind::guarantee, ledger::EntryKind::credit, ledger::EntryKind::storage,
          ledger::EntryKind::deposit, ledger::EntryKind::deposit_return, ledger::EntryKind::fee,
          ledger::EntryKind::payout, ledger::EntryKind::payout_return,
          ledger::EntryKind::payout_sent}) {
        for (const auto language : {Language::english, Language::chinese})
            CHECK(kind_words(to_string(kind), PartyKind::owner, language) != to_string(kind));
    }
}

TEST_CASE("a statement's CSV adds up, quotes what needs it, and starts no formula") {
    auto statement = owners();
    statement.lines[0].name = "=HYPERLINK(\"x\")";
    const auto text = statement_csv(statement, Language::english);
    CHECK(text.find("\"'=HYPERLINK(\"\"x\"\")\"") != std::string::npos);
    CHECK(text.find("opening,Opening balance,,,,,,,,,,,,5.000000,CNY\r\n") != std::string::npos);
    CHECK(text.find("closing,Closing balance,,,,,,,,,,,,4.300001,CNY\r\n") != std::string::npos);
    CHECK(text.find(",1.230000,CNY\r\n") != std::string::npos);
    CHECK(std::ranges::count(text, '\n') == 7);
    CHECK(statement_csv(statement, Language::chinese).starts_with("\xef\xbb\xbf类别,"));
}

TEST_CASE("customers and partners read their own grouping") {
    ledger::Statement customer = owners();
    customer.kind = PartyKind::customer;
    for (auto& line : customer.lines) line.date = "2026-11-25";
    const auto paper = statement_paper(customer, {"abc", true}, Language::english);
    const auto* const table = table_headed(paper, "Answers, by day and model");
    REQUIRE(table != nullptr);
    CHECK(table->rows.front().cells.front() == "2026-11");
    CHECK(table->rows[1].cells.front() == "2026-11-25");

    ledger::Statement partner = owners();
    partner.kind = PartyKind::partner;
    partner.lines[0].subject_kind = "owner";
    partner.lines[1].subject_kind = "customer";
    const auto commissions = statement_paper(partner, {"abc", true}, Language::english);
    const auto* const referred = table_headed(commissions, "Commission on work");
    REQUIRE(referred != nullptr);
    CHECK(referred->rows.front().cells.front() == "Owners whom you referred");
    CHECK(referred->rows[3].cells.front() == "Customers whom you referred");
}
