gleaner_unit_test(unit_gateway
    SOURCES
        coordinator/gateway/artefact_download_test.cpp
        coordinator/gateway/named_devices_test.cpp
        coordinator/gateway/subprotocol_test.cpp
        coordinator/gateway/wrong_tokens_test.cpp
    DEPS gleaner_coordinator_gateway)
