gleaner_unit_test(unit_cli
    SOURCES client-core/cli/output_test.cpp client-core/cli/profile_test.cpp
            client-core/cli/program_test.cpp client-core/cli/progress_test.cpp
    DEPS gleaner_cli CLI11::CLI11)
