gleaner_integration_test(integration_cli_admin
    SOURCES cli_admin_test.cpp cli_books_test.cpp
    DEPS gleaner_admin gleaner_cli CLI11::CLI11)
