gleaner_unit_test(unit_util
    SOURCES shared/util/csv_test.cpp
    DEPS gleaner_util)
