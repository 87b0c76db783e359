gleaner_unit_test(unit_bench_report
    SOURCES shared/model/bench_report_test.cpp shared/model/civil_day_test.cpp shared/model/civil_time_test.cpp shared/model/gpu_catalogue_test.cpp
            shared/tls/signed_report_test.cpp
    DEPS gleaner_tls)

gleaner_unit_test(unit_bench
    SOURCES client-core/bench/cpu_kernels_test.cpp client-core/bench/cpu_report_test.cpp
            client-core/bench/cuda/values_test.cpp client-core/bench/device_benchmark_test.cpp
            client-core/bench/earnings_test.cpp
            client-core/bench/gpu_bench_test.cpp
    DEPS gleaner_client_bench)

# Only where there is nvcc.
if(TARGET gleaner-gpu-bench)
    gleaner_unit_test(unit_gpu_bench_program
        SOURCES client-core/bench/cuda/gpu_bench_program_test.cpp
        DEPS gleaner_client_bench)
    target_compile_definitions(unit_gpu_bench_program PRIVATE
        GPU_BENCH_PROGRAM="$<TARGET_FILE:gleaner-gpu-bench>")
    add_dependencies(unit_gpu_bench_program gleaner-gpu-bench)
endif()
