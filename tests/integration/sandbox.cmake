gleaner_integration_test(integration_sandbox
    SOURCES engine_test.cpp sandbox_test.cpp
    DEPS gleaner_client_engine gleaner_client_bench gleaner_client_platform)
target_compile_definitions(integration_sandbox PRIVATE GLEANER_PROBE="$<TARGET_FILE:gleaner-probe>")
add_dependencies(integration_sandbox gleaner-probe)
