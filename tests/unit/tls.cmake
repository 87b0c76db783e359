gleaner_unit_test(unit_tls
    SOURCES
        shared/tls/authority_test.cpp
        shared/tls/contexts_test.cpp
        shared/tls/key_pair_test.cpp
        shared/tls/tls_stream_test.cpp
    DEPS gleaner_tls)
