gleaner_unit_test(unit_guest
    SOURCES
        client-core/core/guest/free_hours_test.cpp
        client-core/core/guest/idle_history_test.cpp
        client-core/core/guest/policy_property_test.cpp
        client-core/core/guest/policy_test.cpp
        client-core/core/guest/settings_test.cpp
    DEPS gleaner_client_core_guest)
