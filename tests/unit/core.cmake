gleaner_unit_test(unit_core
    SOURCES
        coordinator/core/scheduler/interval_set_test.cpp
        coordinator/core/scheduler/leases_test.cpp
        coordinator/core/scheduler/shards_test.cpp
    DEPS gleaner_core)
