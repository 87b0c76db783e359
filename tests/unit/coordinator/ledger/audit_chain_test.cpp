#include "coordinator/ledger/audit_chain.h"

#include <set>

#include <doctest/doctest.h>

using namespace gleaner;
using namespace gleaner::ledger;

namespace {

AuditRow some_row() {
    AuditRow row;
    row.number = 12;
    row.at = {1'790'000'000'000'000};
    row.who = "mei";
    row.credential = "key_1";
    row.action = "POST /api/v1/owners";
    row.sent = R"({"name":"x"})";
    row.intent = 11;
    row.outcome = "200";
    return row;
}

}  // namespace

TEST_CASE("each part of a row, and the row before, change the text that is hashed") {
    std::set<std::string> texts{chained_text(some_row(), audit_genesis)};
    texts.insert(chained_text(some_row(), std::string(64, 'a')));
    const auto with = [&](auto change) {
        auto row = some_row();
        change(row);
        texts.insert(chained_text(row, audit_genesis));
    };
    with([](AuditRow& row) { row.number = 13; });
    with([](AuditRow& row) { row.at.micros += 1; });
    with([](AuditRow& row) { row.who = "mei2"; });
    with([](AuditRow& row) { row.credential = "key_2"; });
    with([](AuditRow& row) { row.action = "DELETE /api/v1/owners"; });
    with([](AuditRow& row) { row.sent.clear(); });
    with([](AuditRow& row) { row.intent = 0; });
    with([](AuditRow& row) { row.outcome = "403"; });
    CHECK(texts.size() == 10);
    auto row = some_row();
    row.hash = std::string(64, 'f');
    CHECK(texts.contains(chained_text(row, audit_genesis)));
}

TEST_CASE("text that moves from one part of a row to the next is another row") {
    auto one = some_row();
    auto other = some_row();
    one.who = "ab\n5:key_1";
    one.credential = "c";
    other.who = "ab";
    other.credential = "key_1\n1:c";
    CHECK(chained_text(one, audit_genesis) != chained_text(other, audit_genesis));
}

TEST_CASE("a head is written and read back; what is none is refused") {
    const AuditHead head{42, std::string(64, 'b')};
    CHECK(parse_audit_head(to_text(head)) == head);
    for (const auto* text : {"", "42", "42:", "0:", "x:", "42:zz", "-1:", "42:BB"}) {
        CAPTURE(text);
        CHECK(!parse_audit_head(text));
    }
    CHECK(!parse_audit_head("0:" + head.hash));
    CHECK(!parse_audit_head("42:" + std::string(64, 'B')));
    CHECK(!parse_audit_head("42:" + head.hash + "0"));
    CHECK(!parse_audit_head("42 " + head.hash));
}
