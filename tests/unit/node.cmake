gleaner_unit_test(unit_node
    SOURCES
        client-core/cache/artefact_cache_test.cpp
        client-core/core/cache_policy_test.cpp
        client-core/core/work_loop_random_test.cpp
        client-core/core/work_loop_test.cpp
    DEPS gleaner_client_cache gleaner_client_core_work_loop gleaner_client_core_cache_policy)
