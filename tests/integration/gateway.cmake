gleaner_integration_test(integration_gateway
    SOURCES gateway_test.cpp gateway_session_test.cpp
    DEPS gleaner_coordinator_gateway)
