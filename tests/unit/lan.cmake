gleaner_unit_test(unit_site_downloads
    SOURCES coordinator/core/site_downloads/site_downloads_test.cpp
    DEPS gleaner_core)

gleaner_unit_test(unit_traffic
    SOURCES client-core/cache/traffic_meter_test.cpp
    DEPS gleaner_client_cache)

gleaner_unit_test(unit_lan
    SOURCES shared/proto/lan_check_test.cpp
    DEPS gleaner_client_transfer)
