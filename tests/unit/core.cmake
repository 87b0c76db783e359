gleaner_unit_test(unit_core
    SOURCES
        coordinator/core/admission/admission_test.cpp
        coordinator/core/scheduler/canaries_test.cpp
        coordinator/core/scheduler/fair_share_test.cpp
        coordinator/core/scheduler/interval_set_test.cpp
        coordinator/core/scheduler/item_outcomes_test.cpp
        coordinator/core/scheduler/job_limits_test.cpp
        coordinator/core/scheduler/jobs_test.cpp
        coordinator/core/scheduler/leases_test.cpp
        coordinator/core/scheduler/loading_test.cpp
        coordinator/core/scheduler/owners_first_test.cpp
        coordinator/core/scheduler/refusals_test.cpp
        coordinator/core/scheduler/reservations_test.cpp
        coordinator/core/scheduler/shards_test.cpp
        coordinator/core/scheduler/store_stall_test.cpp
        coordinator/core/scheduler/streams_test.cpp
        coordinator/core/scheduler/suspension_test.cpp
        coordinator/core/trust/standing_test.cpp
        coordinator/core/verifier/verifier_test.cpp
    DEPS gleaner_core)
gleaner_unit_test(unit_metering
    SOURCES
        coordinator/core/metering/node_use_test.cpp
        coordinator/core/metering/reference_speed_test.cpp
        shared/model/device_use_test.cpp
    DEPS gleaner_core)
