pkg_check_modules(XTEST REQUIRED IMPORTED_TARGET xcb xcb-xtest)
add_executable(bench_input input_to_stop.cpp)
target_link_libraries(bench_input PRIVATE PkgConfig::XTEST)
