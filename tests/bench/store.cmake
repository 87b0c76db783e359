add_executable(bench_store_accept store_accept.cpp)
target_link_libraries(bench_store_accept PRIVATE gleaner_store Boost::json)
add_executable(bench_postings postings.cpp)
target_link_libraries(bench_postings PRIVATE gleaner_store SQLite::SQLite3 Boost::json)
