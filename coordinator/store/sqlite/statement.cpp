#include "coordinator/store/sqlite/statement.h"

#include <sqlite3.h>

#include "coordinator/store/sqlite/database.h"
#include "shared/util/check.h"

namespace gleaner::store {

Statement::Statement(sqlite3_stmt* handle) : handle_(handle) {
    for (int i = 0; i < sqlite3_column_count(handle_); ++i) {
        columns_.emplace_back(sqlite3_column_name(handle_, i));
    }
}

Statement::~Statement() {
    sqlite3_finalize(handle_);
}

int Statement::column(std::string_view name) const {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        if (columns_[i] == name) return static_cast<int>(i);
    }
    GLEANER_CHECK(false, std::string("no such column: ").append(name));
    return -1;
}

Query::Query(Database& database, sql::StatementId id, TextLifetime lifetime)
    : database_(database), id_(id), lifetime_(lifetime) {
    statement_ = database_.prepared(id, failure_);
    if (statement_ != nullptr && statement_->busy_) {
        // A callback runs the statement that is feeding it rows.
        own_ = database_.prepare(id, failure_);
        statement_ = own_.get();
    }
    if (statement_ != nullptr) statement_->busy_ = true;
}

Query::~Query() {
    if (statement_ == nullptr) return;
    sqlite3_reset(statement_->handle());
    // Text that was not copied must not be referred to after this.
    if (lifetime_ == TextLifetime::outlives_query) sqlite3_clear_bindings(statement_->handle());
    statement_->busy_ = false;
}

Result<bool> Query::next() {
    if (statement_ == nullptr) return database_.failure(failure_, sql::statements[id_.index].name);
    const int code = sqlite3_step(statement_->handle());
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    return database_.failure(code, sql::statements[id_.index].name);
}

void Query::bind_integer(int position, std::int64_t value) {
    if (statement_ == nullptr) return;
    const int code = sqlite3_bind_int64(statement_->handle(), position, value);
    GLEANER_CHECK(code == SQLITE_OK, "a parameter exists");
}

void Query::bind_text(int position, std::string_view value) {
    if (statement_ == nullptr) return;
    // A null pointer would bind NULL instead of the empty text.
    const char* text = value.data() == nullptr ? "" : value.data();
    const auto destructor = lifetime_ == TextLifetime::copied ? SQLITE_TRANSIENT : SQLITE_STATIC;
    const int code = sqlite3_bind_text64(statement_->handle(), position, text, value.size(),
                                         destructor, SQLITE_UTF8);
    GLEANER_CHECK(code == SQLITE_OK || code == SQLITE_TOOBIG || code == SQLITE_NOMEM,
                  "a parameter exists");
    if (code == SQLITE_OK) return;
    failure_ = code;
    sqlite3_reset(statement_->handle());
    statement_->busy_ = false;
    statement_ = nullptr;
}

void Query::bind_null(int position) {
    if (statement_ == nullptr) return;
    const int code = sqlite3_bind_null(statement_->handle(), position);
    GLEANER_CHECK(code == SQLITE_OK, "a parameter exists");
}

std::int64_t Query::integer(std::string_view column) const {
    return sqlite3_column_int64(statement_->handle(), statement_->column(column));
}

std::string Query::text(std::string_view column) const {
    const int position = statement_->column(column);
    const auto* text = sqlite3_column_text(statement_->handle(), position);
    if (text == nullptr) return {};
    const auto size =
        static_cast<std::size_t>(sqlite3_column_bytes(statement_->handle(), position));
    return {reinterpret_cast<const char*>(text), size};
}

bool Query::null(std::string_view column) const {
    return sqlite3_column_type(statement_->handle(), statement_->column(column)) == SQLITE_NULL;
}

std::optional<WallTime> Query::optional_time(std::string_view column) const {
    if (null(column)) return std::nullopt;
    return time(column);
}

}  // namespace gleaner::store
