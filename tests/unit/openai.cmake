gleaner_unit_test(unit_openai
    SOURCES
        coordinator/openai/api_error_test.cpp
        coordinator/openai/batch_line_test.cpp
        coordinator/openai/engine_reply_test.cpp
        coordinator/openai/receipt_test.cpp
        coordinator/openai/request_test.cpp
        coordinator/openai/stream_relay_test.cpp
    DEPS gleaner_openai Boost::json)
