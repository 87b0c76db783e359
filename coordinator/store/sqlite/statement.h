#pragma once
/// A prepared statement and its use. Parameters are bound by their number (?1, ?2, …), columns are
/// read by their name. Not thread-safe: one connection, one thread.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "coordinator/store/sql/statements.h"
#include "shared/model/money.h"
#include "shared/util/clock.h"
#include "shared/util/result.h"

struct sqlite3_stmt;

namespace gleaner::store {

class Database;

/// Owns one sqlite3_stmt.
class Statement {
public:
    explicit Statement(sqlite3_stmt* handle);
    ~Statement();
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;

    [[nodiscard]] sqlite3_stmt* handle() const { return handle_; }
    /// The position of the column; a name that the statement does not return is a bug (checked).
    [[nodiscard]] int column(std::string_view name) const;

private:
    friend class Query;
    sqlite3_stmt* handle_;
    std::vector<std::string> columns_;
    bool busy_ = false;
};

/// Whether bound text is copied (it may change before the last step) or only referred to.
enum class TextLifetime : std::uint8_t { copied, outlives_query };

/// One use of a prepared statement: bind, step, read; resets the statement at its end.
class Query {
public:
    /// Binds `values` to ?1, ?2, …; text is copied. A failed preparation shows at next().
    template <class... Values>
    Query(Database& database, sql::StatementId id, const Values&... values)
        : Query(database, id, TextLifetime::copied) {
        bind_all(values...);
    }
    Query(Database& database, sql::StatementId id, TextLifetime lifetime);
    ~Query();
    Query(const Query&) = delete;
    Query& operator=(const Query&) = delete;

    template <class... Values>
    void bind_all(const Values&... values) {
        int position = 0;
        (bind(++position, values), ...);
    }

    /// Moves to the next row; false after the last.
    Result<bool> next();

    // The current row, by column name.
    [[nodiscard]] std::int64_t integer(std::string_view column) const;
    [[nodiscard]] bool boolean(std::string_view column) const { return integer(column) != 0; }
    /// Empty for NULL.
    [[nodiscard]] std::string text(std::string_view column) const;
    [[nodiscard]] bool null(std::string_view column) const;
    [[nodiscard]] Money money(std::string_view column) const { return {integer(column)}; }
    [[nodiscard]] WallTime time(std::string_view column) const { return {integer(column)}; }
    [[nodiscard]] std::optional<WallTime> optional_time(std::string_view column) const;
    template <class Id>
    [[nodiscard]] Id id(std::string_view column) const {
        return Id{text(column)};
    }

private:
    template <class Value>
    void bind(int position, const Value& value) {
        if constexpr (std::is_same_v<Value, std::nullopt_t> ||
                      std::is_same_v<Value, std::nullptr_t>) {
            bind_null(position);
        } else if constexpr (std::is_integral_v<Value>) {
            bind_integer(position, static_cast<std::int64_t>(value));
        } else if constexpr (std::is_same_v<Value, Money> || std::is_same_v<Value, WallTime>) {
            bind_integer(position, value.micros);
        } else if constexpr (std::is_convertible_v<const Value&, std::string_view>) {
            bind_text(position, value);
        } else if constexpr (requires { value.has_value(); }) {
            value.has_value() ? bind(position, *value) : bind_null(position);
        } else {
            bind_text(position, value.get());
        }
    }
    void bind_integer(int position, std::int64_t value);
    void bind_text(int position, std::string_view value);
    void bind_null(int position);

    Database& database_;
    sql::StatementId id_;
    TextLifetime lifetime_;
    std::unique_ptr<Statement> own_;
    Statement* statement_ = nullptr;
    int failure_ = 0;
};

/// NULL for an empty identity: "nobody".
template <class Id>
[[nodiscard]] std::optional<std::string_view> unless_empty(const Id& id) {
    if (id.empty()) return std::nullopt;
    return std::string_view{id.get()};
}

}  // namespace gleaner::store
