# client-core/platform, engine and bench: the parts that need neither a sandbox nor an engine.
add_library(fake_nvml SHARED ${CMAKE_CURRENT_LIST_DIR}/../support/fake_nvml.cpp)
gleaner_unit_test(unit_platform
    SOURCES client-core/platform/bwrap_arguments_test.cpp client-core/platform/cgroup_test.cpp
            client-core/platform/devices_test.cpp client-core/platform/escape_probe_test.cpp
            client-core/platform/hardware_facts_test.cpp
            client-core/platform/sandboxed_process_test.cpp
            client-core/platform/seccomp_policy_test.cpp
            client-core/platform/trim_memory_test.cpp
            client-core/bench/cpu_bench_test.cpp client-core/bench/llama_bench_test.cpp
    DEPS gleaner_client_platform gleaner_client_bench)
target_compile_definitions(unit_platform PRIVATE FAKE_NVML="$<TARGET_FILE:fake_nvml>")
add_dependencies(unit_platform fake_nvml)

gleaner_unit_test(unit_engine
    SOURCES client-core/engine/device_list_test.cpp client-core/engine/engine_client_test.cpp
            client-core/engine/engine_options_test.cpp client-core/engine/engine_process_test.cpp
            client-core/engine/sse_splitter_test.cpp
    DEPS gleaner_client_engine)
