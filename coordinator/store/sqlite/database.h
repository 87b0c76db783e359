#pragma once
/// One SQLite connection: pragmas, transactions that nest, prepared statements, errors as Error.
/// Use it from one thread at a time.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/store/sqlite/statement.h"
#include "shared/util/result.h"

struct sqlite3;

namespace gleaner::store {

class Database {
public:
    enum class Mode : std::uint8_t { read_write, read_only };

    /// Opens the file; read_write creates it with mode 0600 if there is none. ":memory:" works too.
    [[nodiscard]] static Result<std::unique_ptr<Database>> open(const std::string& path, Mode mode);
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    /// Creates or upgrades the schema (read_write), or checks that it is this build's (read_only).
    /// Errors: data_corrupt for another program's file or a newer schema.
    Status migrate();

    /// The outermost begin() takes the write lock; an inner one sets a savepoint.
    Status begin();
    Status commit();
    void rollback();
    /// Open begin()s.
    [[nodiscard]] int depth() const { return depth_; }
    /// What made the open transaction impossible to commit: a full disk, an I/O error.
    [[nodiscard]] const std::optional<Error>& doomed() const { return doomed_; }

    /// Runs a statement to its end.
    template <class... Values>
    Status run(sql::StatementId id, const Values&... values) {
        Query query(*this, id, TextLifetime::outlives_query);
        query.bind_all(values...);
        return finish(query);
    }
    /// The same; returns how many rows it inserted, updated or deleted.
    template <class... Values>
    Result<std::int64_t> change(sql::StatementId id, const Values&... values) {
        GLEANER_TRY(run(id, values...));
        return changed();
    }
    [[nodiscard]] std::int64_t last_row() const;

    /// Refuses to grow the file beyond `bytes`: what needs more fails with disk_full.
    Status limit_size(std::int64_t bytes);

    /// After one of many transactions: waits for so long that another connection, which is waiting
    /// to write, gets its turn.
    void let_others_write();

    /// Runs statements that return nothing, given as text: migrations and pragmas.
    Status execute(const char* script);

    /// An SQLite result code as an Error; `what` names the statement.
    [[nodiscard]] Error failure(int code, std::string_view what);

private:
    friend class Query;
    Database(sqlite3* handle, Mode mode, std::string path);
    Status configure();
    Status migrate_from(std::int64_t version);
    [[nodiscard]] Result<std::int64_t> pragma(const char* text);
    [[nodiscard]] Statement* prepared(sql::StatementId id, int& failure);
    [[nodiscard]] std::unique_ptr<Statement> prepare(sql::StatementId id, int& failure);
    [[nodiscard]] std::int64_t changed() const;
    static Status finish(Query& query);

    sqlite3* handle_;
    Mode mode_;
    std::string path_;
    std::vector<std::unique_ptr<Statement>> statements_;
    int depth_ = 0;
    std::optional<Error> doomed_;
};

}  // namespace gleaner::store
