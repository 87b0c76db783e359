gleaner_unit_test(unit_admin
    SOURCES
        coordinator/api/admin/catalogue_test.cpp
        coordinator/api/admin/civil_time_test.cpp
        coordinator/api/admin/invoice_test.cpp
        coordinator/api/admin/metering_test.cpp
        coordinator/api/admin/people_test.cpp
        coordinator/api/admin/revenue_test.cpp
        coordinator/api/admin/site_test.cpp
        coordinator/api/admin/statement_test.cpp
    DEPS gleaner_admin)
