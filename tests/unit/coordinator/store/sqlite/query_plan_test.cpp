/// Aim: no statement that runs often reads a whole table. Method: EXPLAIN QUERY PLAN of every
/// statement; those that may scan are named here.

#include <set>
#include <sstream>
#include <string>

#include <doctest/doctest.h>
#include <sqlite3.h>

#include "coordinator/store/sql/statements.h"

using namespace gleaner::store;

namespace {

/// Whole lists that an operator or a restart asks for, constants, the ledger's check, and what is
/// done once a day with the few nodes that are withheld and the contracts that there are, or by a
/// month's close and its archive.
const std::set<std::string> may_scan{"list_owners",
                                     "list_partners",
                                     "list_customers",
                                     "list_sites",
                                     "list_nodes",
                                     "list_models",
                                     "list_engines",
                                     "list_operators",
                                     "list_payable_parties",
                                     "list_sealed_accounts",
                                     "list_standings",
                                     "list_file_ids",
                                     "list_price_books",
                                     "list_budgets",
                                     "count_ledger",
                                     "sum_ledger",
                                     "forget_unfinished_idempotency_keys",
                                     "keep_withheld_days",
                                     "list_months_of_contracts",
                                     "list_all_customer_contracts",
                                     "list_live_customer_contracts",
                                     "list_contracts_of_month",
                                     "keep_month_balances"};

bool may_read_all(const std::string& name) {
    return may_scan.contains(name) || name.starts_with("find_") || name.starts_with("copy_");
}

/// Reading what was collected before is no scan of a table: constants, and subqueries that have
/// no name or the name `w`.
bool scans_table(const std::string& plan) {
    std::istringstream lines(plan);
    for (std::string line; std::getline(lines, line);) {
        const bool collected =
            line == "SCAN CONSTANT ROW" || line == "SCAN w" || line.starts_with("SCAN (subquery");
        if (line.starts_with("SCAN") && !collected) return true;
    }
    return false;
}

class Plans {
public:
    Plans() {
        REQUIRE(sqlite3_open(":memory:", &handle_) == SQLITE_OK);
        for (const auto& migration : sql::migrations) {
            REQUIRE(sqlite3_exec(handle_, migration.sql, nullptr, nullptr, nullptr) == SQLITE_OK);
        }
        // Some statements move rows to an attached file.
        execute("ATTACH ':memory:' AS archive");
        for (const auto& text : sql::statements) {
            if (std::string_view(text.name).starts_with("create_archive_")) execute(text.sql);
        }
    }
    ~Plans() { sqlite3_close(handle_); }

    /// Empty for a statement that makes what exists already.
    std::string of(const sql::Text& text) {
        if (std::string_view(text.name).starts_with("create_archive_")) return {};
        const std::string explain = std::string("EXPLAIN QUERY PLAN ") + text.sql;
        sqlite3_stmt* statement = nullptr;
        const int code = sqlite3_prepare_v2(handle_, explain.c_str(), -1, &statement, nullptr);
        REQUIRE_MESSAGE(code == SQLITE_OK, text.name << ": " << sqlite3_errmsg(handle_));
        std::string plan;
        while (sqlite3_step(statement) == SQLITE_ROW) {
            plan += reinterpret_cast<const char*>(sqlite3_column_text(statement, 3));
            plan += '\n';
        }
        sqlite3_finalize(statement);
        return plan;
    }

private:
    void execute(const char* text) {
        REQUIRE_MESSAGE(sqlite3_exec(handle_, text, nullptr, nullptr, nullptr) == SQLITE_OK, text);
    }

    sqlite3* handle_ = nullptr;
};

}  // namespace

TEST_CASE("every statement but the named ones finds its rows by an index") {
    Plans plans;
    for (const auto& text : sql::statements) {
        const auto plan = plans.of(text);
        CHECK_MESSAGE((!scans_table(plan) || may_read_all(text.name)), std::string(text.name)
                                                                           << ":\n"
                                                                           << plan);
    }
}

TEST_CASE("every statement that may scan exists and does") {
    Plans plans;
    std::set<std::string> scanning;
    for (const auto& text : sql::statements) {
        if (scans_table(plans.of(text))) scanning.insert(text.name);
    }
    for (const auto& name : may_scan) CHECK_MESSAGE(scanning.contains(name), name);
}

TEST_CASE("the statements of the hot path sort nothing and build no temporary tree") {
    Plans plans;
    const std::set<std::string> hot{
        "select_job_for_accept", "insert_outcome", "insert_meter",      "insert_entry",
        "insert_posting",        "add_balance",    "add_job_progress",  "insert_receipt",
        "select_outcome",        "list_outcomes",  "list_outcome_keys", "authenticate",
        "select_receipt",        "add_usage_hour", "add_spend_month"};
    std::size_t seen = 0;
    for (const auto& text : sql::statements) {
        if (!hot.contains(text.name)) continue;
        ++seen;
        CHECK_MESSAGE(plans.of(text).find("TEMP") == std::string::npos, text.name);
    }
    CHECK(seen == hot.size());
}
