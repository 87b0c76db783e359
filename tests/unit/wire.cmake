gleaner_unit_test(unit_wire
    SOURCES shared/proto/wire_check_test.cpp
    DEPS gleaner_proto)
