add_executable(bench_lan_copy lan_copy.cpp)
target_link_libraries(bench_lan_copy PRIVATE gleaner_client_transfer Boost::json)
add_executable(bench_hashing hashing.cpp)
target_link_libraries(bench_hashing PRIVATE gleaner_artefact Boost::json)
