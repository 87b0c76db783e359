add_executable(bench_store_accept store_accept.cpp)
target_link_libraries(bench_store_accept PRIVATE gleaner_store Boost::json)
add_executable(bench_statement statement.cpp)
target_link_libraries(bench_statement PRIVATE gleaner_store Boost::json SQLite::SQLite3)
