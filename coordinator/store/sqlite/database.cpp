#include "coordinator/store/sqlite/database.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <limits>
#include <unistd.h>

#include <sqlite3.h>

#include "shared/util/check.h"

namespace gleaner::store {

namespace {

constexpr std::int64_t application_id = 0x474C4E52;  // "GLNR"
constexpr int busy_timeout_ms = 5'000;

/// SQLite would create the file readable for all; it holds customers' answers.
Status create_private_file(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0) return error_from_errno("opening the database " + path, errno);
    ::close(descriptor);
    return ok();
}

/// Counting allocations takes a lock at each of them; nothing here reads the count.
void configure_library() {
    static const int once = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    (void)once;
}

ErrorCode code_of(int code, int system_errno) {
    if (system_errno == ENOSPC || system_errno == EDQUOT) return ErrorCode::disk_full;
    switch (code) {
        case SQLITE_CONSTRAINT_FOREIGNKEY:
        case SQLITE_CONSTRAINT_TRIGGER:
            return ErrorCode::failed_precondition;
        case SQLITE_CONSTRAINT_UNIQUE:
        case SQLITE_CONSTRAINT_PRIMARYKEY:
            return ErrorCode::already_exists;
        default:
            break;
    }
    switch (code & 0xff) {
        case SQLITE_FULL:
            return ErrorCode::disk_full;
        case SQLITE_IOERR:
        case SQLITE_CANTOPEN:
        case SQLITE_PERM:
            return ErrorCode::io_failed;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return ErrorCode::data_corrupt;
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return ErrorCode::unavailable;
        case SQLITE_CONSTRAINT:
            return ErrorCode::invalid_argument;
        case SQLITE_READONLY:
            return ErrorCode::failed_precondition;
        case SQLITE_TOOBIG:
            return ErrorCode::too_large;
        default:
            return ErrorCode::internal;
    }
}

std::string_view advice_for(ErrorCode code) {
    switch (code) {
        case ErrorCode::disk_full:
            return ": free space on the disk of the database, or raise its size limit";
        case ErrorCode::data_corrupt:
            return ": restore the database from a backup";
        case ErrorCode::unavailable:
            return ": another program holds the database; try again";
        default:
            return "";
    }
}

}  // namespace

Result<std::unique_ptr<Database>> Database::open(const std::string& path, Mode mode) {
    const bool in_memory = path == ":memory:";
    if (mode == Mode::read_write && !in_memory) {
        GLEANER_TRY(create_private_file(path));
    }
    configure_library();
    sqlite3* handle = nullptr;
    const int flags = (mode == Mode::read_write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
                                                : SQLITE_OPEN_READONLY) |
                      SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
    std::unique_ptr<Database> database(new Database(handle, mode, path));
    if (code != SQLITE_OK) return database->failure(code, "opening the database " + path);
    GLEANER_TRY(database->configure());
    return database;
}

Database::Database(sqlite3* handle, Mode mode, std::string path)
    : handle_(handle), mode_(mode), path_(std::move(path)), statements_(sql::statements.size()) {}

Database::~Database() {
    statements_.clear();
    sqlite3_close(handle_);
}

Status Database::configure() {
    sqlite3_busy_timeout(handle_, busy_timeout_ms);
    if (mode_ == Mode::read_only)
        return execute("PRAGMA query_only = ON; PRAGMA cache_size = -8192;");
    // Before the first write: a file that another program made must stay as it is.
    GLEANER_TRY(auto id, pragma("PRAGMA application_id"));
    GLEANER_TRY(auto schema, pragma("PRAGMA schema_version"));
    if (id != application_id && schema != 0) {
        return Error(ErrorCode::data_corrupt,
                     path_ + " is a database of another program: name another file");
    }
    // Savepoints journal the pages they touch: in memory, not in a temporary file. Checkpoints are
    // larger than the default, so that a page that changes with every group is copied less often.
    return execute(
        "PRAGMA journal_mode = WAL;"
        "PRAGMA synchronous = FULL;"
        "PRAGMA foreign_keys = ON;"
        "PRAGMA recursive_triggers = ON;"
        "PRAGMA temp_store = MEMORY;"
        "PRAGMA cache_size = -65536;"
        "PRAGMA wal_autocheckpoint = 4000;"
        "PRAGMA journal_size_limit = 67108864;");
}

Status Database::migrate() {
    GLEANER_TRY(auto id, pragma("PRAGMA application_id"));
    GLEANER_TRY(auto version, pragma("PRAGMA user_version"));
    const auto newest = static_cast<std::int64_t>(sql::migrations.size());
    if (version > newest) {
        return Error(ErrorCode::data_corrupt, path_ + " was written by a newer release (schema " +
                                                  std::to_string(version) + ", this one knows " +
                                                  std::to_string(newest) +
                                                  "): run that release, or restore a backup");
    }
    if (mode_ == Mode::read_only) {
        if (id == application_id && version == newest) return ok();
        return Error(ErrorCode::data_corrupt,
                     path_ + " is not a database of this release: start the coordinator once");
    }
    if (version == newest) return ok();
    GLEANER_TRY(begin());
    auto status = migrate_from(version);
    if (status.has_value()) status = commit();
    if (status.has_error()) rollback();
    return status;
}

Status Database::migrate_from(std::int64_t version) {
    for (auto i = static_cast<std::size_t>(version); i < sql::migrations.size(); ++i) {
        auto status = execute(sql::migrations[i].sql);
        if (status.has_error()) {
            return status.error().within(std::string("migration ") + sql::migrations[i].name);
        }
    }
    GLEANER_TRY(execute(("PRAGMA application_id = " + std::to_string(application_id)).c_str()));
    return execute(("PRAGMA user_version = " + std::to_string(sql::migrations.size())).c_str());
}

Status Database::begin() {
    if (depth_ == 0) {
        doomed_.reset();
        GLEANER_TRY(run(mode_ == Mode::read_write ? sql::begin_write : sql::begin_read));
    } else {
        if (doomed_) return *doomed_;
        GLEANER_TRY(run(sql::savepoint));
    }
    ++depth_;
    return ok();
}

Status Database::commit() {
    GLEANER_CHECK(depth_ > 0, "commit() follows a begin()");
    if (doomed_) return *doomed_;
    GLEANER_TRY(run(depth_ == 1 ? sql::commit : sql::release_savepoint));
    --depth_;
    return ok();
}

void Database::rollback() {
    GLEANER_CHECK(depth_ > 0, "rollback() follows a begin()");
    // SQLite may have undone everything by itself: then there is nothing left to roll back.
    const bool open = sqlite3_get_autocommit(handle_) == 0;
    if (open && depth_ == 1) (void)run(sql::rollback);
    if (open && depth_ > 1) {
        (void)run(sql::rollback_to_savepoint);
        (void)run(sql::release_savepoint);
    }
    --depth_;
    if (depth_ == 0) doomed_.reset();
}

std::int64_t Database::last_row() const {
    return sqlite3_last_insert_rowid(handle_);
}

std::int64_t Database::changed() const {
    return sqlite3_changes64(handle_);
}

Status Database::limit_size(std::int64_t bytes) {
    GLEANER_TRY(auto page_size, pragma("PRAGMA page_size"));
    const auto pages = std::clamp<std::int64_t>(bytes / page_size, 1, 0xfffffffe);
    return execute(("PRAGMA max_page_count = " + std::to_string(pages)).c_str());
}

void Database::let_others_write() {
    // SQLite's waiters look again at least every 25 ms for the first 128 ms of their wait.
    constexpr int turn_ms = 25;
    if (path_ != ":memory:") sqlite3_sleep(turn_ms);
}

Status Database::execute(const char* script) {
    const int code = sqlite3_exec(handle_, script, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return failure(code, "a script");
    return ok();
}

Result<std::int64_t> Database::pragma(const char* text) {
    sqlite3_stmt* handle = nullptr;
    int code = sqlite3_prepare_v2(handle_, text, -1, &handle, nullptr);
    if (code != SQLITE_OK) return failure(code, text);
    const Statement statement(handle);
    code = sqlite3_step(handle);
    if (code != SQLITE_ROW) return failure(code, text);
    return sqlite3_column_int64(handle, 0);
}

Statement* Database::prepared(sql::StatementId id, int& failure) {
    auto& statement = statements_[id.index];
    if (!statement) statement = prepare(id, failure);
    return statement.get();
}

std::unique_ptr<Statement> Database::prepare(sql::StatementId id, int& failure) {
    sqlite3_stmt* handle = nullptr;
    failure = sqlite3_prepare_v3(handle_, sql::statements[id.index].sql, -1,
                                 SQLITE_PREPARE_PERSISTENT, &handle, nullptr);
    if (failure != SQLITE_OK) return nullptr;
    return std::make_unique<Statement>(handle);
}

Status Database::finish(Query& query) {
    for (;;) {
        GLEANER_TRY(auto more, query.next());
        if (!more) return ok();
    }
}

Error Database::failure(int code, std::string_view what) {
    const int system_errno = (code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN
                                 ? sqlite3_system_errno(handle_)
                                 : 0;
    const ErrorCode meaning = code_of(code, system_errno);
    const char* text = handle_ == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(handle_);
    const auto blame = meaning == ErrorCode::disk_full || meaning == ErrorCode::io_failed ||
                               meaning == ErrorCode::data_corrupt
                           ? Blame::platform
                           : Blame::nobody;
    Error error(meaning,
                std::string("the database: ")
                    .append(what)
                    .append(": ")
                    .append(text)
                    .append(advice_for(meaning)),
                blame);
    // After these, or when SQLite has undone the transaction by itself, a commit would lie.
    const bool undone = depth_ > 0 && sqlite3_get_autocommit(handle_) != 0;
    if (depth_ > 0 && !doomed_ && (undone || blame == Blame::platform)) doomed_ = error;
    return error;
}

}  // namespace gleaner::store
