add_executable(bench_gpu_card gpu_card.cpp)
target_link_libraries(bench_gpu_card PRIVATE gleaner_model Boost::json)
