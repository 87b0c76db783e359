gleaner_unit_test(unit_documents
    SOURCES
        coordinator/documents/amount_text_test.cpp
        coordinator/documents/invoice_paper_test.cpp
        coordinator/documents/paper_test.cpp
        coordinator/documents/statement_paper_test.cpp
    DEPS gleaner_documents)
