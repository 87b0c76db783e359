gleaner_integration_test(integration_lan
    SOURCES lan_test.cpp
    DEPS gleaner_coordinator_gateway gleaner_client_transfer)
