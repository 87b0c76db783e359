# Turns sql/*.sql and migrations/*.sql into C++: cmake -DOUT=… -DSOURCE=… -P embed_sql.cmake.
# A statement starts at its "-- name: x" line and becomes the constant gleaner::store::sql::x.
file(GLOB statement_files ${SOURCE}/sql/*.sql)
file(GLOB migration_files ${SOURCE}/migrations/*.sql)
set(ids "")
set(texts "")
set(count 0)
foreach(path ${statement_files})
    file(READ ${path} rest)
    string(FIND "${rest}" "-- name: " at)
    while(NOT at EQUAL -1)
        math(EXPR at "${at} + 9")
        string(SUBSTRING "${rest}" ${at} -1 rest)
        string(FIND "${rest}" "\n" line_end)
        string(SUBSTRING "${rest}" 0 ${line_end} name)
        string(SUBSTRING "${rest}" ${line_end} -1 rest)
        string(FIND "${rest}" "-- name: " at)
        string(SUBSTRING "${rest}" 0 ${at} body)
        string(STRIP "${body}" body)
        string(APPEND ids "inline constexpr StatementId ${name}{${count}};\n")
        string(APPEND texts "    {\"${name}\", R\"sql(${body})sql\"},\n")
        math(EXPR count "${count} + 1")
    endwhile()
endforeach()
set(migrations "")
set(migration_count 0)
foreach(path ${migration_files})
    file(READ ${path} body)
    get_filename_component(name ${path} NAME_WE)
    string(APPEND migrations "    {\"${name}\", R\"sql(${body})sql\"},\n")
    math(EXPR migration_count "${migration_count} + 1")
endforeach()

file(CONFIGURE OUTPUT ${OUT}/coordinator/store/sql/statements.h @ONLY CONTENT [[#pragma once
// Made by embed_sql.cmake.
#include <array>
#include <cstddef>

namespace gleaner::store::sql {

struct StatementId {
    std::size_t index;
};
struct Text {
    const char* name;
    const char* sql;
};

@ids@
extern const std::array<Text, @count@> statements;
extern const std::array<Text, @migration_count@> migrations;

}  // namespace gleaner::store::sql
]])
file(CONFIGURE OUTPUT ${OUT}/embedded_sql.cpp @ONLY CONTENT [[// Made by embed_sql.cmake.
#include "coordinator/store/sql/statements.h"

namespace gleaner::store::sql {

const std::array<Text, @count@> statements{{
@texts@}};

const std::array<Text, @migration_count@> migrations{{
@migrations@}};

}  // namespace gleaner::store::sql
]])
