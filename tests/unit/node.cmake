gleaner_unit_test(unit_node
    SOURCES
        client-core/cache/artefact_cache_test.cpp
        client-core/core/cache_policy_test.cpp
        client-core/core/work_loop_random_test.cpp
        client-core/core/work_loop_session_test.cpp
        client-core/core/work_loop_test.cpp
    DEPS gleaner_client_cache gleaner_client_core_work_loop gleaner_client_core_cache_policy)

gleaner_unit_test(unit_node_runtime
    SOURCES
        client-core/runtime/activity_log_test.cpp
        client-core/runtime/benchmark_desk_test.cpp
        client-core/runtime/credentials_test.cpp
        client-core/runtime/daemon_words_test.cpp
        client-core/runtime/data_folder_test.cpp
        client-core/runtime/earnings_desk_test.cpp
        client-core/runtime/engine_devices_test.cpp
        client-core/runtime/engine_reply_test.cpp
        client-core/runtime/enrol_test.cpp
        client-core/runtime/enrolment_token_test.cpp
        client-core/runtime/gateway_refusal_test.cpp
        client-core/runtime/node_options_test.cpp
        client-core/runtime/power_keeper_test.cpp
        client-core/runtime/run_set_test.cpp
        client-core/runtime/sent_book_test.cpp
        client-core/runtime/today_count_test.cpp
        client-core/runtime/token_rate_test.cpp
        client-core/runtime/wire_words_test.cpp
    DEPS gleaner_client_runtime)
target_compile_definitions(unit_node_runtime PRIVATE FAKE_NVML="$<TARGET_FILE:fake_nvml>")
target_link_libraries(unit_node_runtime PRIVATE ${CMAKE_DL_LIBS})
add_dependencies(unit_node_runtime fake_nvml)

gleaner_unit_test(unit_control
    SOURCES client-core/control/control_server_test.cpp client-core/control/guest_settings_test.cpp
    DEPS gleaner_client_control)
