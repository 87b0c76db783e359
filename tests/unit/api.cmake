gleaner_unit_test(unit_api
    SOURCES
        coordinator/api/batch_check_test.cpp
        coordinator/api/metrics_test.cpp
        coordinator/api/multipart_test.cpp
        coordinator/api/objects_test.cpp
        coordinator/api/online_answer_test.cpp
        coordinator/api/rate_gate_test.cpp
        coordinator/api/router_test.cpp
        coordinator/api/server_test.cpp
        coordinator/runtime/device_share_test.cpp
        coordinator/runtime/engine_choice_test.cpp
        coordinator/runtime/grid_test.cpp
        coordinator/runtime/job_input_test.cpp
        coordinator/runtime/orphans_test.cpp
        coordinator/serve_test.cpp
    DEPS gleaner_coordinator gleaner_api Boost::json)
