if(Qt6_FOUND)
    add_executable(bench_gui_start gui_start.cpp)
    target_link_libraries(bench_gui_start PRIVATE gleaner_gui)
endif()
