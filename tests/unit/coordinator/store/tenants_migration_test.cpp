/// Aim: work that was metered before keys were noted is counted by hour, project and customer after
/// the upgrade. Method: a ledger as the release before left it, then the upgrade, then the check.

#include <cstring>

#include <doctest/doctest.h>
#include <sqlite3.h>

#include "coordinator/store/sql/statements.h"
#include "coordinator/store/store.h"
#include "shared/model/civil_day.h"
#include "tests/support/temporary_folder.h"

using namespace gleaner;
using namespace gleaner::store;

namespace {

class OldDatabase {
public:
    explicit OldDatabase(const std::string& path) {
        REQUIRE(sqlite3_open(path.c_str(), &handle_) == SQLITE_OK);
    }
    ~OldDatabase() { sqlite3_close(handle_); }
    void run(const std::string& script) {
        char* problem = nullptr;
        const int code = sqlite3_exec(handle_, script.c_str(), nullptr, nullptr, &problem);
        REQUIRE_MESSAGE(code == SQLITE_OK, (problem != nullptr ? problem : ""));
    }
    /// All migrations before the tenants', with the version that they leave.
    void migrate() {
        int version = 0;
        for (const auto& migration : sql::migrations) {
            if (std::strcmp(migration.name, "0006_tenants") == 0) break;
            run(migration.sql);
            ++version;
        }
        run("PRAGMA application_id = " + std::to_string(0x474C4E52));
        run("PRAGMA user_version = " + std::to_string(version));
    }

private:
    sqlite3* handle_ = nullptr;
};

}  // namespace

TEST_CASE("work from before the upgrade is counted by hour, project and customer") {
    testing::TemporaryFolder folder;
    const auto path = (folder.path() / "old.db").string();
    ManualClock clock;
    {
        // Written row by row, as the release before would have.
        OldDatabase old(path);
        old.migrate();
        const std::string hash(64, 'a');
        old.run(
            "INSERT INTO owners VALUES ('own_1', 'Owner', NULL, 1);"
            "INSERT INTO customers (id, name, created) VALUES ('cus_1', 'Customer', 1);"
            "INSERT INTO projects (id, customer, name, created)"
            " VALUES ('proj_1', 'cus_1', 'default', 1);"
            "INSERT INTO credentials (id, kind, subject, label, secret_sha256, created)"
            " VALUES ('key_1', 'project', 'proj_1', '', '" +
            hash +
            "', 1);"
            "INSERT INTO consent_texts VALUES ('" +
            hash +
            "', 'text');"
            "INSERT INTO sites (id, owner, name, consent_text_date, consent_text_sha256,"
            " consent_accepted_by, consent_accepted, created) VALUES ('site_1', 'own_1', 'S',"
            " '2026-11-01', '" +
            hash +
            "', 'key_1', 1, 1);"
            "INSERT INTO nodes (id, site, hardware_fingerprint, hostname, os, arch,"
            " software_version, enrolled, last_seen)"
            " VALUES ('node_1', 'site_1', 'board', 'pc', '', '', '', 1, 1);"
            "INSERT INTO meter_sources (project, customer, node, site, owner, device_class,"
            " model_sha256, model) VALUES ('proj_1', 'cus_1', 'node_1', 'site_1', 'own_1',"
            " 'cpu', '" +
            hash + "', 'demo');");
        // Two streams' records, one batch's; around the end of September in Shanghai.
        const std::int64_t end = start_of_day(*day_of_date("2026-10-01")).micros;
        int count = 0;
        for (const auto& [attempt, at, price] :
             {std::tuple("s1", end - 1, 100), std::tuple("s2", end, 20),
              std::tuple("7:0", end, 3)}) {
            const auto number = std::to_string(at + count++ * 10);
            old.run("INSERT INTO entries VALUES (" + number +
                    ", 'charge', NULL);"
                    "INSERT OR IGNORE INTO accounts (name) VALUES ('customer:cus_1'), ('platform');"
                    "INSERT INTO postings SELECT number, " +
                    number +
                    ", CASE name WHEN 'platform'"
                    " THEN " +
                    std::to_string(price) + " ELSE -" + std::to_string(price) +
                    " END FROM accounts WHERE name IN ('platform', 'customer:cus_1');"
                    "INSERT INTO meters (number, source, attempt_key, request, prompt_tokens,"
                    " generated_tokens, device_micros, price, owner_share, owner_partner_share,"
                    " customer_partner_share) VALUES (" +
                    number + " * 1024, 1, '" + attempt + "', 'req', 5, 6, 7, " +
                    std::to_string(price) + ", 0, 0, 0);");
        }
        old.run(
            "INSERT INTO balances SELECT account, sum(micros) FROM postings GROUP BY account;"
            "INSERT INTO meter_days SELECT source, (number / 1024 + 28800000000) / 86400000000,"
            " count(*), count(*), sum(prompt_tokens), 0, sum(generated_tokens),"
            " sum(device_micros), 0, sum(price), 0, 0, 0 FROM meters GROUP BY 1, 2;");
    }
    auto opened = Store::open(path, Store::Mode::read_write, clock);
    REQUIRE_MESSAGE(opened.has_value(), opened.error().message());
    const auto store = std::move(opened).value();
    const auto report = store->check_ledger().value();
    for (const auto& violation : report.violations) MESSAGE(violation);
    CHECK(report.violations.empty());
    CHECK(report.meter_records == 3);
    CHECK(store->customer(CustomerId{"cus_1"}).value().weight == 100);
    CHECK(store->authenticate(std::string(64, 'a')).value().scopes == usual_scopes);
}
