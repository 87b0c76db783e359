gleaner_unit_test(unit_admin
    SOURCES coordinator/api/admin/audit_test.cpp coordinator/api/admin/catalogue_test.cpp coordinator/api/admin/civil_time_test.cpp
            coordinator/api/admin/close_test.cpp
            coordinator/api/admin/people_test.cpp coordinator/api/admin/site_test.cpp
    DEPS gleaner_admin)
