/// gleanerctl audit, close and ledger archive against a real coordinator: see cli_world.h.

#include "shared/model/civil_day.h"
#include "tests/integration/cli_world.h"

using namespace gleaner;
using namespace gleaner::test;

TEST_CASE("cli_admin: what an operator does is listed, and its log verified against a kept head") {
    Coordinator coordinator;
    const Person platform = with_key(coordinator, coordinator.operator_key);
    REQUIRE(platform.run({"owner", "add", "Café Blau"}).status);
    const auto listed = platform.run({"audit", "list", "--operator", "root", "--limit", "10"});
    CHECK(listed.out.find("POST /api/v1/owners") != std::string::npos);
    CHECK(platform.run({"audit", "list", "--from", "2040-01-01"}).out.find("no operator") !=
          std::string::npos);
    const auto verified = platform.run({"audit", "verify"});
    CHECK(verified.status);
    CHECK(verified.out.find("the audit log is what was written") != std::string::npos);
    const auto head = platform.run({"audit", "verify", "--json"}).text("head");
    CHECK(platform.run({"audit", "verify", "--expect", head}).status);
    const auto cut = platform.run({"audit", "verify", "--expect", "7" + head});
    REQUIRE(!cut.status);
    CHECK(cut.status.error().code() == ErrorCode::data_corrupt);
    CHECK(cut.out.find("rows were cut off") != std::string::npos);
    CHECK(platform.run({"audit", "verify", "--expect", "x"}).status.error().code() ==
          ErrorCode::invalid_argument);
}

TEST_CASE("cli_admin: days and months are closed, shown and archived") {
    Coordinator coordinator;
    const Person platform = with_key(coordinator, coordinator.operator_key);
    const auto id = platform.run({"customer", "add", "ACME", "--json"}).text("id");
    REQUIRE(platform.run({"customer", "topup", id, "5"}).status);
    CHECK(platform.run({"close", "list"}).out.find("nothing is closed yet") != std::string::npos);
    CHECK(platform.run({"close", "run", "--day", "2026-01-01"}).status.error().code() ==
          ErrorCode::failed_precondition);
    // The server's thread reads this clock, too; no request is under way.
    const auto day = day_of(coordinator.admin.clock.wall());
    coordinator.admin.clock.advance(48h);
    const auto closed = platform.run({"close", "run", "--day", date_text(day)});
    REQUIRE(closed.status);
    CHECK(closed.out.find("the books match") != std::string::npos);
    CHECK(closed.out.find("top_up") != std::string::npos);
    CHECK(platform.run({"close", "list"}).out.find(date_text(day)) != std::string::npos);
    CHECK(platform.run({"close", "show", date_text(day)}).out.find("5.000000") !=
          std::string::npos);
    CHECK(platform.run({"close", "show", date_text(day), "--json"}).text("by") == "root");
    const auto early =
        platform.run({"close", "run", "--month", month_text(month_of(day)), "--despite", "why"});
    CHECK(early.status.error().message().find("close " + date_text(day + 1) + " first") !=
          std::string::npos);
    CHECK(platform.run({"close", "list", "--months"}).out.find("nothing") != std::string::npos);
    CHECK(platform.run({"ledger", "archive", "--before", "2020-01"})
              .out.find("nothing was left to archive") != std::string::npos);
    CHECK(platform.run({"ledger", "archive", "--before", "2040-01"}).status.error().code() ==
          ErrorCode::failed_precondition);
}
