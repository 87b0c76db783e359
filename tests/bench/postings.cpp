/// Postings per second that the store makes durable in group commit, beside the very same rows
/// inserted by SQLite alone: answers of streams, each a meter record, an entry of five postings and
/// a receipt. Prints one line of JSON.
/// Usage: bench_postings [ANSWERS] [PER_GROUP]

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <boost/json.hpp>
#include <sqlite3.h>

#include "shared/util/check.h"
#include "shared/util/random.h"
#include "tests/support/store_world.h"
#include "tests/support/temporary_folder.h"

namespace {

using namespace gleaner;

constexpr int rounds = 3;

double seconds(Duration time) {
    return static_cast<double>(time.count()) / 1e6;
}

std::unique_ptr<store::Store> open_store(const std::string& path, const Clock& clock) {
    return store::Store::open(path, store::Store::Mode::read_write, clock).value();
}

store::Acceptance answer_of(const testing::StoreWorld& world, std::int64_t number) {
    store::Acceptance answer;
    auto meter = world.meter(std::to_string((std::int64_t{7} << 40) + number), {57},
                             static_cast<std::size_t>(number) % 64);
    meter.request = RequestId{random_token("req_", 20)};
    answer.outcome.request = meter.request;
    answer.meters.push_back(std::move(meter));
    answer.receipt_json.assign(450, 'r');
    return answer;
}

/// The store's time for `answers` answers in groups.
Duration run_store(const std::string& path, std::int64_t answers, std::int64_t per_group) {
    const SystemClock clock;
    auto store = open_store(path, clock);
    const auto world = testing::StoreWorld::fill(*store, clock, {1'000'000'000'000}, 64);
    Duration spent{};
    for (std::int64_t from = 0; from < answers; from += per_group) {
        std::vector<store::Acceptance> group;
        for (auto i = from; i < std::min(answers, from + per_group); ++i) {
            group.push_back(answer_of(world, i));
        }
        const Time before = clock.now();
        store->begin().value();
        (void)store->accept(group).value();
        store->commit().value();
        spent += clock.now() - before;
    }
    return spent;
}

/// SQLite alone: no verbs, no checks, no sums but those that the rows are.
class Raw {
public:
    explicit Raw(const std::string& path) {
        GLEANER_CHECK(sqlite3_open(path.c_str(), &handle_) == SQLITE_OK, "the copy opens");
        run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
            "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -65536;"
            "PRAGMA wal_autocheckpoint = 4000;");
    }
    ~Raw() {
        for (auto& [text, statement] : statements_) sqlite3_finalize(statement);
        sqlite3_close(handle_);
    }
    Raw(const Raw&) = delete;
    Raw& operator=(const Raw&) = delete;

    void run(const char* script) {
        char* problem = nullptr;
        const int code = sqlite3_exec(handle_, script, nullptr, nullptr, &problem);
        GLEANER_CHECK(code == SQLITE_OK, problem == nullptr ? "a statement failed" : problem);
    }
    sqlite3_stmt* prepared(const std::string& text) {
        auto& statement = statements_[text];
        if (statement == nullptr) {
            GLEANER_CHECK(
                sqlite3_prepare_v2(handle_, text.c_str(), -1, &statement, nullptr) == SQLITE_OK,
                sqlite3_errmsg(handle_));
        }
        return statement;
    }

private:
    sqlite3* handle_ = nullptr;
    std::map<std::string, sqlite3_stmt*> statements_;
};

using Row = std::vector<std::unique_ptr<sqlite3_value, decltype(&sqlite3_value_free)>>;

/// All rows of a query, and a statement that inserts one of them.
struct Rows {
    std::string insert;
    std::vector<Row> rows;
};

Rows read_rows(Raw& source, const std::string& table, const std::string& columns,
               const std::string& order) {
    Rows result;
    auto* select = source.prepared("SELECT " + columns + " FROM " + table + " ORDER BY " + order);
    const int count = sqlite3_column_count(select);
    result.insert = "INSERT INTO " + table + " (" + columns + ") VALUES (?";
    for (int i = 1; i < count; ++i) result.insert += ", ?";
    result.insert += ")";
    while (sqlite3_step(select) == SQLITE_ROW) {
        Row row;
        for (int i = 0; i < count; ++i) {
            row.emplace_back(sqlite3_value_dup(sqlite3_column_value(select, i)),
                             &sqlite3_value_free);
        }
        result.rows.push_back(std::move(row));
    }
    sqlite3_reset(select);
    return result;
}

void insert(sqlite3_stmt* statement, const Row& row) {
    for (std::size_t i = 0; i < row.size(); ++i) {
        sqlite3_bind_value(statement, static_cast<int>(i) + 1, row[i].get());
    }
    GLEANER_CHECK(sqlite3_step(statement) == SQLITE_DONE, "a row is inserted");
    sqlite3_reset(statement);
}

struct Copied {
    Duration spent{};
    std::size_t postings = 0;
};

/// Inserts the rows that the store wrote for its answers into a copy that has all others already.
Copied run_raw(const std::string& written, const std::string& empty, std::int64_t per_group) {
    Raw source(written);
    const auto entries = read_rows(source, "entries", "number, kind, key", "number");
    const auto postings = read_rows(source, "postings", "account, entry, micros", "entry, account");
    const auto receipts = read_rows(source, "receipts", "number, project, request, json", "number");
    const auto meters =
        read_rows(source, "meters",
                  "number, source, attempt_key, request, prompt_tokens, generated_tokens, "
                  "device_micros, price, owner_share, owner_partner_share, "
                  "customer_partner_share, cached_tokens, reference_micros, usage",
                  "number");
    Raw target(empty);
    target.run("PRAGMA foreign_keys = OFF");  // accounts and sources are not copied
    auto* entry = target.prepared(entries.insert);
    auto* posting = target.prepared(postings.insert);
    auto* receipt = target.prepared(receipts.insert);
    auto* meter = target.prepared(meters.insert);
    const auto entry_of = [](const Row& row) { return sqlite3_value_int64(row[1].get()); };

    const SystemClock clock;
    Copied copied;
    std::size_t next_posting = 0;
    std::size_t next_answer = 0;
    for (std::size_t from = 0; from < entries.rows.size();) {
        const auto end = std::min(entries.rows.size(), from + static_cast<std::size_t>(per_group));
        const Time before = clock.now();
        target.run("BEGIN IMMEDIATE");
        for (; from < end; ++from) {
            const auto& row = entries.rows[from];
            const auto number = sqlite3_value_int64(row[0].get());
            insert(entry, row);
            for (; next_posting < postings.rows.size() &&
                   entry_of(postings.rows[next_posting]) == number;
                 ++next_posting) {
                insert(posting, postings.rows[next_posting]);
            }
            if (sqlite3_value_type(row[2].get()) == SQLITE_NULL) {
                insert(meter, meters.rows[next_answer]);
                insert(receipt, receipts.rows[next_answer]);
                ++next_answer;
            }
        }
        target.run("COMMIT");
        copied.spent += clock.now() - before;
    }
    GLEANER_CHECK(next_answer == meters.rows.size(), "all rows were copied");
    copied.postings = next_posting;
    return copied;
}

}  // namespace

int main(int argc, char** argv) {
    const std::int64_t answers = argc > 1 ? std::atoll(argv[1]) : 100'000;
    const std::int64_t per_group = argc > 2 ? std::atoll(argv[2]) : 512;
    const SystemClock clock;
    std::vector<double> ratios;
    double store_seconds = 0;
    double raw_seconds = 0;
    std::size_t postings = 0;
    for (int round = 0; round < rounds; ++round) {
        const testing::TemporaryFolder folder;
        const auto written = (folder.path() / "store.db").string();
        const auto copy = (folder.path() / "copy.db").string();
        const double by_store = seconds(run_store(written, answers, per_group));
        (void)open_store(copy, clock);  // the same tables and indices
        const auto raw = run_raw(written, copy, per_group);
        postings = raw.postings;
        ratios.push_back(seconds(raw.spent) / by_store);
        store_seconds += by_store;
        raw_seconds += seconds(raw.spent);
    }
    std::sort(ratios.begin(), ratios.end());
    const double all = static_cast<double>(postings) * rounds;
    const boost::json::object figures{{"name", "postings"},
                                      {"answers", answers},
                                      {"per_group", per_group},
                                      {"postings", postings},
                                      {"store_postings_per_second", all / store_seconds},
                                      {"sqlite_postings_per_second", all / raw_seconds},
                                      {"of_sqlite", ratios[ratios.size() / 2]},
                                      {"of_sqlite_worst", ratios.front()},
                                      {"goal", 0.7}};
    std::printf("%s\n", boost::json::serialize(figures).c_str());
    return 0;
}
