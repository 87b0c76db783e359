add_executable(bench_store_accept store_accept.cpp)
target_link_libraries(bench_store_accept PRIVATE gleaner_store Boost::json)
