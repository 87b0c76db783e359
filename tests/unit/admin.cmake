gleaner_unit_test(unit_admin
    SOURCES
        coordinator/api/admin/audit_test.cpp
        coordinator/api/admin/catalogue_test.cpp
        coordinator/api/admin/close_test.cpp
        coordinator/api/admin/customer_contract_test.cpp
        coordinator/api/admin/invoice_test.cpp
        coordinator/api/admin/metering_test.cpp
        coordinator/api/admin/payout_test.cpp
        coordinator/api/admin/people_test.cpp
        coordinator/api/admin/prices_test.cpp
        coordinator/api/admin/revenue_test.cpp
        coordinator/api/admin/site_test.cpp
        coordinator/api/admin/statement_test.cpp
        coordinator/api/admin/tenants_test.cpp
    DEPS gleaner_admin)
